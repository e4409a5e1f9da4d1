//! Every key of a launchd job that matters, each changed alone.

use super::fields::{Row, all_covered, each_alone};
use super::{File, Gone, Link, Put};
use assay_tests::Scratch;
use std::path::Path;

/// Key, its value before and after, and the fields that differ then.
type Key = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const KEYS: &[Key] = &[
    ("Label", "<string>a</string>", "<string>b</string>", "label"),
    ("Program", "<string>/opt/a</string>", "<string>/opt/b</string>", "program programs"),
    ("ProgramArguments", "<array><string>/opt/a</string></array>", "<array><string>/opt/a</string><string>-v</string></array>", "program_arguments"),
    ("ProgramArguments", "<array><string>/opt/a</string></array>", "<array><string>/opt/b</string></array>", "program_arguments programs"),
    ("ProgramArguments", "<array><string>/bin/sh</string><string>-c</string><string>/opt/a</string></array>",
     "<array><string>/bin/sh</string><string>-c</string><string>/opt/b</string></array>", "program_arguments programs"),
    ("EnableGlobbing", "<false/>", "<true/>", "enable_globbing"),
    ("RootDirectory", "<string>/r</string>", "<string>/s</string>", "programs root_directory"),
    ("WorkingDirectory", "<string>/r</string>", "<string>/s</string>", "working_directory"),
    ("EnvironmentVariables", "<dict><key>A</key><string>1</string></dict>", "<dict><key>A</key><string>2</string></dict>", "environment"),
    ("StandardInPath", "<string>/a</string>", "<string>/b</string>", "standard_in_path"),
    ("StandardOutPath", "<string>/a</string>", "<string>/b</string>", "standard_out_path"),
    ("StandardErrorPath", "<string>/a</string>", "<string>/b</string>", "standard_error_path"),
    ("inetdCompatibility", "<dict><key>Wait</key><false/></dict>", "<dict><key>Wait</key><true/></dict>", "inetd_compatibility"),
    ("RunAtLoad", "<false/>", "<true/>", "run_at_load"),
    ("KeepAlive", "<false/>", "<true/>", "keep_alive"),
    ("KeepAlive", "<dict><key>SuccessfulExit</key><false/></dict>", "<dict><key>Crashed</key><true/></dict>", "keep_alive"),
    ("OnDemand", "<true/>", "<false/>", "on_demand"),
    ("StartInterval", "<integer>60</integer>", "<integer>61</integer>", "start_interval"),
    ("StartCalendarInterval", "<dict><key>Hour</key><integer>3</integer></dict>", "<dict><key>Hour</key><integer>4</integer></dict>", "start_calendar_interval"),
    ("StartOnMount", "<false/>", "<true/>", "start_on_mount"),
    ("WatchPaths", "<array><string>/a</string></array>", "<array><string>/b</string></array>", "watch_paths"),
    ("QueueDirectories", "<array><string>/a</string></array>", "<array><string>/b</string></array>", "queue_directories"),
    ("Sockets", "<dict><key>L</key><dict><key>SockServiceName</key><string>80</string></dict></dict>",
     "<dict><key>L</key><dict><key>SockServiceName</key><string>81</string></dict></dict>", "sockets"),
    ("MachServices", "<dict><key>a</key><true/></dict>", "<dict><key>b</key><true/></dict>", "mach_services"),
    ("RemoteServices", "<dict><key>a</key><true/></dict>", "<dict><key>b</key><true/></dict>", "remote_services"),
    ("LaunchEvents", "<dict><key>a</key><dict/></dict>", "<dict><key>b</key><dict/></dict>", "launch_events"),
    ("LaunchOnlyOnce", "<false/>", "<true/>", "launch_only_once"),
    ("UserName", "<string>ana</string>", "<string>root</string>", "user_name"),
    ("GroupName", "<string>staff</string>", "<string>wheel</string>", "group_name"),
    ("InitGroups", "<false/>", "<true/>", "init_groups"),
    ("Umask", "<integer>18</integer>", "<integer>0</integer>", "umask"),
    ("SessionCreate", "<false/>", "<true/>", "session_create"),
    ("SandboxProfile", "<string>a</string>", "<string>b</string>", "sandbox_profile"),
    ("SandboxContainer", "<string>a</string>", "<string>b</string>", "sandbox_container"),
    ("AssociatedBundleIdentifiers", "<string>a</string>", "<string>b</string>", "associated_bundle_identifiers"),
    ("AbandonProcessGroup", "<false/>", "<true/>", "abandon_process_group"),
    ("Disabled", "<true/>", "<false/>", "disabled"),
    ("LimitLoadToSessionType", "<string>Aqua</string>", "<string>Background</string>", "limit_load_to_session_type"),
    ("LimitLoadFromSessionType", "<string>Aqua</string>", "<string>Background</string>", "limit_load_from_session_type"),
    ("LimitLoadToHosts", "<array><string>a</string></array>", "<array><string>b</string></array>", "limit_load_to_hosts"),
    ("LimitLoadFromHosts", "<array><string>a</string></array>", "<array><string>b</string></array>", "limit_load_from_hosts"),
    ("LimitLoadToHardware", "<dict><key>a</key><true/></dict>", "<dict><key>b</key><true/></dict>", "limit_load_to_hardware"),
    ("LimitLoadFromHardware", "<dict><key>a</key><true/></dict>", "<dict><key>b</key><true/></dict>", "limit_load_from_hardware"),
    ("LimitLoadToVariant", "<string>a</string>", "<string>b</string>", "limit_load_to_variant"),
    ("LimitLoadFromVariant", "<string>a</string>", "<string>b</string>", "limit_load_from_variant"),
    ("LimitLoadToBootMode", "<string>a</string>", "<string>b</string>", "limit_load_to_boot_mode"),
    ("LimitLoadFromBootMode", "<string>a</string>", "<string>b</string>", "limit_load_from_boot_mode"),
    ("WaitForDebugger", "<false/>", "<true/>", "wait_for_debugger"),
    // What is odd is told of too.
    ("UserName", "<string>ana</string>", "<integer>0</integer>", "user_name wrong_types"),
    ("RunAtLoad", "<true/>", "<string>yes</string>", "wrong_types"),
];

