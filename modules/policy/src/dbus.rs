//! D-Bus: services that a bus starts, and what the buses allow.

use crate::parse::busconfig;
use assay_sdk::{Entry, Result, Scan, Text, Value, ini, split_words};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/etc,/run,/usr/local/share,/usr/share,/usr/local/lib,/usr/lib,/lib}/dbus-1/{system-services,services}/*.service",
    "~/.local/share/dbus-1/services/*.service",
    "{/etc,/usr/share}/dbus-1/{system,session}{.d/*.conf,.conf,-local.conf}",
];

const PLACES: [&str; 7] = [
    "/etc",
    "/run",
    "/usr/local/share",
    "/usr/share",
    "/usr/local/lib",
    "/usr/lib",
    "/lib",
];
const BUSES: [&str; 2] = ["system", "session"];
const SECTION: &str = "D-BUS Service";
const LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    services(scan)?;
    for place in ["/etc", "/usr/share"].map(Path::new) {
        for bus in BUSES {
            let folder = place.join("dbus-1");
            let mut paths: Vec<PathBuf> = [format!("{bus}.conf"), format!("{bus}-local.conf")]
                .map(|name| folder.join(name))
                .into();
            paths.extend(scan.files(&folder.join(format!("{bus}.d")), |name| name.ends_with(b".conf")));
            for path in paths {
                policy(scan, &path)?;
            }
        }
    }
    Ok(())
}

fn services(scan: &mut Scan<'_>) -> Result<()> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for place in PLACES.map(Path::new) {
        folders.extend(["dbus-1/system-services", "dbus-1/services"].map(|folder| place.join(folder)));
    }
    let homes = scan.homes().into_iter();
    folders.extend(homes.map(|home| home.path.join(".local/share/dbus-1/services")));
    let mut real = HashSet::new();
    for folder in folders {
        let canonical = scan.root().canonical(&folder);
        let Some(folder) = scan
            .or_gap(canonical)
            .filter(|folder| real.insert(folder.clone()))
        else {
            continue;
        };
        for path in scan.files(&folder, |name| name.ends_with(b".service")) {
            service(scan, &path)?;
        }
    }
    Ok(())
}

fn service(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let entry = Entry::new("dbus_service", path, path);
    let said = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => ini::parse(&text),
        Some(Err(why)) => return scan.entry(entry.unparsable(why)),
    };
    let last = |key: &str| said.last(SECTION, key).filter(|value| !value.is_empty()).cloned();
    let Some(name) = last("Name") else {
        return scan.entry(entry.unparsable("names no bus name"));
    };
    let command = last("Exec");
    let argv: Vec<Text> = command
        .iter()
        .flat_map(|line| split_words(line.as_bytes()))
        .map(|word| word.text)
        .collect();
    let programs = scan.programs().argv(&argv);
    let entry = entry
        .field("bus_name", name)
        .maybe("command", command)
        .maybe("user", last("User"))
        .maybe("unit", last("SystemdService"));
    scan.entry(entry.programs(programs))
}

fn policy(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(content) = scan.content(path, LIMIT) else {
        return Ok(());
    };
    let config = match content.and_then(|bytes| busconfig::read(&bytes)) {
        Ok(config) => config,
        Err(why) => return scan.entry(Entry::new("dbus_policy", path, path).unparsable(why)),
    };
    for (about, rules) in config {
        let key = crate::key(path, &about);
        let mut programs = Vec::new();
        // What starts the services of the system bus, as root.
        if about == "servicehelper" {
            let argv: Vec<Text> = rules.iter().map(|rule| rule.as_str().into()).collect();
            programs = scan.programs().argv(&argv);
        }
        let entry = Entry::new("dbus_policy", key, path);
        let rules = (!rules.is_empty()).then(|| rules.into_iter().collect::<Value>());
        scan.entry(entry.maybe("rules", rules).programs(programs))?;
    }
    Ok(())
}
