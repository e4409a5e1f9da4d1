//! Browsers: what is seen, and what each change looks like.

use assay_module_browser::Browser;
use assay_sdk::testkit::{Fixture, Seen, binary_plist};

const CHROME: &str = "/home/ana/.config/google-chrome/Default";
const FIREFOX: &str = "/home/ana/.mozilla/firefox/x.default";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Browser>()
}

fn linux() -> Fixture {
    Fixture::new()
        .file("/etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n")
        .folder("/home/ana")
}

fn chrome(settings: &str) -> Fixture {
    let text = format!(r#"{{"extensions": {{"settings": {settings}}}}}"#);
    linux().file(&format!("{CHROME}/Secure Preferences"), text)
}

fn firefox(add_on: &str) -> Fixture {
    linux().file(
        &format!("{FIREFOX}/extensions.json"),
        format!(r#"{{"addons": [{add_on}]}}"#),
    )
}

#[test]
fn a_linux_machine_with_a_bit_of_everything() {
    let fixture = chrome(
        r#"{
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {"location": 1, "from_webstore": true, "path": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1.2_0",
                "active_permissions": {"api": ["tabs", {"usbDevices": [1]}], "explicit_host": ["https://a/*"], "scriptable_host": ["https://b/*"]}},
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": {"location": 4, "path": "/opt/dev", "disable_reasons": [1]},
            "cccccccccccccccccccccccccccccccc": {"location": 5, "path": "/opt/google/chrome/1.2.3.4/resources/pdf", "state": 1,
                "manifest": {"name": "PDF", "version": "1", "permissions": ["tabs", "<all_urls>"]}},
            "dddddddddddddddddddddddddddddddd": {"location": 99, "state": 0, "manifest": {"name": "T", "theme": {}}},
            "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee": 7
        }"#,
    )
    .file(
        &format!("{CHROME}/Preferences"),
        r#"{"extensions": {"settings": {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {"location": 4}, "ffffffffffffffffffffffffffffffff": {}}}}"#,
    )
    .file(
        &format!("{CHROME}/Extensions/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1.2_0/manifest.json"),
        r#"{"name": "A", "version": "1.2", "update_url": "https://store", "permissions": ["storage", "https://c/*"],
            "content_scripts": [{"matches": ["https://d/*"], "js": ["d.js"]}]}"#,
    )
    .file(
        "/opt/dev/manifest.json",
        r#"{ // mine
            "name": "B", "version": "0", "background": {"service_worker": "b/w.js", "scripts": ["../../etc/passwd", "/x.js"]}}"#,
    )
    .file(
        &format!("{CHROME}/Extensions/gggggggggggggggggggggggggggggggg/3_0/manifest.json"),
        r#"{"name": "G", "version": "3", "background": {"page": "g.html"}}"#,
    )
    .folder(&format!("{CHROME}/Extensions/Temp"))
    .file(
        &format!("{FIREFOX}/extensions.json"),
        r#"{"addons": [
            {"id": "a@x", "version": "1", "type": "extension", "active": true, "signedState": 2, "location": "app-profile",
             "path": "/home/ana/.mozilla/firefox/x.default/extensions/a@x.xpi", "defaultLocale": {"name": "A"},
             "userPermissions": {"permissions": ["tabs"], "origins": ["https://a/*"]}},
            {"id": "b@x", "type": "theme", "active": false, "signedState": -2, "foreignInstall": true, "location": "app-global",
             "path": "/usr/share/mozilla/b.xpi", "updateURL": "https://b"},
            {"id": "c@mozilla", "location": "app-builtin"},
            {"version": "no id"}
        ]}"#,
    )
    .file(&format!("{FIREFOX}/extensions/a@x.xpi"), "")
    .file(&format!("{FIREFOX}/extensions/d@x.xpi"), "")
    .folder(&format!("{FIREFOX}/extensions/staged"))
    .file("/home/ana/.mozilla/firefox/profiles.ini", "[Profile0]\nIsRelative=0\nPath=/var/tmp/p\n[Profile1]\nPath=x.default\n")
    .file("/var/tmp/p/extensions.json", r#"{"addons": [{"id": "e@x"}]}"#);
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let safari = "/Users/ana/Library/Containers/com.apple.Safari/Data/Library/Safari";
    let fixture = Fixture::macos()
        .file(
            "/Users/ana/Library/Application Support/Arc/User Data/Profile 1/Preferences",
            r#"{"extensions": {"settings": {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {"location": 3}}}}"#,
        )
        .file(
            "/Users/ana/Library/Application Support/Firefox/Profiles/y.release/extensions.json",
            r#"{"addons": [{"id": "a@x"}]}"#,
        )
        .file(
            &format!("{safari}/WebExtensions/Extensions.plist"),
            binary_plist(
                r#"{ "org.x.web (TEAM)" = { Enabled = 1; AccessibleOrigins = ("https://a/*"); Permissions = { tabs = 1; };
                     WebsiteAccess = { Level = Some; "Allowed Domains" = (b); }; }; Version = 3; }"#,
            ),
        )
        .file(
            &format!("{safari}/Profiles/9A/AppExtensions/Extensions.plist"),
            binary_plist(r#"{ "org.x.app (TEAM)" = { Enabled = 0; }; }"#),
        )
        .file(
            "/Users/ana/Library/Safari/Extensions/Extensions.plist",
            binary_plist(
                r#"{ "Installed Extensions" = ( { "Archive File Name" = "Old.safariextz"; "Bundle Directory Name" = "Old.safariextension"; Enabled = 1; },
                     { "Archive File Name" = "../../x"; } ); }"#,
            ),
        );
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = linux()
        .fifo(&format!("{CHROME}/Preferences"))
        .file(&format!("{CHROME}/Secure Preferences"), "[".repeat(100_000))
        .link(&format!("{CHROME}/Extensions"), "Extensions")
        .file(
            "/home/ana/.config/chromium/Default/Preferences",
            r#"{"extensions": {"settings": []}}"#,
        )
        .fifo(
            "/home/ana/.config/chromium/Default/Extensions/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1/manifest.json",
        )
        .file(&format!("{FIREFOX}/extensions.json"), "{")
        .fifo(&format!("{FIREFOX}/extensions/a.xpi"))
        .fifo("/home/ana/.thunderbird/profiles.ini")
        .link("/home/ana/.librewolf/loop", "loop");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// What browsers do by themselves all day.