/// What only tunes a job, in a property list that says the same otherwise.
const TUNING: &[(&str, &str, &str)] = &[
    ("Nice", "<integer>1</integer>", "<integer>2</integer>"),
    ("ThrottleInterval", "<integer>1</integer>", "<integer>2</integer>"),
    (
        "ProcessType",
        "<string>Background</string>",
        "<string>Interactive</string>",
    ),
    ("ExitTimeOut", "<integer>1</integer>", "<integer>2</integer>"),
];

const FOLDERS: [(&str, &str); 4] = [
    ("launch_daemon", "/Library/LaunchDaemons"),
    ("launch_agent", "/Users/ana/Library/LaunchAgents"),
    (
        "bundled_launch_daemon",
        "/Applications/A.app/Contents/Library/LaunchDaemons",
    ),
    (
        "bundled_launch_agent",
        "/Applications/A.app/Contents/Library/LaunchAgents",
    ),
];

/// A job that says `inside`, and what every job must say where that does not.
fn job(label: &str, inside: &str) -> String {
    let mut text = inside.to_owned();
    if !inside.contains("<key>Label<") {
        text.push_str(&format!("<key>Label</key><string>{label}</string>"));
    }
    if !inside.contains("Program") {
        text.push_str("<key>ProgramArguments</key><array><string>/opt/a</string></array>");
    }
    format!("<plist version=\"1.0\"><dict>{text}</dict></plist>")
}

fn pair(key: &str, value: &str) -> String {
    format!("<key>{key}</key>{value}")
}

