//! Linux: the variables of UEFI that say what the firmware starts.

use crate::parse;
use assay_sdk::{Entry, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/sys/firmware/efi/efivars/*"];

const VARIABLES: &str = "/sys/firmware/efi/efivars";
const LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let wanted = |name: &[u8]| parse::variable(name).is_some();
    for path in scan.files(Path::new(VARIABLES), wanted) {
        let Some(name) = path.file_name().and_then(|name| parse::variable(name.as_bytes())) else {
            continue;
        };
        if let Some(bytes) = scan.read(&path, LIMIT) {
            // The first four say how the variable is kept.
            variable(scan, &path, name, bytes.get(4..).unwrap_or_default())?;
        }
    }
    Ok(())
}

fn variable(scan: &mut Scan<'_>, path: &Path, name: &[u8], data: &[u8]) -> Result<()> {
    let entry = match name {
        b"BootOrder" => Entry::new("firmware_setting", name, path).field("value", parse::boot_order(data)),
        b"SecureBoot" | b"SetupMode" | b"MokSBState" | b"MokSBStateRT" => {
            let value = data.first().map(ToString::to_string).unwrap_or_default();
            Entry::new("firmware_setting", name, path).field("value", value)
        }
        [b'B', ..] => {
            let entry = Entry::new("firmware_entry", name, path);
            match parse::load_option(data) {
                Some(option) => entry
                    .field("title", option.title)
                    .field("active", option.active)
                    .maybe("file", option.file),
                None => entry.unparsable("no load option"),
            }
        }
        _ => Entry::new("firmware_keys", name, path).field("checksum", parse::checksum(data)),
    };
    scan.entry(entry)
}
