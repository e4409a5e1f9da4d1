//! Rights, plug-ins, grants and trust of macOS: what is seen, and what each change looks like.

use assay_module_policy::Policy;
use assay_sdk::testkit::{Fixture, Seen, binary_plist};

const AUTH: &str = "/private/var/db/auth.db";
const TCC: &str = "/Library/Application Support/com.apple.TCC/TCC.db";
const GATEKEEPER: &str = "/private/var/db/SystemPolicy";
const TRUST: &str = "/Library/Security/Trust Settings/Admin.plist";
const PLUGIN: &str = "/Library/Security/SecurityAgentPlugins/Greeter.bundle";

const RIGHTS: &str = "CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT, type INTEGER, class INTEGER, 'group' TEXT, kofn INTEGER,
      timeout INTEGER, flags INTEGER, tries INTEGER, modified REAL, identifier TEXT, requirement BLOB);
    CREATE TABLE mechanisms (id INTEGER PRIMARY KEY, plugin TEXT, param TEXT, privileged INTEGER);
    CREATE TABLE mechanisms_map (r_id INTEGER, m_id INTEGER, ord INTEGER);
    CREATE TABLE delegates_map (r_id INTEGER, d_id INTEGER, ord INTEGER);
    INSERT INTO rules VALUES (1, 'system.login.console', 1, 3, NULL, NULL, NULL, 0, 10000, 1, NULL, NULL),
      (2, 'is-admin', 2, 1, 'admin', NULL, 300, 8, 3, 1, NULL, NULL), (3, 'org.x', 1, 2, NULL, 1, NULL, NULL, NULL, 1, 'org.x.app', X'fade');
    INSERT INTO mechanisms VALUES (1, 'builtin', 'policy-banner', 0), (2, 'Greeter', 'go', 1);
    INSERT INTO mechanisms_map VALUES (1, 2, 1), (1, 1, 0), (1, 99, 7);
    INSERT INTO delegates_map VALUES (3, 2, 0);";
const ACCESS: &str = "CREATE TABLE access (service TEXT, client TEXT, client_type INTEGER, auth_value INTEGER, auth_reason INTEGER,
      auth_version INTEGER, csreq BLOB, indirect_object_identifier TEXT, last_modified INTEGER);
    INSERT INTO access VALUES ('kTCCServiceAccessibility', '/opt/x', 1, 2, 3, 1, X'fade0c00', 'UNUSED', 5),
      ('kTCCServiceAppleEvents', 'org.x', 0, 0, 2, 1, NULL, 'com.apple.finder', 5), ('kTCCServiceCamera', 'org.y', 0, 2, 2, 1, NULL, 'UNUSED', 5);";
const AUTHORITY: &str = "CREATE TABLE authority (id INTEGER PRIMARY KEY, type INTEGER, requirement TEXT, allow INTEGER, disabled INTEGER,
      priority REAL, label TEXT, mtime FLOAT, remarks TEXT);
    INSERT INTO authority VALUES (1, 1, 'anchor apple', 1, 0, 0, 'Apple System', 1, NULL), (2, 1, 'anchor x', 1, 0, 0, 'Apple System', 1, NULL),
      (3, 1, 'cdhash H\"00\"', 1, 0, 0, NULL, 1, '/Users/ana/x.app');";
const SETTINGS: &str = "<plist><dict><key>trustList</key><dict><key>AB</key><dict><key>issuerName</key><data>MBExDzANBgNVBAMMBkNvcnBDQQ==</data>\
    <key>serialNumber</key><data>AQI=</data><key>modDate</key><date>2024-01-02T03:04:05Z</date><key>trustSettings</key><array><dict>\
    <key>kSecTrustSettingsResult</key><integer>1</integer></dict></array></dict><key>CD</key><dict/></dict></dict></plist>";
const INFO: &str = "<plist><dict><key>CFBundleIdentifier</key><string>org.x</string><key>CFBundleExecutable</key><string>Greeter</string>\
    <key>CFBundleVersion</key><string>3</string></dict></plist>";

fn database(sql: &str) -> Vec<u8> {
    let mut made = rusqlite::Connection::open_in_memory().expect("sqlite");
    made.execute_batch(sql).expect(sql);
    made.serialize(rusqlite::MAIN_DB).expect("bytes").to_vec()
}

/// A Mac on which each of these was also done.
fn mac(rights: &str, access: &str, authority: &str, settings: &str, info: &str) -> Fixture {
    Fixture::macos()
        .folder("/Users/ana")
        .file(AUTH, database(&format!("{RIGHTS}{rights}")))
        .file(TCC, database(&format!("{ACCESS}{access}")))
        .file(GATEKEEPER, database(&format!("{AUTHORITY}{authority}")))
        .file(TRUST, binary_plist(settings))
        .file(&format!("{PLUGIN}/Contents/Info.plist"), binary_plist(info))
        .file(&format!("{PLUGIN}/Contents/MacOS/Greeter"), "")
}

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Policy>()
}

fn plain() -> Fixture {
    mac("", "", "", SETTINGS, INFO)
}

