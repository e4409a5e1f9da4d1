//! Kernel and system extensions of macOS: what is seen, and what each change looks like.

use assay_module_kernel::Kernel;
use assay_sdk::testkit::{Fixture, Seen, binary_plist};
use rusqlite::Connection;

const INFO: &str = r#"{ CFBundleIdentifier = "org.sample.filter"; CFBundleVersion = "7.2"; CFBundleExecutable = Filter; OSBundleRequired = Root;
    IOKitPersonalities = { B = { IOClass = FilterB; IOProviderClass = IOUSBHostDevice; idVendor = 17; Table = (1, 2); };
                           A = { IOClass = FilterA; IOPCIMatch = "0x1234"; }; }; }"#;
const DATABASE: &str = r#"{ bootUUID = "B1"; developerMode = 0; version = 1;
    extensions = ( { identifier = "org.sample.net"; teamID = "Q7"; uniqueID = "U-1"; state = "activated_enabled";
        categories = ("z.network", "a.endpoint"); originPath = "/Applications/Net.app/Contents/Library/SystemExtensions/n.systemextension";
        stagedBundleURL = { relative = "file:///Library/SystemExtensions/U-1/org.sample.net.systemextension/"; };
        bundleVersion = { CFBundleVersion = "88"; CFBundleShortVersionString = "3.1"; }; container = { bundlePath = "/Applications/Net.app"; }; } );
    extensionPolicies = ( { allowUserOverrides = 1; allowedTeamIDs = (Q7, R8); allowedExtensions = { Q7 = ("org.sample.net"); }; } ); }"#;
const POLICY: &str = "/private/var/db/SystemPolicyConfiguration/KextPolicy";
const SCHEMA: &str = "
    CREATE TABLE kext_policy (team_id TEXT, bundle_id TEXT, allowed BOOLEAN, developer_name TEXT, flags INTEGER, PRIMARY KEY (team_id, bundle_id));
    CREATE TABLE kext_policy_mdm (team_id TEXT, bundle_id TEXT, allowed BOOLEAN, payload_uuid TEXT, PRIMARY KEY (team_id, bundle_id));
    CREATE TABLE kext_load_history_v3 (path TEXT PRIMARY KEY, team_id TEXT, bundle_id TEXT, boot_uuid TEXT, created_at TEXT, last_seen TEXT, flags INTEGER, cdhash TEXT);
    INSERT INTO kext_policy VALUES ('Q7', 'org.sample.filter', 1, 'Sample Works', 8);
    INSERT INTO kext_policy_mdm VALUES ('R8', 'org.other', 1, 'P-5');
    INSERT INTO kext_load_history_v3 VALUES ('/Library/Extensions/Filter.kext', 'Q7', 'org.sample.filter', 'B1', 't1', 't2', 0, 'c0');";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Kernel>()
}

fn kext(info: &str) -> Fixture {
    Fixture::macos().file("/Library/Extensions/Filter.kext/Contents/Info.plist", info)
}

