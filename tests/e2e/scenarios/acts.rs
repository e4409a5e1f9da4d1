//! The acts of an intruder and of an administrator, on one item of each module: plant it, change it, swap the bytes
//! of what it runs, chmod, chown, remove, put back. One alert each; none for what changes nothing.

use super::{File, Gone, Put, Script, expect, is_root, learn, left_out, put, told};
use assay_tests::Scratch;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::time::SystemTime;

/// One persistence item, and how it is told of.
struct Item {
    module: &'static str,
    root: fn() -> Scratch,
    /// What is there already, so that the module has something else to look at.
    before: &'static [Put<'static>],
    /// Its files. The first is the one it is read from.
    plant: &'static [Put<'static>],
    /// `kind key`.
    entry: &'static str,
    /// What it runs.
    program: &'static str,
    /// A change that keeps its identity, and the fields in which it differs then; for an item that has none but
    /// its file, no change.
    edit: Option<(Put<'static>, &'static str)>,
    /// The folder that is the item, where it is one.
    folder: Option<&'static str>,
}

const TRUE: &str = "#!/bin/sh\nexit 0\n";

const PLIST: &str = "<plist><dict><key>Label</key><string>org.sample</string><key>ProgramArguments</key>
    <array><string>/usr/local/bin/agent</string></array><key>RunAtLoad</key><true/></dict></plist>";
const PLIST_LATER: &str = "<plist><dict><key>Label</key><string>org.sample</string><key>ProgramArguments</key>
    <array><string>/usr/local/bin/agent</string></array><key>StartInterval</key><integer>60</integer></dict></plist>";
const HOOK: &str = "<plist><dict><key>LoginHook</key><string>/usr/local/bin/agent</string></dict></plist>";
const HOOK_LATER: &str =
    "<plist><dict><key>LoginHook</key><string>/usr/local/bin/agent --late</string></dict></plist>";
const INFO: &str = "<plist><dict><key>CFBundleIdentifier</key><string>org.sample</string>
    <key>CFBundleVersion</key><string>1</string><key>CFBundleExecutable</key><string>Filter</string></dict></plist>";
const INFO_LATER: &str = "<plist><dict><key>CFBundleIdentifier</key><string>org.sample</string>
    <key>CFBundleVersion</key><string>2</string><key>CFBundleExecutable</key><string>Filter</string></dict></plist>";