#[test]
fn a_bit_of_everything() {
    let fixture = plain()
        .file(&format!("/Users/ana{TCC}"), database("CREATE TABLE access (service TEXT, client TEXT, client_type INTEGER, allowed INTEGER); INSERT INTO access VALUES ('kTCCServicePostEvent', 'org.z', 0, 1);"))
        .file("/Library/OpenDirectory/Modules/x.xpc/Contents/Info.plist", INFO)
        .file("/Library/DirectoryServices/PlugIns/loose.dsplug", "")
        .link("/Library/DirectoryServices/PlugIns/link.dsplug", PLUGIN)
        .file("/private/var/protected/trustd/private/TrustStore.sqlite3", database("CREATE TABLE tsettings (sha256 BLOB, subj BLOB, tset BLOB, data BLOB); INSERT INTO tsettings VALUES (X'0102', NULL, NULL, NULL);"));
    let seen = scan(&fixture);
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
    insta::assert_snapshot!(seen.snapshot());
}

/// Each pair differs in one thing, and that is what is told.
#[test]
fn every_compared_field_shows_its_change() {
    let before = scan(&plain());
    let right = |sql: &str| mac(sql, "", "", SETTINGS, INFO);
    let access = |sql: &str| mac("", sql, "", SETTINGS, INFO);
    let authority = |sql: &str| mac("", "", sql, SETTINGS, INFO);
    let trust = |from: &str, to: &str| mac("", "", "", &SETTINGS.replace(from, to), INFO);
    let info = |from: &str, to: &str| mac("", "", "", SETTINGS, &INFO.replace(from, to));
    for (field, after) in [
        ("type", right("UPDATE rules SET type = 1 WHERE id = 2")),
        ("class", right("UPDATE rules SET class = 4 WHERE id = 2")),
        (
            "group",
            right("UPDATE rules SET \"group\" = 'staff' WHERE id = 2"),
        ),
        (
            "mechanisms",
            right("UPDATE mechanisms_map SET ord = 5 WHERE m_id = 1"),
        ),
        (
            "mechanisms",
            right("UPDATE mechanisms SET privileged = 0 WHERE id = 2"),
        ),
        ("rules", right("INSERT INTO delegates_map VALUES (3, 1, 1)")),
        ("rules_needed", right("UPDATE rules SET kofn = 2 WHERE id = 3")),
        ("timeout", right("UPDATE rules SET timeout = 99999 WHERE id = 2")),
        ("tries", right("UPDATE rules SET tries = 99999 WHERE id = 2")),
        ("flags", right("UPDATE rules SET flags = 3 WHERE id = 2")),
        (
            "requirement",
            right("UPDATE rules SET requirement = X'00' WHERE id = 3"),
        ),
        ("decision", access("UPDATE access SET auth_value = 2")),
        (
            "reason",
            access("UPDATE access SET auth_reason = 6 WHERE client = 'org.x'"),
        ),
        (
            "client_type",
            access("UPDATE access SET client_type = 1 WHERE client = 'org.x'"),
        ),
        (
            "requirement",
            access("UPDATE access SET csreq = X'00' WHERE client = '/opt/x'"),
        ),
        (
            "service_version",
            access("UPDATE access SET auth_version = 2 WHERE client = 'org.x'"),
        ),
        ("allow", authority("UPDATE authority SET allow = 0 WHERE id = 1")),
        (
            "disabled",
            authority("UPDATE authority SET disabled = 1 WHERE id = 1"),
        ),
        (
            "requirement",
            authority("UPDATE authority SET requirement = 'never' WHERE id = 1"),
        ),
        (
            "remarks",
            authority("UPDATE authority SET remarks = '/x' WHERE id = 3"),
        ),
        ("settings", trust("<integer>1<", "<integer>3<")),
        ("identifier", info("org.x", "org.y")),
        ("version", info(">3<", ">4<")),
        ("executable", info(">Greeter<", ">Other<")),
    ] {
        scan(&after).assert_changed(field, &before);
    }
}

#[test]
fn what_moves_by_itself_is_no_change() {
    let after = mac(
        "UPDATE rules SET modified = 9, identifier = 'org.y'; VACUUM;",
        "UPDATE access SET last_modified = 9; INSERT INTO access VALUES ('kTCCServiceMicrophone', 'org.z', 0, 2, 2, 1, NULL, 'UNUSED', 9);",
        "UPDATE authority SET mtime = 9;",
        &SETTINGS.replace("2024", "2026"),
        INFO,
    );
    assert_eq!(scan(&after).changes_since(&scan(&plain())), [""; 0]);
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .file(AUTH, "no database")
        .fifo(TCC)
        .file(GATEKEEPER, database("CREATE VIEW authority AS SELECT 1"))
        .file(TRUST, "<plist><array/></plist>")
        .file(
            "/Library/Security/Trust Settings/odd.plist",
            "<plist><dict><key>trustList</key><dict><key>A</key><string>x</string></dict></dict></plist>",
        )
        .file(
            &format!("{PLUGIN}/Contents/Info.plist"),
            "{ CFBundleExecutable = \"../../../x\"; }",
        )
        .fifo("/Library/OpenDirectory/Modules/fifo.xpc")
        .link("/Library/OpenDirectory/Modules/loop.xpc", "loop.xpc");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}
