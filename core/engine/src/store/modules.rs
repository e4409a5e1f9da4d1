//! Modules, and files that were not loaded as modules.

use super::{ModuleRow, Result, Store, text};
use assay_model::Text;
use rusqlite::params;
use std::collections::BTreeMap;

impl Store {
    /// Every module that was ever seen and is not forgotten, by name.
    ///
    /// # Errors
    /// SQLite's.
    pub fn modules(&self) -> Result<BTreeMap<String, ModuleRow>> {
        let mut query = self.database.prepare(
            "SELECT name, path, sha256, manifest, output, failure, sandbox, announced, missing, stamp, request, inputs,
                 contents FROM modules",
        )?;
        let mut rows = query.query([])?;
        let mut modules = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let manifest: Option<String> = row.get(3)?;
            let module = ModuleRow {
                name: row.get(0)?,
                path: text(row, 1)?,
                sha256: row.get(2)?,
                manifest: manifest.map(|json| serde_json::from_str(&json)).transpose()?,
                output: row.get(4)?,
                failure: row.get(5)?,
                sandbox: row.get(6)?,
                announced: row.get(7)?,
                missing: row.get(8)?,
                stamp: serde_json::from_str(row.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?)?,
                request: row.get(10)?,
                inputs: row.get(11)?,
                contents: row.get(12)?,
            };
            modules.insert(module.name.clone(), module);
        }
        Ok(modules)
    }

    /// Stores a module.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_module(&mut self, module: &ModuleRow) -> Result<()> {
        let manifest = module.manifest.as_ref().map(serde_json::to_string).transpose()?;
        self.database.execute(
            "INSERT OR REPLACE INTO modules (name, path, sha256, manifest, output, failure, sandbox, announced, missing,
                 stamp, request, inputs, contents) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                module.name, module.path.as_bytes(), module.sha256, manifest, module.output, module.failure,
                module.sandbox, module.announced, module.missing, serde_json::to_string(&module.stamp)?,
                module.request, module.inputs, module.contents
            ],
        )?;
        Ok(())
    }

    /// Module files that were refused, with the reason.
    ///
    /// # Errors
    /// SQLite's.
    pub fn refused(&self) -> Result<BTreeMap<Text, String>> {
        let mut query = self.database.prepare("SELECT path, reason FROM refused")?;
        let rows = query.query_map([], |row| Ok((text(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Stores the whole list of refused files.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_refused(&mut self, refused: &BTreeMap<Text, String>) -> Result<()> {
        self.database.execute("DELETE FROM refused", [])?;
        for (path, reason) in refused {
            self.database.execute(
                "INSERT INTO refused VALUES (?1, ?2)",
                params![path.as_bytes(), reason],
            )?;
        }
        Ok(())
    }
}