const ITEMS: &[Item] = &[
    Item {
        module: "launchd",
        root: Scratch::macos,
        before: &[],
        plant: &[
            File("/Library/LaunchDaemons/org.sample.plist", PLIST),
            Script("/usr/local/bin/agent", TRUE),
        ],
        entry: "launch_daemon /Library/LaunchDaemons/org.sample.plist",
        program: "/usr/local/bin/agent",
        edit: Some((
            File("/Library/LaunchDaemons/org.sample.plist", PLIST_LATER),
            "run_at_load start_interval",
        )),
        folder: None,
    },
    Item {
        module: "launchd",
        root: Scratch::macos,
        before: &[],
        plant: &[
            File("/Users/ana/Library/LaunchAgents/.hidden.plist", PLIST),
            Script("/usr/local/bin/agent", TRUE),
        ],
        entry: "launch_agent /Users/ana/Library/LaunchAgents/.hidden.plist",
        program: "/usr/local/bin/agent",
        edit: Some((
            File("/Users/ana/Library/LaunchAgents/.hidden.plist", PLIST_LATER),
            "run_at_load start_interval",
        )),
        folder: None,
    },
    Item {
        module: "cron",
        root: Scratch::new,
        before: &[File("/etc/crontab", "1 1 * * * root /usr/bin/other\n")],
        plant: &[
            File("/etc/cron.d/agent", "*/7 * * * * root /opt/agent --quiet\n"),
            Script("/opt/agent", TRUE),
        ],
        entry: "cron_job /etc/cron.d/agent: */7 * * * * root /opt/agent --quiet",
        program: "/opt/agent",
        // Without its newline the last line is none to cron.
        edit: Some((
            File("/etc/cron.d/agent", "*/7 * * * * root /opt/agent --quiet"),
            "inert",
        )),
        folder: None,
    },
    Item {
        module: "cron",
        root: Scratch::new,
        before: &[],
        plant: &[
            File("/var/spool/cron/crontabs/ana", "@reboot bin/agent\n"),
            Script("/home/ana/bin/agent", TRUE),
        ],
        entry: "cron_job /var/spool/cron/crontabs/ana: @reboot bin/agent",
        program: "/home/ana/bin/agent",
        edit: None,
        folder: None,
    },
    Item {
        module: "cron",
        root: Scratch::new,
        before: &[],
        plant: &[Script("/etc/cron.daily/agent", TRUE)],
        entry: "cron_script /etc/cron.daily/agent",
        program: "/etc/cron.daily/agent",
        edit: None,
        folder: None,
    },
    Item {
        module: "kernel",
        root: Scratch::new,
        before: &[File("/etc/modules", "loop\n")],
        plant: &[
            File("/etc/modprobe.d/agent.conf", "install usb_storage /opt/agent\n"),
            Script("/opt/agent", TRUE),
        ],
        entry: "modprobe_directive install usb_storage (/etc/modprobe.d/agent.conf)",
        program: "/opt/agent",
        edit: Some((
            File(
                "/etc/modprobe.d/agent.conf",
                "install usb_storage /opt/agent -v\n",
            ),
            "value",
        )),
        folder: None,
    },
    Item {
        module: "kernel",
        root: Scratch::new,
        before: &[File("/etc/modules", "loop\n")],
        plant: &[File("/usr/lib/modules/6.1.0/updates/agent.ko", "\x7fELF one")],
        entry: "kernel_module_file /usr/lib/modules/6.1.0/updates/agent.ko",
        program: "/usr/lib/modules/6.1.0/updates/agent.ko",
        edit: None,
        folder: None,
    },
    Item {
        module: "kernel",
        root: Scratch::macos,
        before: &[],
        plant: &[
            File("/Library/Extensions/Filter.kext/Contents/Info.plist", INFO),
            Script("/Library/Extensions/Filter.kext/Contents/MacOS/Filter", TRUE),
        ],
        entry: "kext /Library/Extensions/Filter.kext",
        program: "/Library/Extensions/Filter.kext/Contents/MacOS/Filter",
        edit: Some((
            File("/Library/Extensions/Filter.kext/Contents/Info.plist", INFO_LATER),
            "version",
        )),
        folder: Some("/Library/Extensions/Filter.kext"),
    },
    Item {
        module: "startup",
        root: Scratch::new,
        before: &[],
        plant: &[Script("/etc/rc.local", TRUE)],
        entry: "rc_script /etc/rc.local",
        program: "/etc/rc.local",
        edit: None,
        folder: None,
    },
    Item {
        module: "startup",
        root: Scratch::new,
        before: &[],
        plant: &[
            File("/etc/inittab", "a1:2345:respawn:/opt/agent\n"),
            Script("/opt/agent", TRUE),
        ],
        entry: "inittab_line a1",
        program: "/opt/agent",
        edit: Some((File("/etc/inittab", "a1:2345:once:/opt/agent\n"), "action")),
        folder: None,
    },
    Item {
        module: "startup",
        root: Scratch::macos,
        before: &[],
        plant: &[
            File("/Library/Preferences/com.apple.loginwindow.plist", HOOK),
            Script("/usr/local/bin/agent", TRUE),
        ],
        entry: "login_hook LoginHook of /Library/Preferences/com.apple.loginwindow.plist",
        program: "/usr/local/bin/agent",
        edit: Some((
            File("/Library/Preferences/com.apple.loginwindow.plist", HOOK_LATER),
            "command",
        )),
        folder: None,
    },
    Item {
        module: "startup",
        root: Scratch::macos,
        before: &[],
        plant: &[Script("/Library/PrivilegedHelperTools/org.sample", TRUE)],
        entry: "privileged_helper /Library/PrivilegedHelperTools/org.sample",
        program: "/Library/PrivilegedHelperTools/org.sample",
        edit: None,
        folder: None,
    },
    Item {
        module: "systemd",
        root: Scratch::new,
        before: &[File(
            "/usr/lib/systemd/system/other.service",
            "[Service]\nExecStart=/usr/bin/other\n",
        )],
        plant: &[
            File(
                "/etc/systemd/system/agent.service",
                "[Service]\nExecStart=/opt/agent\n",
            ),
            Script("/opt/agent", TRUE),
        ],
        entry: "systemd_unit agent.service",
        program: "/opt/agent",
        edit: Some((
            File(
                "/etc/systemd/system/agent.service",
                "[Service]\nExecStart=/opt/agent\nUser=ana\n",
            ),
            "user",
        )),
        folder: None,
    },
    Item {
        module: "systemd",
        root: Scratch::new,
        before: &[],
        plant: &[Script("/usr/lib/systemd/system-generators/agent", TRUE)],
        entry: "systemd_generator /usr/lib/systemd/system-generators/agent",
        program: "/usr/lib/systemd/system-generators/agent",
        edit: None,
        folder: None,
    },
];

#[test]
fn one_act_is_one_alert_in_launchd() {
    play("launchd");
}
#[test]
fn one_act_is_one_alert_in_cron() {
    play("cron");
}
#[test]
fn one_act_is_one_alert_in_kernel() {
    play("kernel");
}
#[test]
fn one_act_is_one_alert_in_startup() {
    play("startup");
}
#[test]
fn one_act_is_one_alert_in_systemd() {
    play("systemd");
}

fn play(module: &str) {
    for item in ITEMS.iter().filter(|item| item.module == module) {
        let scratch = (item.root)();
        put(&scratch, item.before);
        learn(&scratch);
        planted(&scratch, item);
        edited(&scratch, item);
        swapped(&scratch, item);
        owned_otherwise(&scratch, item);
        unchanged(&scratch, item);
        removed(&scratch, item);
    }
}

