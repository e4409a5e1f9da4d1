//! Units: which file wins for a name, and what it says in the end.

use crate::dropins::{self, Merged};
use crate::files::{self, Content, LIMIT};
use crate::folders::Tier;
use crate::links;
use crate::listing::{Found, Listing};
use crate::runs;
use assay_sdk::{Entry, GapReason, Result, Scan, Text, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// More than any system has in unit files; it bounds what one account can make a scan do.
const MAX_TIER_BYTES: usize = 8 << 20;

/// What is known of a tier once it has been listed.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// For each name the file that wins, and the rank of its folder.
    winners: BTreeMap<Vec<u8>, (usize, PathBuf)>,
    /// Files that units take variables from, each with the unit's file and the folders of its drop-ins.
    pub environment_files: BTreeSet<(PathBuf, Vec<PathBuf>)>,
}

/// Lists every unit, drop-in folder and enable link of a tier. `below` is the tier that it may shadow.
pub(crate) fn collect(scan: &mut Scan<'_>, tier: &Tier, below: &Known) -> Result<Known> {
    let mut listing = Listing::of(scan, tier)?;
    links::collect(scan, tier, &listing)?;
    let mut known = Known::default();
    let mut entries = Vec::new();
    let mut starts = HashMap::new();
    let mut holds_for: HashMap<Vec<u8>, Vec<Text>> = HashMap::new();
    let mut bytes = 0;
    for (name, found) in std::mem::take(&mut listing.units) {
        let folders = listing.take_drop_ins(&name);
        let [winner, weaker @ ..] = found.as_slice() else {
            continue;
        };
        let place = (winner.rank, winner.path.clone());
        known.winners.insert(name.clone(), place);
        if bytes > MAX_TIER_BYTES {
            continue;
        }
        let mut entry = Entry::new(kind(tier, &name), tier.key(&name), &winner.path);
        entry = with_shadows(entry, winner, weaker, below.winners.get(&name));
        let Some((entry, merged)) = describe(scan, tier, &name, winner, &folders, entry)? else {
            continue;
        };
        bytes += merged.bytes;
        for folder in listing.shared_drop_ins(&name) {
            let units = holds_for.entry(folder.to_vec()).or_default();
            units.push(name.as_slice().into());
        }
        let by: Vec<PathBuf> = [&winner.path].into_iter().chain(&folders).cloned().collect();
        let files = runs::environment_files(tier, &name, &merged.settings).into_iter();
        known
            .environment_files
            .extend(files.map(|file| (file, by.clone())));
        if name.ends_with(b".service") {
            starts.insert(name, merged.settings.items("exec_start").collect::<Value>());
        }
        entries.push(entry);
    }
    for entry in entries {
        scan.entry(with_runs(entry, &starts))?;
    }
    for (name, folders) in &listing.drop_ins {
        if bytes <= MAX_TIER_BYTES {
            let units = holds_for.remove(name).unwrap_or_default();
            bytes += dropins::collect_shared(scan, tier, name, folders, &units)?;
        }
    }
    if bytes > MAX_TIER_BYTES {
        for folder in &tier.folders {
            let text = "more unit files than can be looked at";
            scan.gap(&folder.path, GapReason::TooBig, text)?;
        }
    }
    Ok(known)
}

fn kind(tier: &Tier, name: &[u8]) -> &'static str {
    match tier.run_time {
        true => "systemd_runtime_unit",
        false if name.ends_with(b".timer") => "systemd_timer",
        false => "systemd_unit",
    }
}

/// Shows with a timer, path or socket what the service that it triggers runs. It is compared with the service alone:
/// one change, one alert.
fn with_runs(entry: Entry, starts: &HashMap<Vec<u8>, Value>) -> Entry {
    let Some(Value::Text(triggered)) = entry.fields.get("triggers") else {
        return entry;
    };
    let service = triggered.as_bytes();
    let of_template = || starts.get(&runs::template_of(service)?);
    let runs = starts.get(service).or_else(of_template).cloned();
    entry.maybe("runs", runs)
}

/// Names the files that would count if the winner were not there.
fn with_shadows(entry: Entry, winner: &Found, weaker: &[Found], below: Option<&(usize, PathBuf)>) -> Entry {
    let outranked = below
        .filter(|(rank, _)| *rank > winner.rank)
        .map(|(_, path)| path);
    let shadowed = weaker.iter().map(|found| &found.path).chain(outranked);
    let shadowed: Vec<&Path> = shadowed.map(PathBuf::as_path).collect();
    if shadowed.is_empty() {
        return entry;
    }
    entry.field("shadows", shadowed.into_iter().collect::<Value>())
}

/// What the winning file and the drop-ins of a unit say together; `None` when that cannot be known.
fn describe(
    scan: &mut Scan<'_>,
    tier: &Tier,
    name: &[u8],
    winner: &Found,
    folders: &[PathBuf],
    entry: Entry,
) -> Result<Option<(Entry, Merged)>> {
    let mut entry = files::with_target(scan, entry, &winner.path, winner.file_type);
    let mut merged = Merged::default();
    match files::read(scan, &winner.path, winner.file_type) {
        Content::Text(text) => {
            merged.bytes = text.len();
            if let Err(why) = merged.settings.merge(&text) {
                entry = entry.unparsable(why.to_string());
            }
        }
        Content::Null => {
            // Drop-ins of a masked unit are applied to nothing; that they are there is told all the same.
            merged.add_drop_ins(scan, tier, folders)?;
            merged.settings = Default::default();
            return Ok(Some((merged.fill(entry).field("masked", true), merged)));
        }
        Content::Unreadable(why) => return Ok(Some((entry.unparsable(why), merged))),
        Content::Unknown => return Ok(None),
    }
    merged.add_drop_ins(scan, tier, folders)?;
    if merged.is_too_big() {
        let entry = entry.unparsable(format!("with its drop-ins larger than {LIMIT} bytes"));
        return Ok(Some((entry, merged)));
    }
    entry = entry.maybe("triggers", runs::default_trigger(name, &merged.settings));
    entry = merged.fill(entry);
    // What a generator wrote runs files that are watched as what they are: scripts in /etc/init.d, say.
    if !winner.generated {
        entry = entry.programs(runs::programs(scan, tier, name, &merged.settings));
    }
    Ok(Some((entry, merged)))
}
