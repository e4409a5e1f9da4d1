//! Mail: what becomes of it, and what of that runs a program.

use crate::parse::mail::{self, Delivery};
use crate::{bounded, content, files, key, list};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/{,private/}etc/aliases",
    "/{,private/}etc/postfix/{aliases,master.cf}",
    "/etc/mail/aliases",
    "/etc/procmailrc",
    "/etc/procmailrcs/*",
    "/var/qmail/alias/.qmail*",
];

const ALIASES: &[&str] = &[
    "/etc/aliases",
    "/etc/mail/aliases",
    "/etc/postfix/aliases",
    "/private/etc/aliases",
    "/private/etc/postfix/aliases",
];
const MASTER: &[&str] = &["/etc/postfix/master.cf", "/private/etc/postfix/master.cf"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    // On a Mac /etc is a link to private/etc: each file once.
    let is_mac = scan.os() == assay_sdk::Os::Macos;
    let of_this_system = |place: &&str| place.starts_with("/private/") == is_mac;
    let chosen = |places: &[&'static str]| places.iter().copied().filter(of_this_system).collect::<Vec<_>>();
    for path in files(scan, &chosen(ALIASES)) {
        deliveries(scan, &path, mail::aliases)?;
    }
    for path in files(scan, &chosen(MASTER)) {
        services(scan, &path)?;
    }
    let mut recipes = files(scan, &chosen(&["/etc/procmailrc", "/etc/procmailrcs/*"]));
    let mut forwards = scan.files(Path::new("/var/qmail/alias"), |name| name.starts_with(b".qmail"));
    for home in scan.homes() {
        recipes.push(home.path.join(".procmailrc"));
        forwards.extend(own_forwards(scan, &home.path));
    }
    for path in recipes {
        deliveries(scan, &path, mail::procmail)?;
    }
    for path in forwards {
        deliveries(scan, &path, mail::forward)?;
    }
    Ok(())
}

/// `.forward+news` is for mail to `ana+news`.
fn own_forwards(scan: &mut Scan<'_>, home: &Path) -> Vec<PathBuf> {
    scan.files(home, |name| {
        name.starts_with(b".forward") || name.starts_with(b".qmail")
    })
}

fn deliveries(scan: &mut Scan<'_>, path: &Path, read: fn(&[u8]) -> Vec<Delivery>) -> Result<()> {
    let Some(text) = content(scan, "mail_delivery", path)? else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for delivery in bounded(scan, "mail_delivery", path, read(&text))? {
        let name = [&delivery.recipient[..], &delivery.action];
        let name: Vec<&[u8]> = name.into_iter().filter(|part| !part.is_empty()).collect();
        let name = keys.unique(key(path, &name.join(&b": "[..])));
        let programs = match delivery.command() {
            Some(command) => scan.programs().shell(command),
            None => Vec::new(),
        };
        let recipient = (!delivery.recipient.is_empty()).then_some(delivery.recipient);
        scan.entry(
            Entry::new("mail_delivery", name, path)
                .maybe("recipient", recipient)
                .field("action", delivery.action)
                .programs(programs),
        )?;
    }
    Ok(())
}

fn services(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(text) = content(scan, "mail_service", path)? else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for service in bounded(scan, "mail_service", path, mail::services(&text))? {
        let programs = match service.argv() {
            Some(argv) => scan.programs().shell(argv),
            None => Vec::new(),
        };
        let entry = Entry::new("mail_service", keys.unique(key(path, &service.name)), path)
            .maybe("flags", list(service.flags))
            .field("command", service.command)
            .field("arguments", service.arguments)
            .programs(programs);
        scan.entry(entry)?;
    }
    Ok(())
}
