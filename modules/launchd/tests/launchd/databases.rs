//! The override and environment files.

use super::{collect, xml};
use assay_sdk::testkit::Fixture;

#[test]
fn a_switched_override_is_a_change_of_one_entry() {
    let file = "/private/var/db/com.apple.xpc.launchd/disabled.plist";
    let seen = |value: &str| {
        let body = format!("<key>com.openssh.sshd</key>{value}<key>other.x</key><true/>");
        collect(&Fixture::macos().file(file, xml(&body)))
    };
    let (off, on) = (seen("<true/>"), seen("<false/>"));
    let key = "system com.openssh.sshd";
    assert_eq!(off.keys("launchd_override"), [key, "system other.x"]);
    assert_eq!(off.field("launchd_override", key, "disabled"), "true");
    assert_eq!(on.field("launchd_override", key, "disabled"), "false");
    assert_eq!(off.entries.get(1), on.entries.get(1));
}

#[test]
fn a_broken_database_is_a_gap_that_keeps_its_entries() {
    let folder = "/private/var/db/com.apple.xpc.launchd";
    let long = "l".repeat(20_000);
    let fixture = Fixture::macos()
        .file(&format!("{folder}/disabled.plist"), "no plist {")
        .fifo(&format!("{folder}/disabled.7.plist"))
        .file(
            &format!("{folder}/disabled.8.plist"),
            xml(&format!("<key>{long}</key><true/>")),
        )
        .file(
            &format!("{folder}/config/system.plist"),
            "<plist><array/></plist>",
        )
        .file("/private/etc/launchd.conf", "setenv A b\n".repeat(9000));
    let seen = collect(&fixture);
    assert_eq!(seen.entries, []);
    let gaps: Vec<_> = seen.gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert_eq!(
        gaps,
        [
            "/private/var/db/com.apple.xpc.launchd/disabled.7.plist",
            "/private/var/db/com.apple.xpc.launchd/disabled.8.plist",
            "/private/var/db/com.apple.xpc.launchd/disabled.plist",
            "/private/etc/launchd.conf",
            "/private/var/db/com.apple.xpc.launchd/config/system.plist",
        ]
    );
}
