//! Services of inetd and xinetd.

use crate::parse::inetd::{self, Service};
use crate::{MAX_FILE, content, key};
use assay_sdk::{Entry, Keys, Result, Scan, Text, Value};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/inetd.conf",
    "/etc/inetd.d/*",
    "/etc/openbsd-inetd/*",
    "/etc/xinetd.conf",
    "/etc/xinetd.d/*",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    of(
        scan,
        "/etc/inetd.conf",
        &["/etc/inetd.d", "/etc/openbsd-inetd"],
        inetd::lines,
    )?;
    of(scan, "/etc/xinetd.conf", &["/etc/xinetd.d"], inetd::blocks)
}

fn of(scan: &mut Scan<'_>, file: &str, folders: &[&str], read: fn(&[u8]) -> Vec<Service>) -> Result<()> {
    let mut paths = vec![PathBuf::from(file)];
    for folder in folders {
        paths.extend(scan.files(Path::new(folder), |_| true));
    }
    for path in paths {
        let Some(text) = content(scan, "inet_service", &path, MAX_FILE)? else {
            continue;
        };
        let mut keys = Keys::default();
        for service in read(&text) {
            let name = keys.unique(key(&path, service.name.as_bytes()));
            let entry = Entry::new("inet_service", name, &path).programs(programs(scan, &service));
            let other = (!service.other.is_empty()).then(|| service.other.into_iter().collect::<Value>());
            scan.entry(
                entry
                    .maybe("socket_type", service.socket_type)
                    .maybe("protocol", service.protocol)
                    .maybe("port", service.port)
                    .maybe("user", service.user)
                    .maybe("program", service.program)
                    .maybe("arguments", service.arguments)
                    .maybe("disabled", service.disabled.then_some(true))
                    .maybe("other", other),
            )?;
        }
    }
    Ok(())
}

/// The server, and what it runs in turn: tcpd runs its first argument.
fn programs(scan: &mut Scan<'_>, service: &Service) -> Vec<Text> {
    let Some(program) = service.program.as_ref().filter(|program| **program != "internal") else {
        return Vec::new();
    };
    let mut programs = scan.programs().argv(std::slice::from_ref(program));
    let is_wrapper = program.as_path().file_name().is_some_and(|name| name == "tcpd");
    let wrapped = service.arguments.as_ref().filter(|_| is_wrapper);
    if let Some(arguments) = wrapped {
        programs.extend(scan.programs().shell(arguments.as_bytes()));
    }
    programs
}
