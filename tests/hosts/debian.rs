//! A fresh Debian 12, and packages of its own that come and go.
//!
//! Needs root, `debootstrap`, and the mirror that this machine's apt takes. What debootstrap made is kept for the next
//! run: remove `hosts-debian12.tar` from the build's `scratch` folder to make it again.

mod places;
mod root;

use super::{Wrong, learn, status};
use assay_tests::short;
use root::Debian;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Small packages, which bring cron lines, units and their timers, init scripts, hooks of sleep, udev rules, PAM
/// services, D-Bus services and policies.
const PACKAGES: [&str; 3] = ["sysstat", "cups-daemon", "bluez"];

/// They are on the machine from the beginning.
const LEARNED: [&str; 2] = ["at", "network-manager"];

/// Packages of Debian leave the accounts that they made, and so these stay open until somebody has looked.
const KEPT: [&str; 4] = ["user_account", "account_password", "user_group", "group_password"];

#[test]
#[ignore = "needs the network, root, debootstrap and some minutes"]
fn packages_come_and_go_on_debian_12() {
    let debian = Debian::new();
    learn(&debian.scratch);
    let mut wrong = Wrong::default();
    for package in PACKAGES {
        comes_and_goes(&debian, package, &mut wrong);
    }
    let accepted = debian
        .scratch
        .assay(&["accept", "--all", "--reason", "accounts that are left"]);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    for package in LEARNED {
        let brought = debian.persistence(&[package.to_owned()].into());
        debian.apt(&["purge", package]);
        let told = debian.scratch.run();
        wrong.unless_empty(
            &format!("{package} was purged, not told as removed"),
            missing(&brought, &told, &["removed", "changed"]),
        );
    }
}

/// Its persistence is told when it comes; when it goes, all is as it was.
fn comes_and_goes(debian: &Debian, package: &str, wrong: &mut Wrong) {
    let before = debian.packages();
    debian.apt(&["install", package]);
    let added = &debian.packages() - &before;
    let brought = debian.persistence(&added);
    let told = debian.scratch.run();
    say(&format!(
        "{package}: {} files expected, told {:?}",
        brought.len(),
        tally(&told)
    ));
    assert!(!brought.is_empty(), "{package} is no test of anything");
    wrong.unless_empty(
        &format!("{package} was installed, untold"),
        missing(&brought, &told, &["added", "changed"]),
    );
    wrong.unless_empty("a run after that", debian.scratch.said());

    let added: Vec<&str> = added.iter().map(String::as_str).collect();
    debian.apt(&[&["purge"], &*added].concat());
    let told = debian.scratch.run();
    wrong.unless_empty(
        &format!("{package} was purged, untold"),
        missing(&brought, &told, &["reverted", "removed", "changed"]),
    );
    let status = status(&debian.scratch);
    let mut open = status["open"].as_array().unwrap().clone();
    open.retain(|alert| !KEPT.iter().any(|kind| alert["kind"] == *kind));
    wrong.unless_empty(&format!("{package} was purged, and yet is open"), lines(&open));
    assert_eq!(status["gaps"], serde_json::json!([]));
}

/// The files that no alert of these changes comes from.
fn missing(brought: &BTreeSet<String>, told: &[Value], changes: &[&str]) -> BTreeSet<String> {
    let told = sources(told, changes)
        .iter()
        .map(|path| places::merged(path).to_owned())
        .collect();
    brought - &told
}

/// The files that alerts of these changes came from.
fn sources(alerts: &[Value], changes: &[&str]) -> Vec<String> {
    let of_these = alerts
        .iter()
        .filter(|alert| changes.iter().any(|change| alert["change"] == *change));
    let sources = of_these.filter_map(|alert| alert["source"].as_str());
    sources.map(str::to_owned).collect()
}

fn lines(alerts: &[Value]) -> Vec<String> {
    alerts.iter().map(short).collect()
}

/// How many alerts of each kind.
fn tally(told: &[Value]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for alert in told {
        *tally
            .entry(alert["kind"].as_str().unwrap_or_default())
            .or_default() += 1;
    }
    tally
}

#[expect(clippy::print_stderr, reason = "it takes minutes, and somebody waits")]
fn say(what: &str) {
    eprintln!("{what}");
}
