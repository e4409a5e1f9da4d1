//! The module over fixture roots of a Mac.

use assay_module_automation::Automation;
use assay_sdk::plist::{Dictionary, Value};
use assay_sdk::testkit::{BookmarkData, Fixture, KeyedArchive, Seen, binary_plist as binary};

const EVENT: &str = "/Users/mia/Library/Calendars/5D.calendar/Events/1.ics";
const FOLDERS: &str = "/Users/mia/Library/Preferences/com.apple.FolderActionsDispatcher.plist";
const RULES: &str = "/Users/mia/Library/Mail/V10/MailData/SyncedRules.plist";
const STATES: &str = "/Users/mia/Library/Mail/V10/MailData/RulesActiveState.plist";
const WORKFLOW: &str = "/Users/mia/Library/Services/Convert.workflow";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Automation>()
}

fn mac() -> Fixture {
    Fixture::macos().folder("/Users/mia")
}

fn event(of_event: &str, of_alarm: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:E7\r\nSUMMARY:Tea\r\n{of_event}\r\nBEGIN:VALARM\r\n{of_alarm}\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

const OPENS: &str = "ACTION:PROCEDURE\r\nATTACH;VALUE=URI:file:///opt/My%20App.app/\r\nTRIGGER:-PT5M";

fn folders(all: bool, script_on: bool, content: &str) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let mark = |path: &str| Value::Data(BookmarkData::new(path).volume("/", "HD").bytes());
    let (script_mark, folder_mark) = (
        file.add(mark("/Users/mia/Library/Scripts/sort.scpt")),
        file.add(mark("/Users/mia/Downloads")),
    );
    let (script_name, folder_name, prior) = (file.add("sort.scpt"), file.add("Downloads"), file.add(content));
    let fields = [
        ("name", script_name.clone()),
        ("enabled", script_on.into()),
        ("bookmark", script_mark),
    ];
    let script = file.object("InternalScript", &fields);
    let unmarked = file.object("InternalScript", &[("name", script_name)]);
    let scripts = file.list("NSArray", &[script, unmarked]);
    let fields = [
        ("name", folder_name),
        ("enabled", true.into()),
        ("bookmark", folder_mark),
        ("scripts", scripts),
        ("priorContents", prior),
    ];
    let folder = file.object("InternalFolderAction", &fields);
    let root = file.list("NSArray", &[folder]);
    let data = Value::Data(file.top("root", root).binary());
    let plist = Dictionary::from_iter([("folderActionsEnabled", all.into()), ("folderActions", data)]);
    let mut bytes = Vec::new();
    Value::Dictionary(plist)
        .to_writer_binary(&mut bytes)
        .expect("writes");
    bytes
}

fn rule(more: &str) -> Vec<u8> {
    binary(format!(
        "({{ RuleId = \"6C\"; RuleName = Bills; AppleScript = \"pay.scpt\"; {more} }}, {{ RuleId = 7; RuleName = Sort; }})"
    ))
}

