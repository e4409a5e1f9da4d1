//! Containers of Docker and Podman, and quadlets.

use crate::{content, list};
use assay_sdk::json::{self, Value as Json};
use assay_sdk::secrets::{hide, hide_in};
use assay_sdk::{Entry, FileType, Keys, Result, Scan, Text, Value, ini};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/var/lib/docker/containers/*/{config.v2,hostconfig}.json",
    "/var/lib/containers/storage/overlay-containers/containers.json",
    "/{etc,usr/share}/containers/systemd/**",
];

const DOCKER: &str = "/var/lib/docker/containers";
const PODMAN: &str = "containers/storage/overlay-containers/containers.json";
/// Folders in folders that quadlets may be in.
const MAX_DEPTH: usize = 4;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    docker(scan)?;
    let mut stores = vec![Path::new("/var/lib").join(PODMAN)];
    let mut folders: Vec<PathBuf> = ["/etc/containers/systemd", "/usr/share/containers/systemd"]
        .map(PathBuf::from)
        .into();
    for home in scan.homes() {
        stores.push(home.path.join(".local/share").join(PODMAN));
        folders.push(home.path.join(".config/containers/systemd"));
    }
    for store in stores {
        podman(scan, &store)?;
    }
    for folder in folders {
        quadlets(scan, &folder, MAX_DEPTH)?;
    }
    Ok(())
}

/// Of what Docker writes at each start only what it was told is taken.
fn docker(scan: &mut Scan<'_>) -> Result<()> {
    let mut keys = Keys::default();
    for folder in scan.list(Path::new(DOCKER)) {
        if folder.file_type != FileType::Directory {
            continue;
        }
        let folder = Path::new(DOCKER).join(folder.name);
        let path = folder.join("config.v2.json");
        let Some(config) = read(scan, &path)? else {
            continue;
        };
        let host = read(scan, &folder.join("hostconfig.json"))?.unwrap_or_default();
        let name = text(&config["Name"]).unwrap_or_else(|| Text::from(folder.as_path()));
        let name = [
            b"docker ",
            name.as_bytes().strip_prefix(b"/").unwrap_or(name.as_bytes()),
        ]
        .concat();
        let mut command: Vec<Text> = text(&config["Path"]).into_iter().collect();
        command.extend(texts(&config["Args"]));
        let sorted = |mut words: Vec<Text>| {
            words.sort();
            list(words)
        };
        let namespaces = ["PidMode", "IpcMode", "NetworkMode", "UTSMode", "UsernsMode"];
        let shared = namespaces.iter().filter_map(|mode| {
            let value = text(&host[*mode]).filter(|value| !value.as_bytes().is_empty())?;
            Some(Text::from([mode.as_bytes(), b"=", value.as_bytes()].concat()))
        });
        let mut binds = texts(&host["Binds"]);
        binds.extend(host["Mounts"].as_array().into_iter().flatten().filter_map(mount));
        let entry = Entry::new("container", keys.unique(name.into()), &path)
            .maybe("image", text(&config["Config"]["Image"]))
            .maybe("command", list(command))
            .maybe("restart", text(&host["RestartPolicy"]["Name"]))
            .maybe(
                "privileged",
                host["Privileged"].as_bool().filter(|privileged| *privileged),
            )
            .maybe("binds", sorted(binds))
            .maybe("namespaces", sorted(shared.collect()))
            .maybe("capabilities", sorted(texts(&host["CapAdd"])));
        scan.entry(entry)?;
    }
    Ok(())
}

fn mount(mount: &Json) -> Option<Text> {
    let part = |name: &str| text(&mount[name]);
    Some(
        [part("Source")?.as_bytes(), b":", part("Target")?.as_bytes()]
            .concat()
            .into(),
    )
}

fn podman(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(containers) = read(scan, path)? else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for container in containers.as_array().into_iter().flatten() {
        let name = texts(&container["names"])
            .into_iter()
            .next()
            .or_else(|| text(&container["id"]));
        let name = [b"podman ", name.unwrap_or_else(|| "unnamed".into()).as_bytes()].concat();
        let entry = Entry::new("container", keys.unique(name.into()), path);
        scan.entry(entry.maybe("image", text(&container["image"])))?;
    }
    Ok(())
}

fn read(scan: &mut Scan<'_>, path: &Path) -> Result<Option<Json>> {
    let Some(bytes) = content(scan, "container", path)? else {
        return Ok(None);
    };
    match json::parse(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(error) => crate::unparsable(scan, "container", path, &error.to_string()).map(|()| None),
    }
}

fn text(value: &Json) -> Option<Text> {
    value.as_str().map(|text| Text::from(&*hide_in(text.as_bytes())))
}

fn texts(value: &Json) -> Vec<Text> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// Endings of files that the generator takes for its own, and of drop-ins.
const ENDINGS: [&str; 8] = [
    "container",
    "pod",
    "kube",
    "volume",
    "network",
    "image",
    "build",
    "conf",
];

fn quadlets(scan: &mut Scan<'_>, folder: &Path, depth: usize) -> Result<()> {
    for listed in scan.list(folder) {
        let path = folder.join(&listed.name);
        let is_quadlet = path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
        if listed.file_type == FileType::Directory {
            if depth > 0 {
                quadlets(scan, &path, depth - 1)?;
            }
        } else if is_quadlet {
            quadlet(scan, &path)?;
        }
    }
    Ok(())
}

fn quadlet(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(own) = scan.own_program("quadlet", path) else {
        return Ok(());
    };
    let mut entry = own.entry;
    entry.programs.clear();
    if entry.unparsable.is_some() {
        return scan.entry(entry);
    }
    let Some(bytes) = content(scan, "quadlet", path)? else {
        return Ok(());
    };
    let ini = ini::parse(&bytes);
    let mut settings = Vec::new();
    for section in &ini.sections {
        for setting in &section.settings {
            let value = setting.value.as_ref().map_or(&b""[..], Text::as_bytes);
            if section.name == "Container" && (setting.key == "Image" || setting.key == "Exec") {
                continue;
            }
            let name = [section.name.as_bytes(), b".", setting.key.as_bytes(), b"="].concat();
            let value = hide(setting.key.as_bytes(), value);
            settings.push(Text::from([&name[..], &value].concat()));
        }
    }
    settings.sort();
    let of = |name: &str| {
        ini.last("Container", name)
            .map(|value| Value::from(&*hide_in(value.as_bytes())))
    };
    scan.entry(
        entry
            .maybe("image", of("Image"))
            .maybe("command", of("Exec"))
            .maybe("settings", list(settings)),
    )
}