#[test]
fn an_update_is_silent() {
    let at = |version: &str| {
        let id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        chrome(&format!(
            r#"{{"{id}": {{"location": 1, "path": "{id}/{version}_0", "install_time": "{version}", "active_permissions": {{"api": ["a", "b"]}}}},
                "cccccccccccccccccccccccccccccccc": {{"location": 5, "path": "/Applications/C.app/{version}/pdf"}}}}"#
        ))
        .file(
            &format!("{CHROME}/Extensions/{id}/{version}_0/manifest.json"),
            format!(r#"{{"name": "A", "version": "{version}", "permissions": ["b", "a"]}}"#),
        )
    };
    let changes = scan(&at("1.0.2")).changes_since(&scan(&at("1.0.1")));
    assert!(changes.is_empty(), "{changes:?}");
    let at = |version: &str| {
        firefox(&format!(
            r#"{{"id": "a", "version": "{version}", "signedState": 2, "path": "/x/{version}"}}"#
        ))
    };
    assert_eq!(
        scan(&at("2")).changes_since(&scan(&at("1"))).len(),
        1,
        "the path outside is a change"
    );
}

#[test]
fn whatever_an_extension_may_do_more_is_a_change() {
    let before = r#"{"location": 1, "from_webstore": true, "state": 1, "path": "p/1", "manifest": {"update_url": "https://store", "permissions": ["tabs"]}}"#;
    let of = |setting: &str| {
        scan(&chrome(&format!(
            r#"{{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {setting}}}"#
        )))
    };
    let first = of(before);
    for (from, to) in [
        ("\"location\": 1", "\"location\": 4"),
        ("true", "false"),
        ("\"state\": 1", "\"state\": 0"),
        ("p/1", "/opt/p"),
        ("https://store", "https://other"),
        ("[\"tabs\"]", "[\"tabs\", \"debugger\"]"),
        ("[\"tabs\"]", "[\"tabs\", \"https://*/*\"]"),
    ] {
        let after = of(&before.replace(from, to));
        assert_eq!(after.changes_since(&first).len(), 1, "{to}");
    }
    let before = r#"{"id": "a", "active": true, "signedState": 2, "location": "app-profile", "userPermissions": {"permissions": ["tabs"]}}"#;
    let first = scan(&firefox(before));
    for (from, to) in [
        ("true", "false"),
        ("2", "0"),
        ("app-profile", "app-global"),
        ("tabs", "proxy"),
    ] {
        let after = scan(&firefox(&before.replace(from, to)));
        assert_eq!(after.changes_since(&first).len(), 1, "{to}");
    }
}
