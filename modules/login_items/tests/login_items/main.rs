//! The module over fixture roots of a Mac.

mod files;

use assay_module_login_items::LoginItems;
use assay_sdk::plist::{Dictionary, Value};
use assay_sdk::testkit::{BookmarkData, Fixture, KeyedArchive, Seen, binary_plist as binary};
use files::*;

const BTM: &str = "/private/var/db/com.apple.backgroundtaskmanagement/BackgroundItems-v13.btm";
const OLD_BTM: &str =
    "/Users/ana/Library/Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems.btm";
const SHARED: &str = "/Users/ana/Library/Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems";
const ALIASES: &str = "/Users/ana/Library/Preferences/com.apple.loginitems.plist";
const REOPENED: &str = "/Users/ana/Library/Preferences/ByHost/com.apple.loginwindow.93B0-77.plist";
const DOCK: &str = "/Users/ana/Library/Preferences/com.apple.dock.plist";
const ANA: &str = "6F1D0A52-1111-4222-8333-94A5B6C7D8E9";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<LoginItems>()
}

fn mac() -> Fixture {
    Fixture::macos().folder("/Users/ana")
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let parent = Item(vec![
        ("identifier", Text("2.org.sample.notes")),
        ("type", Number(2)),
        ("disposition", Number(10)),
        ("url", Url("file:///Applications/Notes%20Plus.app/")),
        (
            "items",
            List(&["8.org.sample.notes.agent", "4.org.sample.notes.helper"]),
        ),
    ]);
    let helper = Item(vec![
        ("identifier", Text("4.org.sample.notes.helper")),
        ("type", Number(4)),
        ("disposition", Number(11)),
        ("container", Text("2.org.sample.notes")),
        ("url", Url("Contents/Library/LoginItems/Helper.app")),
    ]);
    let agent = Item(vec![
        ("identifier", Text("8.org.sample.notes.agent")),
        ("type", Number(8)),
        ("container", Text("2.org.sample.notes")),
        ("url", Url("Contents/Library/LaunchAgents/agent.plist")),
        ("executablePath", Text("Contents/Resources/agent")),
    ]);
    let developer = Item(vec![("uuid", Text("0D-1")), ("type", Number(0x20))]);
    let users: [(&str, &[Item]); 3] = [
        (ANA, &[parent, helper, agent, developer]),
        ("FFFFEEEE-DDDD-CCCC-BBBB-AAAA00000000", &[daemon()]),
        ("FFFFEEEE-DDDD-CCCC-BBBB-AAAA000000F8", &[daemon()]),
    ];
    let record =
        format!("{{ name = (ana); home = (\"/Users/ana\"); uid = (\"501\"); generateduid = (\"{ANA}\"); }}");
    let mut fixture = mac()
        .script("/bin/sh", "")
        .script("/opt/sync/run.sh", "")
        .file("/private/var/db/dslocal/nodes/Default/users/ana.plist", record)
        .file(BTM, database_of("mdmPaloadsByIdentifier", &users).binary())
        .file(&BTM.replace("13", "4"), database(&[daemon()]))
        .file(OLD_BTM, containers(true, 3, 1, bookmark("/Users/Shared/Up.app")))
        .file(&format!("{SHARED}.sfl2"), shared_list("Kit", 0, Value::Data(
            BookmarkData::new("/Volumes/Kit/Run.app").volume("/Volumes/Kit", "Kit").disk_image("/tmp/kit.dmg").bytes(),
        )))
        .file(ALIASES, aliases("/Users/Shared/Up.app", true, 1))
        .file(REOPENED, binary(r#"{ TALAppsToRelaunchAtLogin = (
            { BundleID = "org.sample.sync"; Path = "/Users/Shared/.c/Sync.app"; Hide = 1; BackgroundState = 2; },
            { BundleID = "com.apple.Safari"; Path = "/Applications/Web.app"; },
            { BundleID = "org.sample.notes"; Path = "/Applications/Notes Plus.app"; }, { Path = relative; } ); }"#))
        .file(DOCK, binary(r#"{ "mod-count" = 7; "persistent-apps" = (
            { "tile-data" = { "file-label" = Safari; "bundle-identifier" = "com.apple.Safari";
              "file-data" = { "_CFURLString" = "file:///Users/Shared/Safari.app/"; }; }; },
            { "tile-data" = { "file-label" = Notes; "file-data" = { "_CFURLString" = "/Users/ana/Applications/Mine.app"; }; }; } );
            "persistent-others" = ( { "tile-data" = { "file-data" = { "_CFURLString" = "file:///Users/ana/Downloads/"; }; }; } ); }"#));
    for (path, id) in [
        ("/Applications/Notes Plus.app", "org.sample.notes"),
        (
            "/Applications/Notes Plus.app/Contents/Library/LoginItems/Helper.app",
            "org.sample.notes.helper",
        ),
        ("/Applications/Web.app", "org.evil.web"),
        ("/Users/Shared/Safari.app", "org.evil.safari"),
        ("/Users/Shared/Up.app", "org.sample.up"),
    ] {
        fixture = app(fixture, path, id);
    }
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_of_a_background_item_shows_its_change() {
    let see = |item: Item| scan(&mac().file(BTM, database(&[item])));
    let before = see(daemon());
    for (field, name, value) in [
        ("type", "type", Number(0x10)),
        ("enabled", "disposition", Number(10)),
        ("allowed", "disposition", Number(9)),
        ("hidden", "disposition", Number(15)),
        ("path", "url", Url("file:///Library/LaunchDaemons/other.plist")),
        ("executable", "executablePath", Text("/opt/sync/other")),
        (
            "arguments",
            "programArguments",
            List(&["sh", "/opt/sync/other.sh"]),
        ),
        ("parent", "container", Text("2.org.sample")),
        ("bundle", "bundleIdentifier", Text("org.sample.syncd")),
        (
            "associated",
            "associatedBundleIdentifiers",
            List(&["org.sample.a"]),
        ),
        ("developer", "developerName", Text("Simple Corp")),
        ("team", "teamIdentifier", Text("ZZ99")),
    ] {
        see(daemon().with(name, value)).assert_changed(field, &before);
    }
}

/// macOS itself rewrites the database all day.
#[test]
fn what_macos_counts_and_orders_is_no_change() {
    let other = Item(vec![("identifier", Text("2.x")), ("type", Number(2))]);
    let before = scan(&mac().file(BTM, database(&[daemon(), other.clone()])));
    let told = daemon()
        .with("generation", Number(9))
        .with("disposition", Number(3))
        .with("name", Text("Syncd"));
    let shuffled = told.with(
        "associatedBundleIdentifiers",
        List(&["org.sample.a", "org.sample.b"]),
    );
    let after = scan(&mac().file(BTM, database(&[other, shuffled.clone()])));
    assert_eq!(after.changes_since(&before), [""; 0]);
    // An upgrade writes the same into a file of another number.
    let upgraded = mac()
        .file(BTM, "old")
        .file(&BTM.replace("13", "14"), database(&[daemon()]));
    let alone = scan(&mac().file(BTM, database(&[daemon()])));
    assert_eq!(scan(&upgraded).changes_since(&alone), [""; 0]);
    let xml = database_of("mdmPayloadsByIdentifier", &[(ANA, &[daemon()])]).xml();
    assert_eq!(scan(&mac().file(BTM, xml)).snapshot(), alone.snapshot());
}

#[test]
fn a_broken_database_is_one_gap_that_hides_every_item() {
    let cut = database(&[daemon()])[..200].to_vec();
    let deep = format!("<plist>{}", "<array>".repeat(100));
    let mut many = KeyedArchive::new();
    let inner = many.add("x");
    let all = (0..7).fold(inner, |inner, _| many.list("NSArray", &vec![inner; 10]));
    for content in [
        cut,
        b"".to_vec(),
        b"{ a = b; }".to_vec(),
        deep.into_bytes(),
        many.top("store", all).binary(),
    ] {
        let seen = scan(&mac().file(BTM, content));
        assert_eq!(seen.entries, []);
        assert_eq!(seen.gaps.len(), 1);
        assert!(seen.gaps[0].hides(&"/private/var/db/com.apple.backgroundtaskmanagement".into()));
    }
    let seen = scan(&mac().fifo(BTM));
    assert_eq!((seen.entries.len(), seen.gaps.len()), (0, 1));
}

#[test]
fn every_compared_field_of_a_login_item_shows_its_change() {
    let old = |hidden, kind, election, path| {
        mac().file(OLD_BTM, containers(hidden, kind, election, bookmark(path)))
    };
    let list = |visibility, mark| mac().file(&format!("{SHARED}.sfl3"), shared_list("Kit", visibility, mark));
    let on_volume = |volume: &str, image: &str| {
        let mark = BookmarkData::new("/Volumes/Kit/Run.app")
            .volume(volume, "Kit")
            .disk_image(image);
        list(0, Value::Data(mark.bytes()))
    };
    let alias = |path, hidden, flags| mac().file(ALIASES, aliases(path, hidden, flags));
    let pairs = [
        (
            "hidden",
            old(false, 3, 1, "/a/Up.app"),
            old(true, 3, 1, "/a/Up.app"),
        ),
        (
            "options",
            old(false, 3, 1, "/a/Up.app"),
            old(false, 2, 1, "/a/Up.app"),
        ),
        (
            "options",
            old(false, 3, 1, "/a/Up.app"),
            old(false, 3, 0, "/a/Up.app"),
        ),
        ("options", list(0, bookmark("/a")), list(1, bookmark("/a"))),
        ("path", list(0, bookmark("/a")), list(0, bookmark("/b"))),
        (
            "volume",
            on_volume("/Volumes/Kit", "/k.dmg"),
            on_volume("/Volumes", "/k.dmg"),
        ),
        (
            "disk_image",
            on_volume("/Volumes/Kit", "/k.dmg"),
            on_volume("/Volumes/Kit", "/l.dmg"),
        ),
        ("path", alias("/a", false, 1), alias("/b", false, 1)),
        ("hidden", alias("/a", false, 1), alias("/a", true, 1)),
        ("options", alias("/a", false, 1), alias("/a", false, 3)),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn an_item_without_a_bookmark_is_found_by_its_address() {
    let mut binding = b"dnib\0\0\0\0\x20\0\0\0".to_vec();
    binding.extend(b"file:///Users/Shared/My%20Up.app/\0\0\0rest");
    let mut properties = Dictionary::new();
    properties.insert(
        "com.apple.LSSharedFileList.Binding".to_owned(),
        Value::Data(binding),
    );
    let mut item = Dictionary::new();
    item.insert("Name".to_owned(), "Up".into());
    item.insert("CustomItemProperties".to_owned(), Value::Dictionary(properties));
    let mut old = KeyedArchive::new();
    let (name, url) = (old.add("Old"), old.url("file:///opt/Old.app/"));
    let entry = old.object("SFLListItem", &[("name", name), ("URL", url)]);
    let items = old.list("NSArray", &[entry]);
    let root = old.dictionary(&[("items", items)]);
    let list = format!("{SHARED}.sfl");
    let fixture = mac()
        .file(ALIASES, alias_file(item))
        .file(&list, old.top("root", root).binary());
    let seen = scan(&fixture);
    assert_eq!(
        seen.field("login_item", &format!("Up in {ALIASES}"), "path"),
        "/Users/Shared/My Up.app"
    );
    assert_eq!(
        seen.field("login_item", &format!("Old in {list}"), "path"),
        "/opt/Old.app"
    );
}

/// What people do all day: other applications, another order, another count.
#[test]
fn a_dock_and_a_logout_like_any_other_are_silent() {
    let apps = |names: &[&str]| {
        let apps = names
            .iter()
            .map(|name| format!("{{ BundleID = \"x.{name}\"; Path = \"/Applications/{name}.app\"; }}"));
        binary(format!(
            "{{ TALAppsToRelaunchAtLogin = ({}); }}",
            apps.collect::<Vec<_>>().join(", ")
        ))
    };
    let fixture = app(mac(), "/Applications/A.app", "X.a");
    scan(&fixture.file(REOPENED, apps(&["A", "B"]))).assert_silent();
    scan(&mac().file(DOCK, binary("{ \"mod-count\" = 9; \"persistent-apps\" = (); }"))).assert_silent();
    let away = r#"{ TALAppsToRelaunchAtLogin = ({ Path = "/Applications/../Users/ana/X.app"; }, { Path = "/Applications/L.app"; }); }"#;
    let fixture = app(mac(), "/opt/L.app", "l")
        .link("/Applications/L.app", "/opt/L.app")
        .file(REOPENED, binary(away));
    assert_eq!(scan(&fixture).entries.len(), 2, "a way out of the folder is odd");
}

#[test]
fn every_compared_field_of_a_shortcut_shows_its_change() {
    let reopened = |app: &str| {
        mac().file(
            REOPENED,
            binary(format!(
                "{{ TALAppsToRelaunchAtLogin = ({{ Path = \"/x/S.app\"; {app} }}); }}"
            )),
        )
    };
    let dock = |path: &str, id: &str| {
        let icon = format!(
            "\"file-label\" = Mail; \"bundle-identifier\" = \"{id}\"; \"file-data\" = {{ \"_CFURLString\" = \"file://{path}\"; }};"
        );
        let dock = format!("{{ \"persistent-apps\" = ({{ \"tile-data\" = {{ {icon} }}; }}); }}");
        app(mac(), "/x/S.app", "org.s").file(DOCK, binary(dock))
    };
    let pairs = [
        ("hidden", reopened("Hide = 0;"), reopened("Hide = 1;")),
        ("bundle", reopened("BundleID = a;"), reopened("BundleID = b;")),
        ("path", dock("/x/A.app", "org.s"), dock("/x/B.app", "org.s")),
        (
            "actual_bundle",
            dock("/x/S.app", "org.s"),
            dock("/x/S.app", "org.t"),
        ),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn hostile_stores_are_entries_and_never_a_hang() {
    let many: String = (0..3_000)
        .map(|n| format!("{{ Path = \"/x/{n}\"; }}, "))
        .collect();
    let fixture = mac()
        .fifo(OLD_BTM)
        .folder(&format!("{SHARED}.sfl"))
        .link(&format!("{SHARED}.sfl2"), "/gone")
        .file(&format!("{SHARED}.sfl3"), vec![0; 9 << 20])
        .file(ALIASES, "(a, b)")
        .file(DOCK, "no plist")
        .file(REOPENED, format!("{{ TALAppsToRelaunchAtLogin = ({many}); }}"))
        .file(
            &REOPENED.replace("93B0", "x\ny"),
            "{ TALAppsToRelaunchAtLogin = ({ Path = \"/z\\n\"; }); }",
        );
    let seen = scan(&fixture);
    let odd: Vec<_> = seen
        .entries
        .iter()
        .filter_map(|e| Some((e.key.to_string(), e.unparsable.clone()?)))
        .collect();
    let odd: Vec<_> = odd
        .iter()
        .map(|(key, why)| (key.rsplit('.').next().unwrap_or(key), why.as_str()))
        .collect();
    insta::assert_debug_snapshot!(odd);
    assert_eq!(seen.gap(REOPENED).text, "more than 2000 applications");
    assert_eq!(seen.keys("reopened_app").len(), 2_001);
}
