//! Links that make units start: those of `.wants`, `.requires` and `.upholds` folders, and other names of units.

use crate::folders::{self, Tier};
use crate::listing::{Listing, RELATIONS};
use assay_sdk::{Entry, FieldKind, FileType, GapReason, Kind, Result, Scan};
use std::path::Path;

/// Ten times what the largest systems have.
const MAX_LINKS: usize = 20_000;

/// Declares the fields of a kind of links.
pub(crate) fn declare(kind: Kind) -> Kind {
    kind.compared(
        "link_target",
        FieldKind::Text,
        "where it leads; systemd goes by the link's own name",
    )
    .compared("outside", FieldKind::Bool, "whether that is no folder of units")
    .shown("relation", FieldKind::Text, "wants, requires, upholds or alias")
}

/// Lists the links of a tier.
pub(crate) fn collect(scan: &mut Scan<'_>, tier: &Tier, listing: &Listing) -> Result<()> {
    for link in &listing.alias_links {
        let entry = describe(scan, tier, link, FileType::Symlink, "alias");
        scan.entry(entry)?;
    }
    let mut count = 0;
    for folder in &listing.link_folders {
        let suffix = folder.extension().unwrap_or_default();
        let relation = RELATIONS.iter().find(|relation| suffix == **relation);
        for listed in scan.list(folder) {
            count += 1;
            if count > MAX_LINKS {
                return scan.gap(folder, GapReason::TooBig, "more links than can be looked at");
            }
            let link = folder.join(&listed.name);
            let entry = describe(scan, tier, &link, listed.file_type, relation.unwrap_or(&"wants"));
            scan.entry(entry)?;
        }
    }
    Ok(())
}

fn describe(scan: &Scan<'_>, tier: &Tier, link: &Path, file_type: FileType, relation: &str) -> Entry {
    let kind = if tier.run_time {
        "systemd_runtime_link"
    } else {
        "systemd_enable_link"
    };
    let entry = Entry::new(kind, link, link).field("relation", relation);
    if file_type != FileType::Symlink {
        return entry.unparsable("is no link, and systemd passes over it");
    }
    let Some(target) = folders::link_target(scan, link) else {
        return entry.unparsable("cannot be read as a link");
    };
    let outside =
        target.parent().is_none_or(|folder| !tier.holds(scan, folder)) && target != Path::new("/dev/null");
    let entry = entry.field("link_target", target.as_path());
    if outside {
        entry.field("outside", true)
    } else {
        entry
    }
}
