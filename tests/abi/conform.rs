//! `assay module check`: what ships passes it, and a module that breaks a rule fails the check of that rule.

use crate::bench::{Bench, cc, compile, has, here};
use assay_tests::{Ran, Scratch, built};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What `assay module check` says, one object a check.
fn check(scratch: &Scratch, path: &Path) -> (Ran, Vec<Value>) {
    let ran = scratch.assay(&["module", "check", path.to_str().unwrap(), "--json"]);
    let checks = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    (ran, checks)
}

fn verdict<'a>(checks: &'a [Value], name: &str) -> (&'a str, &'a Value) {
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no check `{name}`: {checks:#?}"));
    (check["verdict"].as_str().unwrap(), check)
}

/// A root in which every shipped module finds something on the system that it is for.
fn inhabited(bench: &Bench, macos: bool) {
    let scratch = &bench.scratch;
    if macos {
        fs::remove_dir_all(scratch.host("/etc")).unwrap();
        for folder in [
            "/System/Library/CoreServices",
            "/private/var/db",
            "/Users/ana/Library",
        ] {
            fs::create_dir_all(scratch.host(folder)).unwrap();
        }
        let plist = |path: &str, items: &str| {
            let text = format!("<plist version=\"1.0\"><dict>{items}</dict></plist>\n");
            scratch.file(path, text);
        };
        let text = |key: &str, value: &str| format!("<key>{key}</key><string>{value}</string>");
        let agent = [text("Label", "org.example"), text("Program", "/opt/x")].concat();
        plist("/Library/LaunchDaemons/org.example.plist", &agent);
        let bundle = [
            text("CFBundleIdentifier", "org.example"),
            text("CFBundleExecutable", "x"),
        ]
        .concat();
        plist("/Library/Automator/x.action/Contents/Info.plist", &bundle);
        plist("/Applications/x.app/Contents/Info.plist", &bundle);
        let helper = "/Applications/x.app/Contents/Library/LoginItems/h.app/Contents/Info.plist";
        plist(helper, &bundle);
        let profile = [
            text("PayloadType", "Configuration"),
            text("PayloadIdentifier", "org.example"),
        ]
        .concat();
        plist("/Users/ana/Downloads/x.mobileconfig", &profile);
        let opened = [text("BundleID", "org.example"), text("Path", "/opt/x.app")].concat();
        plist(
            "/Users/ana/Library/Preferences/ByHost/com.apple.loginwindow.1-2.plist",
            &format!("<key>TALAppsToRelaunchAtLogin</key><array><dict>{opened}</dict></array>"),
        );
        return;
    }
    scratch.script("/etc/rc.local", "#!/bin/sh\nexec /opt/x\n");
    for program in ["/usr/bin/x", "/tmp/.x"] {
        scratch.script(program, "\x7fELF");
    }
    for (path, text) in [
        (
            "/etc/systemd/system/a.service",
            "[Service]\nExecStart=/opt/x --all\n",
        ),
        ("/etc/modules", "dummy\n"),
        ("/etc/pam.d/su", "auth required pam_unix.so\n"),
        ("/etc/ssh/sshd_config", "PermitRootLogin yes\n"),
        (
            "/etc/xdg/autostart/x.desktop",
            "[Desktop Entry]\nType=Application\nExec=/opt/x\n",
        ),
        ("/etc/apt/apt.conf.d/x", "DPkg::Post-Invoke {\"/opt/x\";};\n"),
        ("/etc/aliases", "ana: |/opt/x\n"),
        ("/etc/profile", "/opt/x &\n"),
        ("/etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n"),
        ("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet\"\n"),
        ("/etc/ld.so.preload", "/opt/x.so\n"),
        ("/etc/network/interfaces", "iface eth0 inet dhcp\n  up /opt/x\n"),
        ("/etc/sysctl.conf", "kernel.core_pattern=|/opt/x\n"),
        (
            "/usr/share/dbus-1/system-services/org.x.service",
            "[D-BUS Service]\nName=org.x\nExec=/opt/x\nUser=root\n",
        ),
        ("/etc/resolv.conf", "nameserver 192.0.2.1\n"),
        ("/home/ana/.gitconfig", "[core]\nhooksPath = /opt/hooks\n"),
        (
            "/etc/polkit-1/rules.d/x.rules",
            "polkit.addRule(function() {});\n",
        ),
        (
            "/home/ana/.mozilla/firefox/profiles.ini",
            "[Profile0]\nIsRelative=1\nPath=x\n",
        ),
        (
            "/home/ana/.mozilla/firefox/x/extensions.json",
            "{\"addons\": [{\"id\": \"e@x\"}]}",
        ),
    ] {
        scratch.file(path, text);
    }
}

/// Asserts that nothing is amiss in what the check of a module or a list says, and gives all of it.
fn assert_sound(scratch: &Scratch, file: &Path, is_amiss: impl Fn(&Value) -> bool) -> Vec<Value> {
    let (ran, checks) = check(scratch, file);
    let amiss: Vec<_> = checks.iter().filter(|check| is_amiss(check)).collect();
    assert!(
        ran.code == 0 && amiss.is_empty(),
        "{}: {amiss:#?} {}",
        file.display(),
        ran.stderr
    );
    checks
}

/// Asserts that a module passes without a warning, on a root where it finds something.
fn assert_passes(bench: &Bench, file: &Path) {
    let checks = assert_sound(&bench.scratch, file, |check| {
        let name = check["name"].as_str().unwrap();
        // As root the user nobody has to reach the build folder; where that is not so, that is said.
        let is_of_rights = name.starts_with("unreadable");
        // What runs just now is on no disk.
        let is_live = name == "keys" && file.ends_with("libassay_module_running.so");
        check["verdict"] != "ok" && !is_of_rights && !is_live
    });
    assert!(checks.len() >= 28, "{}: {} checks", file.display(), checks.len());
}

/// Modules of macOS alone.
const OF_MACOS: [&str; 5] = ["apps", "automation", "launchd", "login_items", "profiles"];

/// Passes `assay module check`, on a root where the module finds something.
fn module_passes(module: &str) {
    let bench = Bench::new("");
    inhabited(&bench, OF_MACOS.contains(&module));
    let name = format!("libassay_module_{module}{}", std::env::consts::DLL_SUFFIX);
    assert_passes(&bench, &built().join(name));
}

#[test]
fn modules_of_every_shape_pass() {
    for module in ["cron", "kernel", "launchd", "startup", "systemd"] {
        module_passes(module);
    }
}

#[test]
#[ignore = "takes six minutes: cargo test -p assay-tests --test abi -- --ignored"]
fn every_shipped_module_passes() {
    let folders = fs::read_dir(here().join("../modules")).unwrap();
    let folders = folders.map(|folder| folder.unwrap().path());
    let native = folders.filter(|folder| folder.join("Cargo.toml").exists() && !folder.ends_with("files"));
    let modules: Vec<PathBuf> = native.collect();
    assert!(modules.len() > 20, "{modules:?}");
    each(modules, |folder| {
        module_passes(folder.file_name().unwrap().to_str().unwrap());
    });
}

/// Does it for each, two at a time, and tells of all that failed.
fn each(all: Vec<PathBuf>, work: impl Fn(&Path) + Sync) {
    let next = Mutex::new(all.into_iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(one) = next.lock().unwrap().next() else {
                        break;
                    };
                    let tried = catch_unwind(AssertUnwindSafe(|| work(&one)));
                    if tried.is_err() {
                        failed.lock().unwrap().push(one);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The module that reads watch lists, without one: it has no kinds and names no place, and nothing else is amiss.
#[test]
fn the_module_that_reads_watch_lists_passes() {
    let bench = Bench::new("");
    let name = format!("libassay_module_files{}", std::env::consts::DLL_SUFFIX);
    let (ran, checks) = check(&bench.scratch, &built().join(name));
    assert_eq!(ran.code, 0, "{checks:#?}");
    assert_eq!(verdict(&checks, "watch").0, "warning");
    assert_eq!(
        checks
            .iter()
            .filter(|check| check["verdict"] == "warning")
            .count(),
        1
    );
}

/// Files of a folder of the repository that end so.
fn shipped(folder: &str, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let folder = here().join("..").join(folder);
    let files = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path());
    files.filter(|path| path.is_file() && wanted(path)).collect()
}

fn ends(path: &Path, end: &str) -> bool {
    path.extension().is_some_and(|extension| extension == end)
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}

/// Passes the check of a module or a list that may find nothing on this root.
fn passes_where_it_finds_nothing(file: &Path) {
    // A module that learns its places from its configuration names none without one.
    assert_sound(&Scratch::new(), file, |check| {
        check["verdict"] == "failed" || (check["verdict"] == "warning" && check["name"] != "watch")
    });
}

#[test]
#[ignore = "takes six minutes: cargo test -p assay-tests --test abi -- --ignored"]
fn every_list_that_ships_passes() {
    let lists = shipped("config/watch.d", |path| ends(path, "toml"));
    assert!(lists.len() > 20, "{lists:?}");
    each(lists, passes_where_it_finds_nothing);
}

#[test]
fn lists_of_every_shape_and_every_script_that_ships_pass() {
    let bench = Bench::new("");
    let mut files = shipped("config/watch.d", |path| {
        ["ci_runners", "name_resolution", "native_messaging", "ssh"]
            .contains(&path.file_stem().unwrap().to_str().unwrap())
    });
    assert_eq!(files.len(), 4);
    files.extend(shipped("modules/python", is_executable));
    files.extend(shipped("modules/shell", is_executable));
    for source in shipped("modules/c", |path| ends(path, "c")) {
        if has("cc") {
            let name = source.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut command = cc(source.to_str().unwrap());
            command.args(["-shared", "-fPIC", "-o"]).arg(bench.module(&name));
            compile(command);
            files.push(bench.module(&name));
        }
    }
    assert!(!files.is_empty());
    each(files, passes_where_it_finds_nothing);
}

/// What each row of `modules/careless.c` forgets, the check that finds it, and a word of what is seen.
const CARELESS: &[(&str, &str, &str, &str)] = &[
    (
        "says_nothing_of_itself",
        "manifest",
        "failed",
        "tells no more than its name",
    ),
    (
        "lists_what_is_not_there",
        "empty root",
        "failed",
        "does not exist",
    ),
    (
        "gaps_where_nothing_is",
        "empty root",
        "failed",
        "where nothing is",
    ),
    (
        "lists_on_every_system",
        "other system",
        "failed",
        "/etc/careless.conf",
    ),
    ("sends_what_it_did_not_declare", "keys", "failed", "line.more"),
    ("keys_with_times", "keys", "failed", "is only in one of them"),
    ("keys_with_inodes", "copies", "failed", "is only in one of them"),
    (
        "names_the_root_folder",
        "keys",
        "failed",
        "names the root folder itself",
    ),
    ("lists_twice", "doubled", "failed", "duplicate_key"),
    ("waits_for_fifos", "FIFOs", "failed", "deadline"),
    ("says_nothing_of_fifos", "FIFOs", "warning", "nothing was said"),
    ("reads_without_bound", "huge files", "failed", "no memory"),
    (
        "fails_without_rights",
        "unreadable files",
        "failed",
        "cannot read it",
    ),
    ("sends_raw_bytes", "invalid UTF-8", "failed", "invalid_record"),
    ("recurses_without_bound", "nested", "failed", "no_done"),
    ("writes_long_lines", "long lines", "failed", "line_too_long"),
    ("careful", "keys", "ok", "2 entries"),
];

#[test]
fn what_a_module_forgets_is_found() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '8s'\n");
    bench.scratch.file("/etc/careless.conf", "one\ntwo\n");
    for (name, which, expected, words) in CARELESS {
        bench.c("careless.c", name, &[]);
        let (ran, checks) = check(&bench.scratch, &bench.module(name));
        let (verdict, said) = verdict(&checks, which);
        let is_left_out = verdict == "skipped" && which.starts_with("unreadable");
        assert!(
            verdict == *expected || is_left_out,
            "{name}: {said:#} {checks:#?}"
        );
        assert!(
            is_left_out || said["seen"].as_str().unwrap().contains(words),
            "{name}: {said:#}"
        );
        let failed = checks.iter().filter(|check| check["verdict"] == "failed").count();
        assert_eq!(ran.code, i32::from(failed > 0), "{name}");
        if *expected == "failed" && !is_left_out {
            assert!(
                said["fix"].as_str().is_some_and(|fix| fix.len() > 20),
                "{name}: {said:#}"
            );
        } else {
            assert_eq!(failed, 0, "{name}: {checks:#?}");
        }
    }
}

/// Whatever a module does to its process or to the protocol ends in a check that says so.
#[test]
fn a_module_that_misbehaves_fails() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '8s'\ncpu = '1s'\nmemory = '512MiB'\n");
    bench.misbehave(true);
    for (name, words) in [
        ("segfault", "segmentation fault"),
        ("exits", "no_done"),
        ("hangs", "deadline"),
        ("spins", "processor time"),
        ("two_gigabytes", "Cannot allocate"),
        ("endless_line", "line_too_long"),
        ("duplicate_keys", "duplicate_key"),
        ("wrong_count", "wrong_count"),
        ("writes_a_file", "open: Operation not permitted"),
        ("opens_a_socket", "socket: Operation not permitted"),
        ("runs_a_program", "exec: Operation not permitted"),
        ("starts_a_thread", "thread: Operation not permitted"),
    ] {
        bench.c("misbehaves.c", name, &[]);
        let (ran, checks) = check(&bench.scratch, &bench.module(name));
        let (verdict, said) = verdict(&checks, "keys");
        assert!(
            verdict == "failed" && said["seen"].as_str().unwrap().contains(words),
            "{name}: {said:#}"
        );
        assert_eq!(ran.code, 1);
    }
    for name in [
        "other_major",
        "no_manifest",
        "other_name",
        "exits_on_load",
        "hangs_on_load",
    ] {
        bench.c("misbehaves.c", name, &[]);
        let (ran, checks) = check(&bench.scratch, &bench.module(name));
        let (verdict, said) = verdict(&checks, "protocol");
        assert!(
            ran.code == 1 && verdict == "failed" && checks.len() == 2,
            "{name}: {said:#}"
        );
    }
}

#[test]
fn a_module_that_may_not_be_loaded_is_not() {
    let bench = Bench::new("");
    let file = bench.scratch.modules[0].join("libassay_module_cron.so");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o777)).unwrap();
    let (ran, checks) = check(&bench.scratch, &file);
    let (verdict, said) = verdict(&checks, "trust");
    assert!(
        ran.code == 1 && verdict == "failed" && checks.len() == 1,
        "{said:#}"
    );
    assert!(said["seen"].as_str().unwrap().contains("chmod o-w"), "{said:#}");
}
