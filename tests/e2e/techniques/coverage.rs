//! The tables of `docs/coverage.md`.

use super::data::{Family, SYSTEMS, Technique, families};
use super::scenario::Stage;
use assay_tests::page::assert_table;
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn the_page_says_what_is_covered() {
    let modules = modules(&Stage::new().manifests());
    let families = families();
    for system in SYSTEMS {
        let of_system = families.iter().filter(|family| family.system == system);
        let techniques: Vec<_> = of_system
            .flat_map(Family::each)
            .map(|(_, technique)| technique)
            .collect();
        let page = |table: &str, rows: Vec<String>| {
            let rows: Vec<_> = rows.into_iter().map(Some).collect();
            assert_table("docs/coverage.md", table, &rows);
        };
        page(system.as_str(), table(&techniques, &modules));
        page(&format!("{} gaps", system.as_str()), gaps(&techniques));
    }
}

/// Which module lists a kind.
type Modules = BTreeMap<String, String>;

fn modules(manifests: &[Value]) -> Modules {
    let word = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let kinds = |manifest: &Value| manifest["kinds"].as_array().cloned().unwrap_or_default();
    let each = manifests.iter();
    each.flat_map(|manifest| {
        kinds(manifest)
            .into_iter()
            .map(|kind| (word(&kind), word(manifest)))
    })
    .collect()
}

fn table(techniques: &[&Technique], modules: &Modules) -> Vec<String> {
    let head = [
        "| technique | ATT&CK | where | how | module: kinds |",
        "|---|---|---|---|---|",
    ];
    let seen = techniques.iter().filter(|technique| !technique.kinds.is_empty());
    let rows = seen.map(|technique| {
        let by = seen_by(technique, modules);
        let watched = by.keys().all(|module| *module == "files");
        let by = by
            .iter()
            .map(|(module, kinds)| format!("{module}: {}", kinds.join(", ")));
        format!(
            "| `{}`: {} | {} | {} | {} | {} |",
            technique.id,
            technique.name,
            technique.attack.join(" "),
            technique.place,
            if watched { "watched" } else { "parsed" }.to_owned()
                + if technique.file { "" } else { ", untried" },
            by.collect::<Vec<_>>().join("; ")
        )
    });
    let rows = rows.map(|row| row.replace('*', "\\*").replace('~', "\\~"));
    head.into_iter().map(str::to_owned).chain(rows).collect()
}

/// The kinds that show a technique, by their module.
fn seen_by<'a>(technique: &'a Technique, modules: &'a Modules) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut by = BTreeMap::<_, Vec<_>>::new();
    for kind in &technique.kinds {
        let module = modules.get(kind).map_or("?", String::as_str);
        by.entry(module).or_default().push(kind.as_str());
    }
    by
}

/// What is not seen of each technique, or that nothing is.
fn gaps(techniques: &[&Technique]) -> Vec<String> {
    let noted = techniques.iter().filter_map(|technique| {
        let note = technique.note.as_ref()?;
        let all = if technique.kinds.is_empty() {
            ", of which nothing is seen"
        } else {
            ""
        };
        Some(format!("* `{}`, {}{all}: {note}", technique.id, technique.name))
    });
    noted.collect()
}