#[test]
fn every_key_of_a_job_is_told_alone() {
    let scratch = Scratch::macos();
    let mut texts = Vec::new();
    for (kind, folder) in FOLDERS {
        let mut row = |name: &str, fields: &str, before: String, after: String| {
            let path = format!("{folder}/{name}.plist");
            texts.push((format!("{kind} {path}"), fields.to_owned(), path, before, after));
        };
        for (number, (name, before, after, fields)) in KEYS.iter().enumerate() {
            let label = format!("{number}.{name}");
            let [before, after] = [before, after].map(|value| job(&label, &pair(name, value)));
            row(&label, fields, before, after);
        }
        for (name, before, after) in TUNING {
            let [before, after] = [before, after].map(|value| job(name, &pair(name, value)));
            row(name, "", before, after);
        }
        let on = pair("RunAtLoad", "<true/>");
        let unknown = on.clone() + &pair("Hm", "<true/>");
        row("unknown", "unknown_keys", job("u", &on), job("u", &unknown));
        let misspelled = pair("runatload", "<true/>");
        row(
            "misspelled",
            "misspelled_keys",
            job("m", &on),
            job("m", &misspelled),
        );
        row(
            "twice",
            "repeated_keys",
            job("t", &on),
            job("t", &(on.clone() + &on)),
        );
        row(
            "layout",
            "",
            job("l", &on),
            job("l", &on).replace("<key>", "\n\t<key>"),
        );
        let program = |path| {
            job(
                "bundle",
                &pair("BundleProgram", &format!("<string>{path}</string>")),
            )
        };
        // Only inside an application can it be known what file that is.
        let fields = if kind.starts_with("bundled") {
            "bundle_program programs"
        } else {
            "bundle_program"
        };
        row("bundle", fields, program("Contents/a"), program("Contents/b"));
    }
    let files: Vec<_> = (texts.iter())
        .map(|(_, _, path, before, after)| ([File(path, before)], [File(path, after)]))
        .collect();
    let rows: Vec<_> = (texts.iter().zip(&files))
        .map(|((entry, fields, ..), (before, after))| Row {
            entry,
            fields,
            before,
            after,
        })
        .collect();
    each_alone(&scratch, &rows);
    let others = [("no key: below", &["link_target", "label_also_in"][..])];
    all_covered(&scratch, &FOLDERS.map(|(kind, _)| kind), &rows, &others);
}

#[test]
fn links_and_labels_of_jobs_are_told() {
    for (kind, folder) in &FOLDERS {
        let scratch = Scratch::macos();
        let at = |name: &str| format!("{folder}/{name}.plist");
        let (linked, first, second) = (at("linked"), at("one"), at("two"));
        let (one, two) = (job("one", ""), job("two", ""));
        super::put(
            &scratch,
            &[
                File("/opt/a.plist", &job("a", "")),
                File("/opt/b.plist", &job("a", "")),
                Link(&linked, "/opt/a.plist"),
                File(&first, &one),
                File(&second, &two),
            ],
        );
        super::learn(&scratch);
        super::put(&scratch, &[Link(&linked, "/opt/b.plist")]);
        super::expect(
            &scratch,
            "a link that leads elsewhere",
            &[format!(
                "changed {kind} {linked} [link_target file:{linked}:target]"
            )],
        );
        super::put(&scratch, &[File(&second, &one)]);
        // Nobody knows which of an application's own jobs are loaded, so that no label there is taken.
        let fields = if kind.starts_with("bundled") {
            "label"
        } else {
            "label label_also_in"
        };
        super::expect(
            &scratch,
            "a label that is taken",
            &[format!("changed {kind} {second} [{fields}]")],
        );
    }
}