fn workflow(command: &str) -> String {
    format!("{{ actions = ({{ action = {{ ActionBundlePath = \"/System/Library/Automator/Run Shell Script.action\";
        ActionParameters = {{ COMMAND_STRING = \"{command}\"; shell = \"/bin/zsh\"; }}; }}; }},
        {{ action = {{ ActionName = \"Rename\"; }}; }}); }}")
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let fixture = mac()
        .script("/bin/zsh", "")
        .script("/opt/My App.app/Contents/MacOS/My App", "")
        .file(EVENT, event("RRULE:FREQ=DAILY\r\nDTSTART:20260301T090000", OPENS))
        .file(&EVENT.replace("5D", "A.caldav/6E"), event("", "ACTION:DISPLAY\r\nTRIGGER:-PT5M"))
        .file(FOLDERS, folders(true, true, "a"))
        .file(RULES, rule("AllCriteriaMustBeSatisfied = 1; Deletes = YES; Criteria = ({ Header = Subject; Expression = \"inv\"; CriterionUniqueId = 9; });"))
        .file(STATES, binary("{ \"6C\" = 1; }"))
        .file("/Users/mia/Library/Application Scripts/com.apple.mail/pay.scpt", "")
        .file(&format!("{WORKFLOW}/Contents/document.wflow"), workflow("/opt/run &"))
        .file(&format!("{WORKFLOW}/Contents/Info.plist"), "{ NSServices = ({ NSMenuItem = { default = Convert; }; }); }")
        .file("/Library/Workflows/Applications/Folder Actions/Deep.workflow/Contents/Resources/document.wflow",
            "{ actions = ({ action = { ActionBundlePath = \"/x/Run AppleScript.action\"; ActionParameters = { source = \"do shell script \\\"/opt/a\\\"\"; }; }; }); }")
        .file("/Library/PDF Services/Old.workflow", workflow("true"))
        .file("/Library/Services/Bar.service/Contents/Info.plist", "{ CFBundleIdentifier = bar; CFBundleExecutable = Bar; }")
        .file("/Users/mia/Library/Automator/Do.action/Contents/Info.plist", "{ CFBundleIdentifier = do; CFBundleExecutable = Do; }");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_shows_its_change() {
    let alarm = |of_event: &str, of_alarm: &str| mac().file(EVENT, event(of_event, of_alarm));
    let action = |all, on| mac().file(FOLDERS, folders(all, on, ""));
    let mail = |more: &str| mac().file(RULES, rule(more));
    let state = |on: u8| mail("").file(STATES, binary(format!("{{ \"6C\" = {on}; }}")));
    let flow = |command: &str| mac().file(&format!("{WORKFLOW}/Contents/document.wflow"), workflow(command));
    let menu = |name: &str| {
        let info = format!("{{ NSServices = ({{ NSMenuItem = {{ default = {name}; }}; }}); }}");
        flow("x").file(&format!("{WORKFLOW}/Contents/Info.plist"), info)
    };
    let plugin = |info: &str| {
        mac().file(
            "/Library/Automator/A.action/Contents/Info.plist",
            format!("{{ {info} }}"),
        )
    };
    let linked = |target: &str| {
        flow("x")
            .link("/Library/Services/L.workflow", WORKFLOW)
            .link("/Library/Services/M.workflow", target)
    };
    let pairs = [
        (
            "target",
            alarm("", OPENS),
            alarm("", &OPENS.replace("My", "Your")),
        ),
        (
            "action",
            alarm("", OPENS),
            alarm("", &OPENS.replace("PROCEDURE", "AUDIO")),
        ),
        ("trigger", alarm("", OPENS), alarm("", &OPENS.replace("5M", "9M"))),
        ("start", alarm("DTSTART:1", OPENS), alarm("DTSTART:2", OPENS)),
        (
            "repeats",
            alarm("RRULE:FREQ=DAILY", OPENS),
            alarm("RRULE:FREQ=HOURLY", OPENS),
        ),
        ("enabled", action(true, true), action(true, false)),
        (
            "criteria",
            mail("Criteria = ({ Header = a; });"),
            mail("Criteria = ({ Header = b; });"),
        ),
        (
            "criteria",
            mail("Criteria = ({ Header = a; });"),
            mail("AllCriteriaMustBeSatisfied = 1; Criteria = ({ Header = a; });"),
        ),
        ("deletes", mail(""), mail("Deletes = 1;")),
        ("script", mail(""), mail("AppleScript = \"other.scpt\";")),
        ("active", state(0), state(1)),
        ("steps", flow("/opt/a"), flow("/opt/b")),
        ("menu", menu("a"), menu("b")),
        (
            "identifier",
            plugin("CFBundleIdentifier = a;"),
            plugin("CFBundleIdentifier = b;"),
        ),
        (
            "executable",
            plugin("CFBundleExecutable = a;"),
            plugin("CFBundleExecutable = b;"),
        ),
        (
            "link_target",
            linked(WORKFLOW),
            linked("../../Users/mia/Library/Services/Convert.workflow"),
        ),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn what_people_do_all_day_is_no_change() {
    let folder = |content: &str| scan(&mac().file(FOLDERS, folders(true, true, content)));
    assert_eq!(folder("a").snapshot(), folder("a, b").snapshot());
    let rules = |more: &str| scan(&mac().file(RULES, rule(more)));
    let after = rules("TimeStamp = 7; Criteria = ({ Header = a; CriterionUniqueId = 1; });");
    let before = rules("TimeStamp = 8; Criteria = ({ Header = a; CriterionUniqueId = 2; });");
    assert_eq!(after.changes_since(&before), [""; 0]);
    scan(&mac().file(EVENT, event("", "ACTION:AUDIO\r\nATTACH;VALUE=URI:Basso"))).assert_silent();
}

#[test]
fn hostile_files_are_entries_and_never_a_hang() {
    let fixture = mac()
        .fifo(EVENT)
        .file(
            &EVENT.replace("1.ics", "2.ics"),
            [b"BEGIN:VALARM\n".repeat(10_000), vec![0xff; 100]].concat(),
        )
        .file(FOLDERS, "{ folderActions = <626f6f6b>; }")
        .file(RULES, "{ AppleScript = x; }")
        .folder(STATES)
        .folder(&format!("{WORKFLOW}/Contents/document.wflow"))
        .link("/Library/Services/Gone.workflow", "/nowhere")
        .link("/Library/Services/Loop.workflow", "Loop.workflow")
        .folder("/Library/Services/Hollow.workflow")
        .fifo("/Library/Services/Fifo.service");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}
