//! Start-up items of macOS: what is seen, and what each change looks like.

use assay_module_startup::Startup;
use assay_sdk::plist;
use assay_sdk::testkit::{Fixture, Seen, binary_plist as binary};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Startup>()
}

const PARAMETERS: &str = r#"{ Description = "Clock sync"; Provides = ("Clock"); Requires = (Disks, "Network"); Uses = ("DNS"); OrderPreference = "Late"; }"#;
const HOOK: &str = "com.apple.loginwindow.plist";
const ITEM: &str = "/Library/StartupItems/Clock";
const RULES: &str = r#"(
    { name = "warm up"; enabled = 1; eventTypes = (startup, "auth.login"); criterion = ({ operator = True; });
      actions = ({ type = Log; message = hi; },
                 { type = RunCommand; command = "/bin/sh"; user = root; arguments = ("-c", "/opt/w/w.sh -q"); }); },
    { name = "warm up"; eventTypes = (startup); actions = ({ type = RunCommand; command = "/opt/w/other"; }); } )"#;

#[test]
fn a_mac_with_a_bit_of_everything() {
    let fixture = Fixture::macos()
        .script("/bin/sh", "")
        .script("/Library/StartupItems/Clock/Clock", "#!/bin/sh\n")
        .file("/Library/StartupItems/Clock/StartupParameters.plist", PARAMETERS)
        .folder("/Library/StartupItems/Hollow")
        .file("/Library/StartupItems/loose.plist", "{}")
        .file("/Library/StartupItems/.DS_Store", "")
        .file("/private/etc/rc.common", ". /x\n")
        .script("/private/etc/rc.d/extra", "")
        .file(
            "/private/var/root/Library/Preferences/com.apple.loginwindow.plist",
            binary(r#"{ LoginHook = "/opt/w/w.sh --now"; LogoutHook = "/Library/My Scripts/out.sh"; Other = 1; }"#),
        )
        .script("/Library/My Scripts/out.sh", "")
        .script("/opt/w/w.sh", "")
        .file("/Users/mia/Library/Preferences/com.apple.loginwindow.plist", binary("{ MiniBuddyLaunch = 0; }"))
        .file("/private/etc/emond.d/emond.plist", r#"{ config = { debugLevel = 0; additionalRulesPaths = ("/opt/rules", "relative"); }; }"#)
        .file("/private/etc/emond.d/rules/Main.plist", RULES)
        .file("/private/etc/emond.d/rules/note.txt", "")
        .file("/opt/rules/.more.plist", "{ name = more; enabled = 0; }")
        .file("/private/var/db/emondClients/wake", "")
        .script("/Library/PrivilegedHelperTools/org.sample.helper", "")
        .file("/Library/PrivilegedHelperTools/org.sample.off", "")
        .file("/Library/PrivilegedHelperTools/Help.app/Contents/Info.plist", "{ CFBundleExecutable = Help; }")
        .script("/Library/PrivilegedHelperTools/Help.app/Contents/MacOS/Help", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_shows_its_change() {
    let item = |parameters: &str| {
        let base = Fixture::macos().script("/Library/StartupItems/Clock/Clock", "");
        base.file("/Library/StartupItems/Clock/StartupParameters.plist", parameters)
    };
    let hook = |command: &str| {
        let path = format!("/Library/Preferences/{HOOK}");
        Fixture::macos().file(&path, binary(format!("{{ LoginHook = \"{command}\"; }}")))
    };
    let rule = |body: &str| {
        Fixture::macos().file(
            "/private/etc/emond.d/rules/r.plist",
            format!("({{ name = n; {body} }})"),
        )
    };
    let config = |body: &str| {
        Fixture::macos().file(
            "/private/etc/emond.d/emond.plist",
            format!("{{ config = {{ {body} }}; }}"),
        )
    };
    let client = "/private/var/db/emondClients/c";
    let helper = "/Library/PrivilegedHelperTools/h";
    let pairs = [
        (
            "provides",
            item(PARAMETERS),
            item(&PARAMETERS.replace("\"Clock\"", "Other")),
        ),
        (
            "requires",
            item(PARAMETERS),
            item(&PARAMETERS.replace("Disks, ", "")),
        ),
        ("uses", item(PARAMETERS), item(&PARAMETERS.replace("DNS", "NFS"))),
        (
            "order",
            item(PARAMETERS),
            item(&PARAMETERS.replace("Late", "First")),
        ),
        (
            "inert",
            item(PARAMETERS),
            Fixture::macos()
                .file("/Library/StartupItems/Clock/Clock", "")
                .file("/Library/StartupItems/Clock/StartupParameters.plist", PARAMETERS),
        ),
        (
            "loose",
            Fixture::macos().folder(ITEM),
            Fixture::macos().file(ITEM, ""),
        ),
        (
            "link_target",
            Fixture::macos().file(helper, ""),
            Fixture::macos().file("/x", "").link(helper, "/x"),
        ),
        (
            "link_target",
            Fixture::macos().file(client, ""),
            Fixture::macos().link(client, "/x"),
        ),
        (
            "inert",
            Fixture::macos().script(helper, ""),
            Fixture::macos().file(helper, ""),
        ),
        ("command", hook("/a"), hook("/a b")),
        ("enabled", rule("enabled = 1;"), rule("enabled = 0;")),
        ("events", rule("eventTypes = (a);"), rule("eventTypes = (a, b);")),
        ("criterion", rule("criterion = (a);"), rule("criterion = (b);")),
        (
            "actions",
            rule("actions = ({ command = \"/a\"; });"),
            rule("actions = ({ command = \"/a\"; arguments = (b); });"),
        ),
        (
            "rules_folders",
            config("a = b;"),
            config("a = b; additionalRulesPaths = (\"/r\");"),
        ),
        ("settings", config("a = b;"), config("a = c;")),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

/// The ASCII form, XML and binary, keys and unordered lists in another order: the very same entries.
#[test]
fn another_encoding_is_no_change() {
    let shuffled = r#"{ OrderPreference = Late; Uses = DNS; Requires = (Network, Disks); Provides = Clock; Description = "Clock sync"; }"#;
    let parameters = "/Library/StartupItems/Clock/StartupParameters.plist";
    let rules = "/private/etc/emond.d/rules/r.plist";
    let plain = Fixture::macos().file(parameters, PARAMETERS).file(rules, RULES);
    let mut xml = Vec::new();
    let parsed = plist::parse(shuffled.as_bytes()).expect("parses");
    parsed.to_writer_xml(&mut xml).expect("writes");
    let other = Fixture::macos().file(parameters, xml).file(rules, binary(RULES));
    assert_eq!(scan(&plain).entries, scan(&other).entries);
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .fifo("/Library/StartupItems/Clock/StartupParameters.plist")
        .fifo("/Library/StartupItems/Broken/Broken")
        .file("/Library/StartupItems/Broken/StartupParameters.plist", "<plist>")
        .link("/Library/StartupItems/Nowhere", "/gone")
        .link("/Library/StartupItems/Loop", "Loop")
        .file(&format!("/Library/Preferences/{HOOK}"), b"bplist00\xff")
        .fifo("/private/var/root/Library/Preferences/loginwindow.plist")
        .link("/private/etc/rc.local", "rc.local")
        .file("/private/etc/emond.d/emond.plist", vec![b' '; 5 << 20])
        .file("/private/etc/emond.d/rules/cut.plist", "({ name = ")
        .file("/private/etc/emond.d/rules/text.plist", "\"some text\"")
        .fifo("/private/etc/emond.d/rules/fifo.plist")
        .fifo("/Library/PrivilegedHelperTools/fifo")
        .file(
            "/Library/PrivilegedHelperTools/Out.app/Contents/Info.plist",
            r#"{ CFBundleExecutable = "../../../../x"; }"#,
        )
        .file("/Library/PrivilegedHelperTools/line\nbreak", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::macos()).assert_silent();
}
