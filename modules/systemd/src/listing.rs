//! What the folders of a tier hold, by name: each folder is listed once.

use crate::folders::{self, Folder, Tier};
use assay_sdk::{FileType, GapReason, Listed, Result, Scan};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const UNIT_TYPES: &[&str] = &[
    "automount",
    "device",
    "mount",
    "path",
    "scope",
    "service",
    "slice",
    "socket",
    "swap",
    "target",
    "timer",
];
/// Folders of links: the unit whose name stands before them starts what is linked.
pub(crate) const RELATIONS: &[&str] = &["wants", "requires", "upholds"];
/// Ten times what the largest systems have; it bounds what one account can make a scan do.
const MAX_UNITS: usize = 20_000;
const MAX_ALIASES: usize = 8;

/// A file, or a link to one, that defines a unit.
#[derive(Debug)]
pub(crate) struct Found {
    pub path: PathBuf,
    pub file_type: FileType,
    pub rank: usize,
    pub generated: bool,
    /// The unit of another name that it leads to.
    alias_of: Option<Vec<u8>>,
}

/// What there is in a tier, before anything is read.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// By unit name, the strongest file first. It is never empty.
    pub units: BTreeMap<Vec<u8>, Vec<Found>>,
    /// Drop-in folders by name, such as `ssh.service.d`, the strongest first.
    pub drop_ins: BTreeMap<Vec<u8>, Vec<PathBuf>>,
    /// Folders such as `multi-user.target.wants`.
    pub link_folders: Vec<PathBuf>,
    /// Links that give a unit another name.
    pub alias_links: Vec<PathBuf>,
    /// By unit name, its other names.
    aliases: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl Listing {
    /// Lists every folder of a tier once.
    pub(crate) fn of(scan: &mut Scan<'_>, tier: &Tier) -> Result<Self> {
        let mut listing = Self::default();
        for folder in &tier.folders {
            for (count, listed) in scan.list(&folder.path).into_iter().enumerate() {
                if count == MAX_UNITS {
                    scan.gap(
                        &folder.path,
                        GapReason::TooBig,
                        "more files than can be looked at",
                    )?;
                    break;
                }
                listing.sort_in(scan, tier, folder, &listed);
            }
        }
        listing.set_aliases_apart();
        Ok(listing)
    }

    /// Takes out the drop-in folders of a unit: those of its own name, then those of its other names.
    pub(crate) fn take_drop_ins(&mut self, unit: &[u8]) -> Vec<PathBuf> {
        let aliases = self.aliases.remove(unit).unwrap_or_default();
        let names = [unit].into_iter().chain(aliases.iter().map(Vec::as_slice));
        let folders = names.filter_map(|name| self.drop_ins.remove([name, b".d"].concat().as_slice()));
        folders.flatten().collect()
    }

    /// The drop-in folders that hold for a unit among others: `service.d`, and for `a-b.service` also `a-.service.d`.
    pub(crate) fn shared_drop_ins(&self, unit: &[u8]) -> Vec<&[u8]> {
        if self.drop_ins.is_empty() {
            return Vec::new();
        }
        let dot = unit.iter().rposition(|b| *b == b'.').unwrap_or(0);
        let end = unit.iter().position(|b| *b == b'@').unwrap_or(dot);
        let dashes = (0..end).filter(|place| unit[*place] == b'-');
        let families = dashes.map(|dash| [&unit[..=dash], &unit[end..], b".d"].concat());
        let all = [[&unit[dot + 1..], b".d"].concat()].into_iter().chain(families);
        let there = all.filter_map(|name| self.drop_ins.get_key_value(&name));
        there.map(|(name, _)| name.as_slice()).collect()
    }

    fn sort_in(&mut self, scan: &Scan<'_>, tier: &Tier, folder: &Folder, listed: &Listed) {
        let name = listed.name.as_bytes();
        let path = folder.path.join(&listed.name);
        let Some((stem, last)) = split_suffix(name) else {
            return;
        };
        if UNIT_TYPES.contains(&last) {
            if comes_and_goes(tier, folder, name, last) {
                return;
            }
            let alias_of = (listed.file_type == FileType::Symlink)
                .then(|| alias_target(scan, tier, &path, name))
                .flatten();
            self.units.entry(name.to_vec()).or_default().push(Found {
                path,
                file_type: listed.file_type,
                rank: folder.rank,
                generated: folder.is_generated(),
                alias_of,
            });
        } else if matches!(listed.file_type, FileType::Directory | FileType::Symlink) {
            // `service.d` holds for every service.
            let unit_type = split_suffix(stem).map_or(std::str::from_utf8(stem).ok(), |(_, last)| Some(last));
            let Some(unit_type) = unit_type.filter(|last| UNIT_TYPES.contains(last)) else {
                return;
            };
            if last == "d" && !comes_and_goes(tier, folder, stem, unit_type) {
                self.drop_ins.entry(name.to_vec()).or_default().push(path);
            } else if RELATIONS.contains(&last) {
                self.link_folders.push(path);
            }
        }
    }

    /// Leaves in `units` what is a unit of its own. A link that gives a unit another name is none, unless the name
    /// is that of a weaker unit: then that unit runs something else from now on.
    fn set_aliases_apart(&mut self) {
        let mut alias_of = BTreeMap::new();
        self.units.retain(|name, found| {
            let overridden = found.iter().any(|found| found.alias_of.is_none());
            if let Some(target) = found.first().and_then(|winner| winner.alias_of.clone())
                && !overridden
            {
                alias_of.insert(name.clone(), target);
            }
            let mut wins = true;
            found.retain(|found| {
                let keep = found.alias_of.is_none() || (wins && overridden);
                wins = false;
                if !keep {
                    self.alias_links.push(found.path.clone());
                }
                keep
            });
            !found.is_empty()
        });
        for (alias, mut target) in &alias_of {
            for _ in 0..MAX_ALIASES {
                match alias_of.get(target) {
                    Some(next) => target = next,
                    None => break,
                }
            }
            self.aliases
                .entry(target.clone())
                .or_default()
                .push(alias.clone());
        }
    }
}

/// Units that are there only while somebody is logged in or a program is open: to report them would be to report
/// each login.
fn comes_and_goes(tier: &Tier, folder: &Folder, name: &[u8], unit_type: &str) -> bool {
    unit_type == "scope" && tier.run_time
        || folder.is_transient() && (unit_type == "slice" || tier.session && name.starts_with(b"app-"))
}

/// The unit that a link in a unit folder is another name of. One that leads out of the unit folders, or to the same
/// name, is a unit itself.
fn alias_target(scan: &Scan<'_>, tier: &Tier, link: &Path, name: &[u8]) -> Option<Vec<u8>> {
    let target = folders::link_target(scan, link)?;
    let other = target.file_name()?.as_bytes();
    let is_unit = split_suffix(other).is_some_and(|(_, last)| UNIT_TYPES.contains(&last));
    (is_unit && other != name && tier.holds(scan, target.parent()?)).then(|| other.to_vec())
}

/// Splits a name at its last dot.
fn split_suffix(name: &[u8]) -> Option<(&[u8], &str)> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    Some((&name[..dot], std::str::from_utf8(&name[dot + 1..]).ok()?))
}