impl Item {
    fn source(&self) -> &'static str {
        self.plant[0].path()
    }
    /// `change kind key` of the entry.
    fn entry(&self, change: &str) -> String {
        format!("{change} {}", self.entry)
    }
    /// `change kind path [facts]` of one of its files.
    fn file(&self, change: &str, path: &str, facts: &str) -> String {
        let kind = if path == self.program { "program" } else { "source" };
        format!("{change} {kind} {path} [{facts}]")
    }
    /// Its files, each once: a script is read from what it runs.
    fn files(&self) -> Vec<&'static str> {
        let mut files = vec![self.source(), self.program];
        files.dedup();
        files
    }
}

fn planted(scratch: &Scratch, item: &Item) {
    put(scratch, item.plant);
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(told).collect::<Vec<_>>(), [item.entry("added")]);
    let alert = &alerts[0];
    assert_eq!(alert["module"], item.module);
    assert_eq!(alert["source"], item.source());
    assert_eq!(alert["programs"][0]["path"], item.program);
    assert_eq!(
        alert["programs"][0]["sha256"].as_str().map(str::len),
        Some(64),
        "{alert}"
    );
    assert!(
        alert["technique"].as_str().is_some_and(|t| t.starts_with('T')),
        "{alert}"
    );
    expect(scratch, "nothing", &[""; 0]);
    assert_eq!(scratch.assay(&["accept", "--all"]).code, 0);
}

fn edited(scratch: &Scratch, item: &Item) {
    let Some((edit, fields)) = item.edit else { return };
    put(scratch, &[edit]);
    expect(
        scratch,
        "an edit",
        &[format!("{} [{fields}]", item.entry("changed"))],
    );
    put(scratch, &item.plant[..1]);
    expect(
        scratch,
        "undoing it",
        &[format!("{} [{fields}]", item.entry("reverted"))],
    );
}

/// Other bytes in the program, of the same size and with the same time.
fn swapped(scratch: &Scratch, item: &Item) {
    let program = scratch.host(item.program);
    let original = fs::read(&program).unwrap();
    let mut other = original.clone();
    *other.last_mut().unwrap() ^= 1;
    let swap = |bytes: &[u8]| {
        let time = fs::metadata(&program).unwrap().modified().unwrap();
        fs::write(&program, bytes).unwrap();
        let file = fs::File::options().append(true).open(&program).unwrap();
        file.set_modified(time).unwrap();
    };
    swap(&other);
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        [item.file("changed", item.program, "sha256")]
    );
    let named_by = format!("{}/{}", item.module, item.entry.replacen(' ', "/", 1));
    assert_eq!(alerts[0]["named_by"], serde_json::json!([named_by]));
    swap(&original);
    expect(
        scratch,
        "swapping it back",
        &[item.file("reverted", item.program, "sha256")],
    );
}

fn owned_otherwise(scratch: &Scratch, item: &Item) {
    for path in item.files() {
        let host = scratch.host(path);
        let mode = fs::metadata(&host).unwrap().permissions();
        // Set-uid, or writable by all: whatever ran before still runs.
        let bits = if path == item.program { 0o4000 } else { 0o0022 };
        fs::set_permissions(&host, fs::Permissions::from_mode(mode.mode() | bits)).unwrap();
        expect(scratch, "chmod", &[item.file("changed", path, "mode")]);
        fs::set_permissions(&host, mode).unwrap();
        expect(scratch, "chmod back", &[item.file("reverted", path, "mode")]);
        if !is_root() {
            left_out("chown: not root");
            continue;
        }
        for (uid, gid, fact) in [(Some(4242), None, "uid"), (None, Some(4242), "gid")] {
            chown(&host, uid, gid).unwrap();
            expect(scratch, "chown", &[item.file("changed", path, fact)]);
            chown(&host, uid.and(Some(0)), gid.and(Some(0))).unwrap();
            expect(scratch, "chown back", &[item.file("reverted", path, fact)]);
        }
    }
}

fn unchanged(scratch: &Scratch, item: &Item) {
    for path in item.files() {
        let file = fs::File::options().append(true).open(scratch.host(path)).unwrap();
        file.set_modified(SystemTime::now()).unwrap();
    }
    expect(scratch, "touch", &[""; 0]);
    put(scratch, item.plant);
    expect(scratch, "the same bytes in new files", &[""; 0]);
}

fn removed(scratch: &Scratch, item: &Item) {
    let source = item.source();
    if source != item.program {
        let facts = "gid mode sha256 type uid";
        put(scratch, &[Gone(item.program)]);
        expect(
            scratch,
            "removing what it runs",
            &[item.file("changed", item.program, facts)],
        );
        put(scratch, item.plant);
        expect(
            scratch,
            "putting that back",
            &[item.file("reverted", item.program, facts)],
        );
    }
    put(scratch, &[Gone(item.folder.unwrap_or(source))]);
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        [item.entry("removed")]
    );
    assert_eq!(
        alerts[0]["programs"][0]["sha256"].as_str().map(str::len),
        Some(64),
        "what it ran: {alerts:?}"
    );
    put(scratch, item.plant);
    expect(scratch, "putting it back", &[item.entry("reverted")]);
    expect(scratch, "nothing", &[""; 0]);
}
