//! The module over fixture roots of a Mac.

use assay_module_apps::Apps;
use assay_sdk::plist::{Dictionary, Value};
use assay_sdk::testkit::{Fixture, KeyedArchive, Seen, binary_plist as binary};

const WIDGETS: &str = "/Users/mia/Library/Containers/com.apple.notificationcenterui/Data/Library/Preferences/com.apple.notificationcenterui.plist";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Apps>()
}

fn mac() -> Fixture {
    Fixture::macos().folder("/Users/mia")
}

/// A bundle with a program of its own name, and more in its `Info.plist`.
trait Bundles: Sized {
    fn bundle(self, path: &str, more: &str) -> Self;
}

impl Bundles for Fixture {
    fn bundle(self, path: &str, more: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let info = format!(
            "{{ CFBundleIdentifier = \"org.sample.{name}\"; CFBundleExecutable = \"{name}\"; {more} }}"
        );
        self.file(&format!("{path}/Contents/Info.plist"), binary(info))
            .script(&format!("{path}/Contents/MacOS/{name}"), "")
    }
}

fn widgets(kinds: &[&str]) -> Vec<u8> {
    let instance = |kind: &&str| {
        let mut file = KeyedArchive::new();
        let identity = file.add("org.sample.clock::org.sample.clock.widget");
        let name = file.add(*kind);
        let widget = file.object("CHSWidget", &[("extensionIdentity", identity), ("kind", name)]);
        let pairs = [
            ("widget", Value::Data(file.top("root", widget).binary())),
            ("uuid", "7".into()),
        ];
        data(Dictionary::from_iter(pairs))
    };
    let instances = Value::Array(kinds.iter().map(instance).collect());
    let widgets = Dictionary::from_iter([("instances", instances), ("vers", 1.into())]);
    let all = [
        ("widgets", Value::Dictionary(widgets)),
        ("last-analytics-stamp", 7.into()),
    ];
    match data(Dictionary::from_iter(all)) {
        Value::Data(bytes) => bytes,
        _ => Vec::new(),
    }
}

