//! The folders of desktop entries.

use crate::parse::{self, DesktopEntry};
use assay_sdk::{Entry, FileType, Result, Scan, Text, Value};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/{etc,usr/local/etc}/xdg/autostart/*.desktop",
    "/usr/share/{autostart,gnome/autostart,kde4/autostart}/*.desktop",
    "~/{.config,.local/share}/autostart/*.desktop",
    "~/.kde{,4}/{Autostart,share/autostart}/*.desktop",
    "/usr/share/gdm/{greeter/autostart,autostart/LoginWindow}/*.desktop",
    "/usr/{,local/}share/{xsessions,wayland-sessions}/*.desktop",
    "/usr/{,local/}share/applications/**/*.desktop",
    "/var/lib/{flatpak/exports/share,snapd/desktop}/applications/*.desktop",
    "~/.local/share/applications/**/*.desktop",
    "~/Desktop/*.desktop",
];

/// Folders of one kind, those of the system first: what lies in a home stands in front of them.
struct Place {
    kind: &'static str,
    system: &'static [&'static str],
    home: &'static [&'static str],
}

const PLACES: &[Place] = &[
    Place {
        kind: "autostart_entry",
        system: &[
            "/etc/xdg/autostart",
            "/usr/local/etc/xdg/autostart",
            "/usr/share/autostart",
            "/usr/share/gnome/autostart",
            "/usr/share/kde4/autostart",
        ],
        home: &[
            ".config/autostart",
            ".local/share/autostart",
            ".kde/Autostart",
            ".kde4/Autostart",
            ".kde/share/autostart",
            ".kde4/share/autostart",
        ],
    },
    Place {
        kind: "login_screen_entry",
        system: &[
            "/usr/share/gdm/greeter/autostart",
            "/usr/share/gdm/autostart/LoginWindow",
        ],
        home: &[],
    },
    Place {
        kind: "desktop_session",
        system: &[
            "/usr/share/xsessions",
            "/usr/share/wayland-sessions",
            "/usr/local/share/xsessions",
            "/usr/local/share/wayland-sessions",
        ],
        home: &[],
    },
    Place {
        kind: "application_launcher",
        system: &[
            "/usr/share/applications",
            "/usr/local/share/applications",
            "/var/lib/flatpak/exports/share/applications",
            "/var/lib/snapd/desktop/applications",
        ],
        home: &[".local/share/applications", "Desktop"],
    },
];

const ENTRY_LIMIT: u64 = 1 << 20;
/// Menus have folders one level down; nobody has more.
const MAX_DEPTH: usize = 2;
const MAX_FOLDERS: usize = 1_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let homes = scan.homes();
    for place in PLACES {
        let mut seen = HashSet::new();
        let mut of_system: HashMap<OsString, PathBuf> = HashMap::new();
        for folder in place.system {
            for (path, is_link) in files(scan, Path::new(folder), &mut seen) {
                list(scan, place.kind, &path, is_link, None)?;
                if let Some(name) = path.file_name() {
                    of_system.entry(name.to_owned()).or_insert(path);
                }
            }
        }
        for home in &homes {
            for folder in place.home {
                for (path, is_link) in files(scan, &home.path.join(folder), &mut seen) {
                    let shadowed = path.file_name().and_then(|name| of_system.get(name));
                    list(scan, place.kind, &path, is_link, shadowed)?;
                }
            }
        }
    }
    Ok(())
}

/// The desktop entries of a folder and of those in it, with whether each is a link; each folder once, whatever leads to it.
fn files(scan: &mut Scan<'_>, folder: &Path, seen: &mut HashSet<PathBuf>) -> Vec<(PathBuf, bool)> {
    let mut found = Vec::new();
    let mut todo = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        let real = scan.root().canonical(&folder);
        let Some(real) = scan.or_gap(real) else { continue };
        if seen.len() >= MAX_FOLDERS || !seen.insert(real) {
            continue;
        }
        for listed in scan.list(&folder) {
            let path = folder.join(&listed.name);
            if listed.file_type == FileType::Directory {
                if depth < MAX_DEPTH {
                    todo.push((path, depth + 1));
                }
            } else if path.extension().is_some_and(|extension| extension == "desktop") {
                found.push((path, listed.file_type == FileType::Symlink));
            }
        }
    }
    found.sort();
    found
}

fn list(
    scan: &mut Scan<'_>,
    kind: &str,
    path: &Path,
    is_link: bool,
    shadowed: Option<&PathBuf>,
) -> Result<()> {
    let content = match scan.content(path, ENTRY_LIMIT) {
        None => return Ok(()),
        Some(content) => content,
    };
    let target = is_link.then(|| scan.root().read_link(path));
    let target = target.and_then(|target| scan.or_gap(target));
    let entry = Entry::new(kind, path, path)
        .maybe("link_target", target.as_deref())
        .maybe("shadows", shadowed.map(PathBuf::as_path));
    match content.and_then(|text| parse::desktop_entry(&text)) {
        Ok(found) => {
            let programs = programs(scan, &found);
            scan.entry(described(entry, kind, found).programs(programs))
        }
        Err(why) => scan.entry(entry.unparsable(why)),
    }
}

/// What its commands run. An entry that the bus starts has a command too, for desktops that know no bus.
fn programs(scan: &mut Scan<'_>, found: &DesktopEntry) -> Vec<Text> {
    let mut programs: Vec<Text> = Vec::new();
    for command in found
        .exec
        .iter()
        .chain(found.actions.iter().map(|(_, command)| command))
    {
        let argv = parse::arguments(command);
        let finder = match &found.working_folder {
            Some(folder) => scan.programs().folder(folder.as_path()),
            None => scan.programs(),
        };
        for program in finder.argv(&argv) {
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
    }
    programs
}

fn described(entry: Entry, kind: &str, found: DesktopEntry) -> Entry {
    let entry = entry
        .maybe("exec", found.exec)
        .maybe("try_exec", found.try_exec)
        .maybe("working_folder", found.working_folder)
        .maybe("hidden", found.hidden.then_some(true))
        .maybe("enabled", found.enabled)
        .maybe("only_in", list_of(found.only_in))
        .maybe("not_in", list_of(found.not_in))
        .maybe("condition", found.condition)
        .maybe("by_bus", found.by_bus.then_some(true))
        .maybe("name", found.name);
    if kind != "application_launcher" {
        return entry;
    }
    let actions = found.actions.into_iter();
    let actions = actions.map(|(name, command)| [name.as_bytes(), b": ", command.as_bytes()].concat());
    entry
        .maybe("mime_types", list_of(found.mime_types))
        .maybe("actions", list_of(actions.map(Text::from).collect()))
        .maybe("url", found.url)
}

/// A list whose order says nothing; none when it is empty.
fn list_of(mut items: Vec<Text>) -> Option<Value> {
    items.sort();
    items.dedup();
    (!items.is_empty()).then(|| items.into_iter().collect())
}
