//! What a user's links, and what a user's files name, have root tell of a file that the user may not read: nothing.

use assay_tests::{Scratch, copy_modules, needs};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::path::Path;

const ANA: u32 = 1000;

/// A way to a file of root's. `@` stands for a word that is nowhere else, and `%` for the folder where it is.
enum Way {
    /// A link to what holds such text.
    Link(&'static str, &'static str),
    /// A link to the folder where such a name is.
    Names(&'static str, &'static str),
    /// A file that says where something is; the name of that, and what it holds.
    Named(&'static str, &'static str, &'static str, &'static str),
}
use Way::{Link, Named, Names};

const LINUX: &[Way] = &[
    Link("~/.bashrc", "alias ls=/opt/@\n"),
    Link(
        "~/.ssh/authorized_keys",
        "command=\"/opt/@\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n",
    ),
    Link("~/.gitconfig", "[core]\npager = /opt/@\n"),
    Link(
        "~/.config/systemd/user/x.service",
        "[Service]\nExecStart=/opt/@\n",
    ),
    Link("~/.config/environment.d/x.conf", "PATH=/opt/@\n"),
    Link(
        "~/.config/autostart/x.desktop",
        "[Desktop Entry]\nType=Application\nExec=/opt/@\n",
    ),
    Link("~/.forward", "|/opt/@\n"),
    Link("~/.procmailrc", ":0\n| /opt/@\n"),
    Link(
        "~/.config/containers/systemd/x.container",
        "[Container]\nExec=/opt/@\n",
    ),
    Link(
        "~/.claude/settings.json",
        r#"{"mcpServers": {"x": {"command": "/opt/@"}}}"#,
    ),
    Link("~/.config/Code/User/settings.json", r#"{"git.path": "/opt/@"}"#),
    Link(
        "~/.vscode/extensions/extensions.json",
        r#"[{"identifier": {"id": "@"}}]"#,
    ),
    Link(
        "~/.mozilla/firefox/x/extensions.json",
        r#"{"addons": [{"id": "@", "location": "app-profile"}]}"#,
    ),
    Link(
        "~/.config/chromium/Default/Secure Preferences",
        r#"{"extensions": {"settings": {"a": {"location": 4, "path": "/opt/@"}}}}"#,
    ),
    Link("~/.tmux.conf", "run-shell /opt/@\n"),
    Names("~/.config/fish/conf.d", "@.fish"),
    Named("~/.zshrc", ". %/x\n", "x", "alias ls=/opt/@\n"),
    Named(
        "~/.config/git/config",
        "[include]\npath = %/x\n",
        "x",
        "[core]\npager = /opt/@\n",
    ),
    Named("~/.ssh/config", "Include %/*\n", "x", "ProxyCommand /opt/@\n"),
    Named(
        "~/.config/google-chrome/Default/Secure Preferences",
        r#"{"extensions": {"settings": {"a": {"location": 4, "path": "%"}}}}"#,
        "manifest.json",
        r#"{"name": "x", "permissions": ["@"]}"#,
    ),
    Named("~/a/.git/config", "[core]\nhooksPath = %\n", "@", ""),
    Named("~/b/.git", "gitdir: %\n", "config", "[core]\npager = /opt/@\n"),
    Named(
        "~/.librewolf/profiles.ini",
        "[Profile0]\nIsRelative=0\nPath=%\n",
        "extensions.json",
        r#"{"addons": [{"id": "@", "location": "app-profile"}]}"#,
    ),
    Named(
        "~/.cursor/extensions/extensions.json",
        r#"[{"identifier": {"id": "x"}, "location": {"path": "%"}}]"#,
        "package.json",
        r#"{"activationEvents": ["@"]}"#,
    ),
];

const MACOS: &[Way] = &[
    Link(
        "~/Library/LaunchAgents/x.plist",
        "{ Label = x; Program = \"/opt/@\"; }",
    ),
    Link("~/.zshenv", "alias ls=/opt/@\n"),
    Link(
        "~/Library/Calendars/x.calendar/Events/x.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VALARM\nACTION:PROCEDURE\nATTACH;VALUE=URI:file:///opt/@\n\
         TRIGGER:-PT1M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
    ),
    Link(
        "~/Library/Mail/V10/MailData/SyncedRules.plist",
        "( { RuleId = 1; AppleScript = \"@.scpt\"; } )",
    ),
    Link(
        "~/Library/Services/X.workflow/Contents/document.wflow",
        "{ actions = ( { action = { ActionBundlePath = \"/System/Library/Automator/Run Shell Script.action\"; \
         ActionParameters = { COMMAND_STRING = \"/opt/@\"; shell = \"/bin/sh\"; }; }; } ); }",
    ),
    Link(
        "~/Library/Screen Savers/X.saver/Contents/Info.plist",
        "{ CFBundleIdentifier = \"@\"; }",
    ),
    Link(
        "~/Library/Preferences/com.apple.dock.plist",
        "{ \"persistent-apps\" = ( { \"tile-data\" = { \"file-label\" = X; \
         \"file-data\" = { \"_CFURLString\" = \"file:///opt/@.app/\"; \"_CFURLStringType\" = 15; }; }; } ); }",
    ),
    Link(
        "~/Downloads/x.mobileconfig",
        "{ PayloadIdentifier = \"@\"; PayloadType = Configuration; }",
    ),
    Link(
        "~/Library/Application Support/Google/Chrome/Default/Secure Preferences",
        r#"{"extensions": {"settings": {"a": {"location": 4, "path": "/opt/@"}}}}"#,
    ),
    Link(
        "~/x/X.xcodeproj/project.pbxproj",
        "{ objects = { A1 = { isa = PBXShellScriptBuildPhase; shellScript = \"/opt/@\"; }; }; }",
    ),
    Named(
        "~/Library/Preferences/ByHost/com.apple.loginwindow.1.plist",
        "{ TALAppsToRelaunchAtLogin = ( { BundleID = \"org.example.x\"; Path = \"%/X.app\"; } ); }",
        "X.app/Contents/Info.plist",
        "{ CFBundleIdentifier = \"@\"; }",
    ),
];

#[test]
fn nobody_has_root_tell_what_is_not_theirs() {
    if !needs(
        rustix::process::geteuid().is_root(),
        "root, who may give files away",
    ) {
        return;
    }
    let common = Scratch::new();
    let modules = common.path("modules");
    copy_modules(&modules, |_| true);
    let watch = common.path("watch.d");
    fs::create_dir(&watch).unwrap();
    for list in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d")).unwrap() {
        let list = list.unwrap();
        fs::copy(list.path(), watch.join(list.file_name())).unwrap();
    }
    for (mut scratch, home, ways) in [
        (Scratch::new(), "/home/ana", LINUX),
        (Scratch::macos(), "/Users/ana", MACOS),
    ] {
        scratch.modules = vec![modules.clone()];
        scratch.watch = watch.clone();
        check(&scratch, home, ways);
    }
}