fn data(dictionary: Dictionary) -> Value {
    let mut bytes = Vec::new();
    Value::Dictionary(dictionary)
        .to_writer_binary(&mut bytes)
        .expect("writes");
    Value::Data(bytes)
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let chat = "/Applications/Tools/Chat.app";
    let fixture = mac()
        .bundle("/Applications/Notes.app", r#"CFBundleShortVersionString = "1.2"; CFBundleVersion = 40; LSUIElement = 1;
            NSPrincipalClass = NSApplication; NSDockTilePlugIn = "Tile.docktileplugin";
            LSEnvironment = { "DYLD_INSERT_LIBRARIES" = "/opt/q.dylib:@executable_path/../r.dylib"; "APP_TOKEN" = x; };"#)
        .file("/Applications/Notes.app/Contents/_CodeSignature/CodeResources", "{}")
        .bundle("/Applications/Notes.app/Contents/PlugIns/Tile.docktileplugin", "NSPrincipalClass = Tile;")
        .bundle("/Applications/Notes.app/Contents/PlugIns/Sync.appex",
            "NSExtension = { NSExtensionPointIdentifier = \"com.apple.FinderSync\"; NSExtensionPrincipalClass = Sync; };")
        .bundle("/Applications/Notes.app/Contents/PlugIns/Share.appex",
            "NSExtension = { NSExtensionPointIdentifier = \"com.apple.share-services\"; };")
        .bundle("/Applications/Notes.app/Contents/Extensions/Kit.appex",
            "EXAppExtensionAttributes = { EXExtensionPointIdentifier = \"com.apple.ui-services\"; };")
        .bundle("/Applications/Notes.app/Contents/Library/LoginItems/Helper.app", "LSUIElement = 1;")
        .bundle("/Applications/Notes.app/Contents/Library/Spotlight/N.mdimporter",
            "CFBundleDocumentTypes = ({ LSItemContentTypes = (\"public.data\", \"org.n\"); });")
        .bundle("/Applications/Notes.app/Contents/Library/QuickLook/N.qlgenerator", "")
        .bundle(chat, "")
        .file(&format!("{chat}/Contents/Resources/app.asar"), "")
        .file(&format!("{chat}/Contents/Resources/app/package.json"), r#"{"main": "out/main.js"}"#)
        .file(&format!("{chat}/Contents/Resources/app/out/main.js"), "")
        .link("/Applications/Away.app", "/opt/Away.app")
        .bundle("/opt/Away.app", "")
        .bundle("/Users/mia/Applications/Mine.app", "")
        .bundle("/Users/mia/Desktop/Duck.app", "NSDockTilePlugIn = Gone.docktileplugin;")
        .bundle("/Users/mia/Downloads/Plain.app", "")
        .file("/Applications/.localized", "")
        .bundle("/Library/Spotlight/Old.mdimporter", "")
        .bundle("/Users/mia/Library/QuickLook/Any.QLGENERATOR", "")
        .bundle("/Users/mia/Library/Screen Savers/Night.saver", "NSPrincipalClass = Night;")
        .file("/Library/Screen Savers/Rain.qtz", "")
        .bundle("/Library/ColorPickers/Hex.colorPicker", "")
        .bundle("/Users/mia/Library/Input Methods/Type.app", "")
        .bundle("/Library/Internet Plug-Ins/View.plugin", "")
        .bundle("/Library/Audio/Plug-Ins/HAL/Loop.driver", "")
        .bundle("/Library/Audio/Plug-Ins/VST3/Maker/Warm.vst3", "")
        .bundle("/Users/mia/Library/Audio/Plug-Ins/Components/Warm.component", "")
        .bundle("/Library/CoreMediaIO/Plug-Ins/DAL/Cam.plugin", "")
        .bundle("/Library/PreferencePanes/Keys.prefPane", "")
        .bundle("/Library/ScriptingAdditions/More.osax", "")
        .bundle("/Users/mia/Library/Mail/Bundles/Pgp.mailbundle", "")
        .bundle("/Library/Address Book Plug-Ins/Dial.bundle", "")
        .file("/Users/mia/Library/Address Book Plug-Ins/Call.scpt", "")
        .bundle("/Library/Image Capture/Devices/Scan.app", "")
        .file(WIDGETS, widgets(&["clock", "clock", "world"]));
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_shows_its_change() {
    let app = "/Applications/A.app";
    let of = |more: &str| mac().bundle(app, more);
    let saver = |more: &str| mac().bundle("/Library/Screen Savers/S.saver", more);
    let importer = |types: &str| {
        let more = format!("CFBundleDocumentTypes = ({{ LSItemContentTypes = ({types}); }});");
        mac().bundle("/Library/Spotlight/S.mdimporter", &more)
    };
    let extension = |point: &str| {
        let more = format!("NSExtension = {{ NSExtensionPointIdentifier = \"{point}\"; }};");
        mac()
            .bundle(app, "")
            .bundle(&format!("{app}/Contents/PlugIns/E.appex"), &more)
    };
    let asar = of("").file(&format!("{app}/Contents/Resources/app.asar"), "");
    let beside = of("")
        .file(&format!("{app}/Contents/Resources/app.asar"), "")
        .file(&format!("{app}/Contents/Resources/app/index.js"), "");
    let pairs = [
        ("identifier", saver(""), saver("CFBundleIdentifier = other;")),
        ("executable", saver(""), saver("CFBundleExecutable = other;")),
        (
            "principal",
            saver("NSPrincipalClass = A;"),
            saver("NSPrincipalClass = B;"),
        ),
        (
            "link_target",
            mac()
                .bundle("/opt/S.saver", "")
                .link("/Library/Screen Savers/S.saver", "/opt/S.saver"),
            mac()
                .bundle("/opt/T.saver", "")
                .bundle("/opt/S.saver", "")
                .link("/Library/Screen Savers/S.saver", "/opt/T.saver"),
        ),
        ("types", importer("a"), importer("a, b")),
        (
            "point",
            extension("com.apple.share-services"),
            extension("com.apple.fileprovider-nonui"),
        ),
        ("background", of(""), of("LSBackgroundOnly = 1;")),
        ("code", asar, beside),
        (
            "sealed",
            of("").file(&format!("{app}/Contents/_CodeSignature/CodeResources"), ""),
            of(""),
        ),
        (
            "value",
            of("LSEnvironment = { A = 1; };"),
            of("LSEnvironment = { A = 2; };"),
        ),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
    let one = scan(&mac().file(WIDGETS, widgets(&["clock"])));
    let two = scan(&mac().file(WIDGETS, widgets(&["clock", "world"])));
    assert_eq!(two.changes_since(&one).len(), 1);
}

#[test]
fn versions_order_and_places_on_a_screen_are_no_change() {
    let of = |more: &str| scan(&mac().bundle("/Applications/A.app", more));
    let types = |types: &str| format!("CFBundleDocumentTypes = ({{ LSItemContentTypes = ({types}); }});");
    let updated = of(&format!("CFBundleVersion = 8; {}", types("b, a")));
    assert_eq!(
        updated.changes_since(&of(&format!("CFBundleVersion = 7; {}", types("a, b")))),
        [""; 0]
    );
    let widget = |kinds: &[&str]| scan(&mac().file(WIDGETS, widgets(kinds)));
    assert_eq!(
        widget(&["a", "b"]).snapshot(),
        widget(&["b", "a", "a"]).snapshot()
    );
}

/// Each application once, wherever links lead.
#[test]
fn nothing_is_listed_twice_through_links() {
    let fixture = mac()
        .bundle("/Applications/A.app", "")
        .link("/Users/mia/Applications", "/Applications")
        .link("/Users/eve", "mia")
        .bundle("/Users/mia/Library/Spotlight/S.mdimporter", "");
    let seen = scan(&fixture);
    assert_eq!(seen.keys("application"), ["/Applications/A.app"]);
    assert_eq!(seen.keys("spotlight_importer").len(), 1);
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
}

#[test]
fn hostile_bundles_are_entries_and_never_a_hang() {
    let app = "/Applications/Odd.app";
    let fixture = mac()
        .fifo("/Applications/Fifo.app/Contents/Info.plist")
        .fifo("/Applications/Pipe.app")
        .folder("/Applications/Hollow.app")
        .link("/Applications/Loop.app", "Loop.app")
        .link("/Applications/Gone.app", "/nowhere/X.app")
        .file("/Applications/File.app", "#!/bin/sh\n")
        .file("/Applications/Cut.app/Contents/Info.plist", "bplist00")
        .file("/Applications/Big.app/Contents/Info.plist", vec![b' '; 5 << 20])
        .file("/Applications/Bare.app/Contents/MacOS/Bare", "")
        .bundle(app, r#"CFBundleExecutable = "../../../../bin/x"; NSDockTilePlugIn = "../../../../../x"; LSEnvironment = (a);"#)
        .fifo(&format!("{app}/Contents/Resources/app/package.json"))
        .file(&format!("{app}/Contents/PlugIns/x.appex"), "")
        .fifo(&format!("{app}/Contents/PlugIns/y.appex"))
        .file(WIDGETS, "{ widgets = { instances = (<00>, a); }; }")
        .file("/Library/Spotlight/line\nbreak.mdimporter", "");
    let seen = scan(&fixture);
    insta::assert_snapshot!(seen.snapshot());
}