/// A database with its log still beside it, as on a Mac that runs.
fn policy(fixture: Fixture, statements: &[&str]) -> (Fixture, Connection) {
    let fixture = fixture.folder("/private/var/db/SystemPolicyConfiguration");
    let connection = Connection::open(fixture.host(POLICY)).expect("a database");
    let mode = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;";
    connection.execute_batch(mode).expect("a log");
    for batch in statements {
        connection.execute_batch(batch).expect(batch);
    }
    (fixture, connection)
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let fixture = kext(INFO)
        .file("/Library/Extensions/Filter.kext/Contents/MacOS/Filter", "")
        .file(
            "/Library/Extensions/Filter.kext/Contents/PlugIns/Sub.kext/Contents/Info.plist",
            "{ CFBundleIdentifier = sub; }",
        )
        .file(
            "/System/Library/Extensions/Flat.kext/Info.plist",
            "{ CFBundleExecutable = Flat; }",
        )
        .file(
            "/Library/StagedExtensions/Library/Extensions/S.kext/Contents/Info.plist",
            "{ CFBundleIdentifier = staged; }",
        )
        .file(
            "/Library/Filesystems/fuse.fs/Contents/Extensions/15/fuse.kext/Contents/Info.plist",
            "{ CFBundleIdentifier = fuse; }",
        )
        .file(
            "/System/Library/DriverExtensions/usb.dext/Info.plist",
            "{ CFBundleExecutable = usb; CFBundleIdentifier = d; }",
        )
        .file("/System/Library/DriverExtensions/usb.dext/usb", "")
        .file("/Library/KernelCollections/AuxiliaryKernelExtensions.kc", "")
        .file("/Library/SystemExtensions/db.plist", DATABASE)
        .file(
            "/Library/SystemExtensions/U-1/org.sample.net.systemextension/Contents/Info.plist",
            "{ CFBundleExecutable = net; }",
        );
    let (fixture, _open) = policy(fixture, &[SCHEMA]);
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Approvals stand in the write-ahead log until somebody folds it in, which is no change.
#[test]
fn the_log_of_the_policy_database_is_read() {
    let more = "BEGIN; UPDATE kext_policy SET allowed = 0; INSERT INTO kext_policy VALUES ('R8', 'x', 1, 'X', 0); COMMIT;";
    let (fixture, connection) = policy(
        Fixture::macos(),
        &[SCHEMA, "PRAGMA wal_checkpoint(TRUNCATE)", more],
    );
    let seen = scan(&fixture);
    assert_eq!(seen.keys("kext_policy"), ["Q7 org.sample.filter", "R8 x"]);
    assert_eq!(
        seen.field("kext_policy", "Q7 org.sample.filter", "allowed"),
        "false"
    );

    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("a checkpoint");
    assert_eq!(scan(&fixture).entries, seen.entries);
}

/// A log that is cut off or damaged gives its whole transactions up to there, as SQLite itself does.
#[test]
fn a_damaged_log_gives_what_was_committed_before() {
    let add = |id: u8| format!("INSERT INTO kext_policy VALUES ('T', 'row{id}', 1, 'X', 0);");
    let (fixture, _open) = policy(
        Fixture::macos(),
        &[
            SCHEMA,
            "PRAGMA wal_checkpoint(TRUNCATE)",
            &add(1),
            &add(2),
            &add(3),
        ],
    );
    let log = fixture.host(&format!("{POLICY}-wal"));
    #[expect(clippy::disallowed_methods, reason = "the test damages its own fixture")]
    let whole = std::fs::read(&log).expect("a log");
    for length in [0, 31, 32, 100, whole.len() / 2, whole.len() - 1, whole.len()] {
        let flipped: Vec<u8> = whole
            .iter()
            .enumerate()
            .map(|(i, b)| if i == length { !b } else { *b })
            .collect();
        for bytes in [&whole[..length], &flipped] {
            let copy = Fixture::macos();
            let database = fixture.host(POLICY);
            let copy = copy.folder("/private/var/db/SystemPolicyConfiguration");
            std::fs::copy(&database, copy.host(POLICY)).expect("a copy");
            std::fs::write(copy.host(&format!("{POLICY}-wal")), bytes).expect("a log");
            let seen = scan(&copy).keys("kext_policy");
            // SQLite on the same two files is the judge.
            let judge = Connection::open(copy.host(POLICY)).expect("opens");
            let mut query = judge
                .prepare("SELECT team_id || ' ' || bundle_id FROM kext_policy ORDER BY 1")
                .expect("a table");
            let rows: Vec<String> = query
                .query_map([], |row| row.get(0))
                .expect("rows")
                .map(|row| row.expect("text"))
                .collect();
            assert_eq!(seen, rows, "length {length}");
        }
    }
}

#[test]
fn every_compared_field_shows_its_change() {
    let extension = |from: &str, to: &str| {
        let text = DATABASE.replace(from, to);
        let text = text.split("extensionPolicies").next().expect("text").to_owned() + "}";
        Fixture::macos().file("/Library/SystemExtensions/db.plist", text)
    };
    let rows = |change: &str| policy(Fixture::macos(), &[SCHEMA, change]);
    let same = || extension("", "");
    let pairs = [
        (
            "identifier",
            kext(INFO),
            kext(&INFO.replace("org.sample", "org.other")),
        ),
        ("version", kext(INFO), kext(&INFO.replace("7.2", "7.3"))),
        (
            "executable",
            kext(INFO),
            kext(&INFO.replace("= Filter;", "= Other;")),
        ),
        ("required", kext(INFO), kext(&INFO.replace("Root", "Console"))),
        (
            "personalities",
            kext(INFO),
            kext(&INFO.replace("0x1234", "0x9999")),
        ),
        (
            "state",
            same(),
            extension("activated_enabled", "activated_waiting_for_user"),
        ),
        ("version", same(), extension("\"88\"", "\"89\"")),
        ("categories", same(), extension("\"z.network\", ", "")),
        (
            "origin",
            same(),
            extension("Net.app/Contents", "Evil.app/Contents"),
        ),
        (
            "container",
            same(),
            extension("\"/Applications/Net.app\"", "\"/Applications/Evil.app\""),
        ),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
    let base = scan(&rows("").0);
    for (field, change) in [
        ("allowed", "UPDATE kext_policy SET allowed = 0"),
        ("developer", "UPDATE kext_policy SET developer_name = 'Y'"),
        ("flags", "UPDATE kext_policy SET flags = 1"),
        ("allowed", "UPDATE kext_policy_mdm SET allowed = 0"),
        ("team", "UPDATE kext_load_history_v3 SET team_id = 'Z'"),
        ("identifier", "UPDATE kext_load_history_v3 SET bundle_id = 'Z'"),
    ] {
        scan(&rows(change).0).assert_changed(field, &base);
    }
}

/// What changes by itself, at each boot or load, is no part of an entry; neither are encoding and order.
#[test]
fn a_reboot_and_another_encoding_are_no_change() {
    let binary = binary_plist(INFO.replace("Table = (1, 2);", "Table = (3);"));
    let path = "/Library/Extensions/Filter.kext/Contents/Info.plist";
    let database = "/Library/SystemExtensions/db.plist";
    let rebooted = DATABASE
        .replace("\"B1\"", "\"B2\"")
        .replace("(Q7, R8)", "(R8, Q7)")
        .replace(
            "(\"z.network\", \"a.endpoint\")",
            "(\"a.endpoint\", \"z.network\")",
        );
    let (before, _one) = policy(
        Fixture::macos().file(path, INFO).file(database, DATABASE),
        &[SCHEMA],
    );
    let after = Fixture::macos().file(path, binary).file(database, rebooted);
    let loaded = "UPDATE kext_load_history_v3 SET boot_uuid = 'B2', last_seen = 't9'";
    let (after, _two) = policy(after, &[SCHEMA, loaded]);
    assert_eq!(scan(&before).entries, scan(&after).entries);
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .fifo("/Library/Extensions/fifo.kext")
        .folder("/Library/Extensions/Empty.kext")
        .link("/Library/Extensions/Loop.kext", "Loop.kext")
        .file(
            "/opt/Real.kext/Contents/Info.plist",
            "{ CFBundleIdentifier = real; }",
        )
        .link("/Library/Extensions/Linked.KEXT", "/opt/Real.kext")
        .fifo("/Library/Extensions/Pipe.kext/Contents/Info.plist")
        .file(
            "/Library/Extensions/Text.kext/Contents/Info.plist",
            "\"some text\"",
        )
        .file(
            "/Library/Extensions/Array.kext/Contents/Info.plist",
            "( one, two )",
        )
        .file(
            "/Library/Extensions/Out.kext/Contents/Info.plist",
            "{ CFBundleExecutable = \"../../../x\"; IOKitPersonalities = { a = b; }; }",
        )
        .fifo("/Library/KernelCollections/x.kc")
        .file("/Library/SystemExtensions/db.plist", "( one, two )")
        .file(POLICY, "SQLite format 3\0 and then not")
        .fifo(&format!("{POLICY}-wal"));
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Neither a view that never ends nor a value that fills the memory is run.
#[test]
fn a_hostile_database_is_bounded() {
    let endless = "CREATE VIEW kext_policy AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) AS allowed FROM t";
    let (fixture, _open) = policy(Fixture::macos(), &[endless]);
    assert!(scan(&fixture).entries.is_empty());

    let large = "CREATE TABLE kext_policy (team_id TEXT, bundle_id TEXT AS (hex(zeroblob(400000000))));
        INSERT INTO kext_policy VALUES ('T');";
    let (fixture, _open) = policy(Fixture::macos(), &[large]);
    let seen = scan(&fixture);
    assert_eq!(
        seen.entry("kext_policy", POLICY).unparsable.as_deref(),
        Some("string or blob too big")
    );
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::macos()).assert_silent();
}