/// The same job as XML, as the binary form of the system's own tools, and with its keys in another order.
#[test]
fn another_encoding_of_a_job_is_no_change() {
    let scratch = Scratch::macos();
    let path = "/Library/LaunchDaemons/org.sample.plist";
    let inside = ["<true/>", "<dict><key>B</key><true/><key>A</key><false/></dict>"];
    let text = job(
        "s",
        &(pair("RunAtLoad", inside[0]) + &pair("KeepAlive", inside[1])),
    );
    let turned = job(
        "s",
        &(pair("KeepAlive", inside[1]) + &pair("RunAtLoad", inside[0])),
    );
    scratch.file(path, &text);
    super::learn(&scratch);
    let mut binary = Vec::new();
    let value = plist::Value::from_reader_xml(text.as_bytes()).unwrap();
    value.to_writer_binary(&mut binary).unwrap();
    let with_mark = ["\u{feff}", &text].concat();
    for content in [&binary[..], turned.as_bytes(), with_mark.as_bytes()] {
        scratch.file(path, content);
        super::expect(&scratch, "another encoding", &[""; 0]);
    }
}

#[test]
fn a_thousand_new_jobs_are_a_thousand_alerts_in_order() {
    let scratch = Scratch::macos();
    super::learn(&scratch);
    let path = |number: usize| format!("/Library/LaunchDaemons/org.sample.{number:04}.plist");
    for number in 0..1000 {
        scratch.file(&path(number), job(&format!("org.sample.{number:04}"), ""));
    }
    let mut expected: Vec<_> = (0..1000)
        .map(|n| format!("added launch_daemon {}", path(n)))
        .collect();
    super::expect(&scratch, "a thousand plists", &expected);
    super::expect(&scratch, "nothing", &[""; 0]);

    let delivered = scratch.delivered();
    let numbers: Vec<_> = delivered
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(
        numbers,
        (1..=1001).collect::<Vec<_>>(),
        "every one, in order, once"
    );
    expected.insert(0, "baseline_created".to_owned());
    assert_eq!(delivered.iter().map(super::told).collect::<Vec<_>>(), expected);
    let ids: std::collections::BTreeSet<_> = delivered.iter().map(|a| a["id"].to_string()).collect();
    assert_eq!(ids.len(), 1001, "an id each");
    for pair in delivered.windows(2) {
        assert_eq!(pair[1]["previous"], pair[0]["digest"], "chained");
    }
    for alert in &delivered[1..] {
        assert!(Path::new(alert["key"].as_str().unwrap()).starts_with("/Library/LaunchDaemons"));
    }
}

#[test]
fn a_shared_program_is_told_once_with_all_that_run_it() {
    let scratch = Scratch::macos();
    scratch.script("/bin/sh", "a shell");
    let shell = |number: usize| {
        let arguments = format!(
            "<array><string>/bin/sh</string><string>-c</string><string>true {number}</string></array>"
        );
        job(&format!("j{number}"), &pair("ProgramArguments", &arguments))
    };
    for number in 0..10 {
        scratch.file(&format!("/Library/LaunchDaemons/j{number}.plist"), shell(number));
    }
    super::learn(&scratch);
    scratch.script("/bin/sh", "a trap!");
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(super::told).collect::<Vec<_>>(),
        ["changed program /bin/sh [sha256]"]
    );
    let names: Vec<_> = alerts[0]["named_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_str().unwrap())
        .collect();
    let expected: Vec<_> = (0..10)
        .map(|n| format!("launchd/launch_daemon//Library/LaunchDaemons/j{n}.plist"))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(alerts[0]["severity"], "high", "as bad as what it is run by");
    assert_eq!(alerts[0]["technique"], "T1543.004");
    super::put(
        &scratch,
        &[
            Put::Script("/bin/sh", "a shell"),
            Gone("/Library/LaunchDaemons/j3.plist"),
        ],
    );
    super::expect(
        &scratch,
        "putting it back",
        &[
            "removed launch_daemon /Library/LaunchDaemons/j3.plist",
            "reverted program /bin/sh [sha256]",
        ],
    );
}
