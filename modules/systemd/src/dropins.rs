//! Drop-ins: settings merged into a unit after its own file; see systemd.unit(5).

use crate::files::{self, Content, LIMIT};
use crate::folders::Tier;
use crate::runs;
use crate::settings::Settings;
use assay_sdk::{Entry, Result, Scan, Text, Value};
use std::path::PathBuf;

/// How many units a person wants to read of.
const MAX_SHOWN: usize = 20;

/// A unit's settings while its files are merged.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub settings: Settings,
    /// The drop-ins that count, in the order in which they are applied.
    pub drop_ins: Vec<PathBuf>,
    /// How many bytes the files and their names take up.
    pub bytes: usize,
}

impl Merged {
    /// Merges the drop-ins in `folders`, the strongest first. One that cannot be understood is an entry of its own.
    pub(crate) fn add_drop_ins(
        &mut self,
        scan: &mut Scan<'_>,
        tier: &Tier,
        folders: &[PathBuf],
    ) -> Result<()> {
        if folders.is_empty() {
            return Ok(());
        }
        for (path, file_type) in files::conf_files(scan, folders) {
            self.bytes += path.as_os_str().len();
            if self.is_too_big() {
                break;
            }
            let broken = match files::read(scan, &path, file_type) {
                Content::Null | Content::Unknown => continue,
                Content::Text(text) => {
                    self.bytes += text.len();
                    if self.is_too_big() {
                        break;
                    }
                    // Tried alone first, so that a broken one is told of once and not as a change of the unit too.
                    let mut alone = Self::default();
                    match alone.settings.merge(&text) {
                        Ok(()) => {
                            _ = self.settings.merge(&text);
                            self.drop_ins.push(path);
                            continue;
                        }
                        Err(why) => alone
                            .fill(Entry::new(kind(tier), path.as_path(), &path))
                            .unparsable(why.to_string()),
                    }
                }
                Content::Unreadable(why) => Entry::new(kind(tier), path.as_path(), &path).unparsable(why),
            };
            scan.entry(files::with_target(scan, broken, &path, file_type))?;
        }
        Ok(())
    }

    /// Whether there is more than a record has room for.
    pub(crate) fn is_too_big(&self) -> bool {
        self.bytes as u64 > LIMIT
    }

    /// The entry with every setting that was merged.
    pub(crate) fn fill(&self, mut entry: Entry) -> Entry {
        entry.fields.extend(
            self.settings
                .fields()
                .map(|(field, value)| (field.to_owned(), value)),
        );
        if !self.drop_ins.is_empty() {
            entry = entry.field(
                "drop_ins",
                self.drop_ins.iter().map(PathBuf::as_path).collect::<Value>(),
            );
        }
        entry.maybe("description", self.settings.description())
    }
}

/// Lists a drop-in folder that is no single unit's: `service.d` of every service, `foo-.service.d` of a family,
/// `foo@bar.service.d` of an instance, or one whose unit has no file in the tier. Merged into each unit that it
/// holds for, it would be one change and a hundred alerts.
///
/// It is told for which `units` they hold. The answer is how many bytes were read.
pub(crate) fn collect_shared(
    scan: &mut Scan<'_>,
    tier: &Tier,
    name: &[u8],
    folders: &[PathBuf],
    units: &[Text],
) -> Result<usize> {
    let mut merged = Merged::default();
    merged.add_drop_ins(scan, tier, folders)?;
    let Some(last) = merged.drop_ins.last() else {
        return Ok(merged.bytes);
    };
    let mut entry = Entry::new(kind(tier), tier.key(name), last);
    if merged.is_too_big() {
        entry = entry.unparsable(format!("larger than {LIMIT} bytes"));
    } else {
        let unit = name.strip_suffix(b".d").unwrap_or(name);
        let programs = runs::programs(scan, tier, unit, &merged.settings);
        entry = merged.fill(entry).programs(programs);
    }
    if !units.is_empty() {
        let more = units.len().saturating_sub(MAX_SHOWN);
        let more = (more > 0).then(|| Text::from(format!("and {more} more")));
        let shown = units.iter().take(MAX_SHOWN).cloned().chain(more);
        entry = entry.field("applies_to", shown.collect::<Value>());
    }
    scan.entry(entry)?;
    Ok(merged.bytes)
}

fn kind(tier: &Tier) -> &'static str {
    if tier.run_time {
        "systemd_runtime_unit"
    } else {
        "systemd_drop_in"
    }
}