fn check(scratch: &Scratch, home: &str, ways: &[Way]) {
    fs::create_dir_all(scratch.host(home)).unwrap();
    fs::create_dir_all(scratch.host("/opt/private")).unwrap();
    scratch.json(&["run"]);
    for (number, way) in ways.iter().enumerate() {
        plant(scratch, home, number, way);
    }
    give(&scratch.host(home));
    assert_eq!(told(scratch, ways), [""; 0]);
    // What everybody may read is told, or it would be no way.
    open(&scratch.host("/opt/private"));
    let all: Vec<_> = ways.iter().map(Way::place).collect();
    assert_eq!(told(scratch, ways), all);
}

/// The places whose words a run tells.
fn told(scratch: &Scratch, ways: &[Way]) -> Vec<&'static str> {
    let ran = scratch.assay(&["run", "--full", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ways.iter().enumerate();
    let told = told.filter(|(number, _)| ran.stdout.contains(&word(*number)));
    told.map(|(_, way)| way.place()).collect()
}

impl Way {
    fn place(&self) -> &'static str {
        let (Link(place, _) | Names(place, _) | Named(place, ..)) = self;
        place
    }
}

fn word(number: usize) -> String {
    format!("word{number:02}")
}

fn plant(scratch: &Scratch, home: &str, number: usize, way: &Way) {
    let folder = format!("/opt/private/{number}");
    let written = |text: &str| text.replace('@', &word(number)).replace('%', &folder);
    let place = way.place().replace('~', home);
    let (name, text) = match way {
        Link(_, text) => {
            scratch.link(&place, &format!("{folder}/x"));
            ("x", *text)
        }
        Names(_, name) => {
            scratch.link(&place, &folder);
            (*name, "/opt/x\n")
        }
        Named(_, names, name, text) => {
            scratch.file(&place, written(names));
            (*name, *text)
        }
    };
    scratch.file_mode(&format!("{folder}/{}", written(name)), written(text), 0o600);
    fs::set_permissions(scratch.host(&folder), fs::Permissions::from_mode(0o700)).unwrap();
}

/// Gives a tree to Ana.
fn give(path: &Path) {
    lchown(path, Some(ANA), Some(ANA)).unwrap();
    each(path, &give);
}

/// Opens a tree to everybody.
fn open(path: &Path) {
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    each(path, &open);
}

fn each(folder: &Path, act: &dyn Fn(&Path)) {
    if fs::symlink_metadata(folder).unwrap().is_dir() {
        for found in fs::read_dir(folder).unwrap() {
            act(&found.unwrap().path());
        }
    }
}
