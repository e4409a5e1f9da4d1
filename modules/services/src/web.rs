//! Apache and nginx: what they load, run and pass on.

use crate::parse::web::{self, Directive, Run};
use crate::{bounded, content, files, key};
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/apache2/**",
    "/etc/httpd/**",
    "/private/etc/apache2/**",
    "/etc/nginx/**",
    "/opt/homebrew/etc/{httpd,nginx}/**",
    "/usr/local/etc/{httpd,nginx}/**",
];

/// Where a family of systems keeps Apache: the folder, and below it what is read; Debian links what is enabled.
const APACHE: [(&str, &[&str]); 5] = [
    (
        "/etc/apache2",
        &[
            "apache2.conf",
            "httpd.conf",
            "ports.conf",
            "default-server.conf",
            "listen.conf",
            "loadmodule.conf",
            "conf.d/*.conf",
            "vhosts.d/*.conf",
            "conf-enabled/*.conf",
            "mods-enabled/*",
            "sites-enabled/*",
        ],
    ),
    (
        "/etc/httpd",
        &["conf/httpd.conf", "conf.d/*.conf", "conf.modules.d/*.conf"],
    ),
    (
        "/private/etc/apache2",
        &["httpd.conf", "extra/*.conf", "other/*.conf", "users/*.conf"],
    ),
    ("/opt/homebrew/etc/httpd", &["httpd.conf", "extra/*.conf"]),
    ("/usr/local/etc/httpd", &["httpd.conf", "extra/*.conf"]),
];
const NGINX_FILES: &[&str] = &[
    "nginx.conf",
    "conf.d/*.conf",
    "default.d/*.conf",
    "modules-enabled/*.conf",
    "sites-enabled/*",
    "servers/*",
    "snippets/*",
];
/// Where nginx is, and where it was built to look for modules.
const NGINX: [(&str, &str); 3] = [
    ("/etc/nginx", "/usr/share/nginx"),
    ("/opt/homebrew/etc/nginx", "/opt/homebrew/opt/nginx"),
    ("/usr/local/etc/nginx", "/usr/local/opt/nginx"),
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for (folder, places) in APACHE {
        let mut found = Vec::new();
        for path in below(scan, folder, places) {
            if let Some(text) = content(scan, "web_server_code", &path)? {
                found.push((path, web::apache(&text)));
            }
        }
        let root = server_root(&found).unwrap_or_else(|| folder.into());
        for (path, directives) in found {
            entries(scan, &path, &root, directives)?;
        }
    }
    for (folder, prefix) in NGINX {
        for path in below(scan, folder, NGINX_FILES) {
            if let Some(text) = content(scan, "web_server_code", &path)? {
                entries(scan, &path, Path::new(prefix), web::nginx(&text))?;
            }
        }
    }
    Ok(())
}

fn below(scan: &mut Scan<'_>, folder: &str, places: &[&str]) -> Vec<PathBuf> {
    if scan.stat(Path::new(folder)).is_none() {
        return Vec::new();
    }
    let places: Vec<String> = places.iter().map(|place| format!("{folder}/{place}")).collect();
    files(scan, &places.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What relative paths of Apache are relative to.
fn server_root(files: &[(PathBuf, Vec<Directive>)]) -> Option<PathBuf> {
    let mut directives = files.iter().flat_map(|(_, directives)| directives);
    let root = directives.find(|directive| directive.name == b"serverroot")?;
    let words = assay_sdk::split_words(&root.arguments);
    let root = words.first()?.text.as_path().to_owned();
    root.is_absolute().then_some(root)
}

fn entries(scan: &mut Scan<'_>, path: &Path, root: &Path, directives: Vec<Directive>) -> Result<()> {
    let mut keys = Keys::default();
    for directive in bounded(scan, "web_server_code", path, directives)? {
        let name = keys.unique(key(path, &directive.title()));
        let is_code = directive.is_code();
        let programs = match directive.runs() {
            Some(Run::Command(command)) if is_code => scan.programs().shell(&command),
            Some(Run::File(file)) if is_code => {
                let file = root.join(Text::from(file).as_path());
                scan.programs().argv(&[Text::from(file.as_path())])
            }
            _ => Vec::new(),
        };
        let kind = if is_code {
            "web_server_code"
        } else {
            "web_server_setting"
        };
        let section = (!directive.section.is_empty()).then_some(directive.section);
        scan.entry(
            Entry::new(kind, name, path)
                .maybe("section", section)
                .field("directive", directive.name)
                .field("arguments", directive.arguments)
                .programs(programs),
        )?;
    }
    Ok(())
}
