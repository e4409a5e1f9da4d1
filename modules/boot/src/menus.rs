//! What boot loaders offer to start.

use crate::effective::{self, key};
use crate::parse::menus::{self, Choice, Menu};
use assay_sdk::{Entry, Keys, Result, Scan, Text, Value};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/boot/{grub,grub2}/{grub,custom,user}.cfg",
    "/{boot,efi,boot/efi}/EFI/*/grub.cfg",
    "/{boot,efi,boot/efi}/loader/entries/*.conf",
    "/boot/{extlinux,syslinux}/*.{conf,cfg}",
];

/// Where the firmware's partition may be mounted, and `/boot` itself.
const PARTITIONS: [&str; 3] = ["/boot", "/efi", "/boot/efi"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut seen = HashSet::new();
    for path in grub_menus(scan) {
        if let Some(text) = once(scan, &mut seen, &path)? {
            menu(scan, &path, menus::grub(&text))?;
        }
    }
    for partition in PARTITIONS {
        let folder = Path::new(partition).join("loader/entries");
        for path in scan.files(&folder, |name| name.ends_with(b".conf")) {
            if let Some(text) = once(scan, &mut seen, &path)? {
                let choice = menus::specified(&text);
                let title = choice.title.clone();
                let entry = Entry::new("boot_entry", path.as_path(), &path);
                let entry = entry.maybe("title", (!title.is_empty()).then_some(title));
                scan_choice(scan, entry, choice)?;
            }
        }
    }
    for folder in ["/boot/extlinux", "/boot/syslinux"].map(Path::new) {
        let wanted = |name: &[u8]| name.ends_with(b".conf") || name.ends_with(b".cfg");
        for path in scan.files(folder, wanted) {
            if let Some(text) = once(scan, &mut seen, &path)? {
                menu(scan, &path, menus::extlinux(&text))?;
            }
        }
    }
    Ok(())
}

fn grub_menus(scan: &mut Scan<'_>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in ["/boot/grub", "/boot/grub2"].map(Path::new) {
        paths.extend(["grub.cfg", "custom.cfg", "user.cfg"].map(|name| folder.join(name)));
    }
    for partition in PARTITIONS {
        let vendors = Path::new(partition).join("EFI");
        for vendor in scan.list(&vendors) {
            paths.push(vendors.join(vendor.name).join("grub.cfg"));
        }
    }
    paths
}

/// What a file holds, the first time that any link leads to it.
fn once(scan: &mut Scan<'_>, seen: &mut HashSet<PathBuf>, path: &Path) -> Result<Option<Vec<u8>>> {
    let real = scan.root().canonical(path);
    if real.is_ok_and(|real| !seen.insert(real)) {
        return Ok(None);
    }
    effective::text(scan, "boot_entry", path)
}

fn menu(scan: &mut Scan<'_>, path: &Path, menu: Menu) -> Result<()> {
    let mut keys = Keys::default();
    for choice in menu.choices {
        let entry = Entry::new("boot_entry", keys.unique(key(&choice.title, path)), path);
        scan_choice(scan, entry, choice)?;
    }
    let mut keys = Keys::default();
    for line in menu.lines {
        let key = keys.unique(key(&line, path));
        scan.entry(Entry::new("boot_menu_line", key, path))?;
    }
    Ok(())
}

fn scan_choice(scan: &mut Scan<'_>, entry: Entry, choice: Choice) -> Result<()> {
    let mut programs = Vec::new();
    for program in choice.arguments.iter().filter_map(menus::first_program) {
        programs.extend(scan.programs().argv(&[program]));
    }
    let list = |texts: Vec<Text>| (!texts.is_empty()).then(|| texts.into_iter().collect::<Value>());
    let entry = entry
        .maybe("kernel", choice.kernel)
        .maybe("arguments", list(choice.arguments))
        .maybe("initrd", list(choice.initrd))
        .maybe("commands", list(choice.commands));
    scan.entry(entry.programs(programs))
}
