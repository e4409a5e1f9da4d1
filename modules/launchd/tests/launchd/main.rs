//! The module over fixture roots.

mod databases;
mod hostile;
mod jobs;

use assay_module_launchd::Launchd;
use assay_sdk::testkit::{Fixture, Seen, binary_plist as binary};

fn collect(fixture: &Fixture) -> Seen {
    fixture.collect::<Launchd>()
}

fn xml(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>{body}</dict></plist>\n"
    )
}

fn job(label: &str, program: &str, more: &str) -> String {
    xml(&format!(
        "<key>Label</key><string>{label}</string><key>Program</key><string>{program}</string>{more}"
    ))
}

/// A Mac with a little of everything.
fn mac() -> Fixture {
    let arguments = |words: &[&str]| {
        let words: String = words
            .iter()
            .map(|word| format!("<string>{word}</string>"))
            .collect();
        format!("<key>ProgramArguments</key><array>{words}</array>")
    };
    Fixture::macos()
        .script("/bin/bash", "")
        .script("/usr/bin/python3", "")
        .script("/Library/Backup/agent", "")
        .script("/Users/mia/.cfg/sync.sh", "")
        .script("/Users/mia/tools/tick.py", "")
        .file("/Users/mia/Library/q.dylib", "")
        .file(
            "/System/Library/LaunchDaemons/com.apple.tidy.plist",
            binary(job("com.apple.tidy", "/usr/libexec/tidyd", "<key>MachServices</key><dict><key>com.apple.tidy</key><true/></dict>")),
        )
        .link(
            "/System/Library/LaunchDaemons/com.apple.web.plist",
            "../../Cryptexes/App/System/Library/LaunchDaemons/com.apple.web.plist",
        )
        .file(
            "/Library/Apple/System/Library/LaunchAgents/com.apple.guard.plist",
            job("com.apple.guard", "/Library/Apple/guard", ""),
        )
        .file(
            "/Library/LaunchDaemons/org.backup.agent.plist",
            job(
                "org.backup.agent",
                "/Library/Backup/agent",
                "<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict><key>UserName</key><string>_backup</string>\
                 <key>Sockets</key><dict><key>In</key><dict><key>SockServiceName</key><string>9120</string></dict></dict>\
                 <key>ThrottleInterval</key><integer>9</integer><key>Flavour</key><string>x</string>",
            ),
        )
        .file(
            "/Library/LaunchAgents/.com.apple.panel.plist",
            xml(&format!(
                "<key>Label</key><string>com.apple.panel</string>{}<key>WatchPaths</key><array><string>/Users/Shared</string><string>/Library</string></array>",
                arguments(&["bash", "-c", "exec /Users/mia/.cfg/sync.sh now"])
            )),
        )
        .file(
            "/private/var/db/ManagedConfigurationFiles/BackgroundTaskServices/LaunchDaemons/org.fleet.plist",
            job("org.fleet", "/private/var/fleet/run", "<key>RunAtLoad</key><true/>"),
        )
        .file(
            "/Users/mia/Library/LaunchAgents/tick.plist",
            xml(&format!(
                "<key>label</key><string>org.tick</string>{}<key>WorkingDirectory</key><string>/Users/mia/tools</string>\
                 <key>StartCalendarInterval</key><array><dict><key>Minute</key><integer>50</integer></dict><dict><key>Minute</key><integer>20</integer></dict></array>\
                 <key>EnvironmentVariables</key><dict><key>DYLD_INSERT_LIBRARIES</key><string>/Users/mia/Library/q.dylib</string><key>API_KEY</key><string>hunter2</string></dict>",
                arguments(&["/usr/bin/python3", "-u", "tick.py"])
            )),
        )
        .file("/Users/mia/Library/LaunchAgents/script.plist", "#!/bin/sh\nopen -a Calculator\n")
        .file("/Users/mia/Library/LaunchAgents/notes.txt", "no job")
        .file(
            "/Users/mia/Library/LaunchDaemons/org.dead.plist",
            job("org.dead", "/Users/mia/dead", ""),
        )
        .file("/Applications/Paint.app/Contents/Helpers/paintd", "")
        .file(
            "/Applications/Paint.app/Contents/Library/LaunchDaemons/org.paint.plist",
            xml("<key>Label</key><string>org.paint</string><key>BundleProgram</key><string>Contents/Helpers/paintd</string>"),
        )
        .file(
            "/Applications/Office/Write.app/Contents/Library/LaunchAgents/org.write.plist",
            xml("<key>Label</key><string>org.write</string><key>BundleProgram</key><string>Contents/MacOS/write</string>\
                 <key>ProgramArguments</key><array><string>write</string><string>--agent</string></array>"),
        )
        .file(
            "/private/var/db/com.apple.xpc.launchd/disabled.plist",
            xml("<key>com.openssh.sshd</key><false/><key>org.guard.edr</key><true/><key>odd</key><string>x</string>"),
        )
        .file(
            "/private/var/db/com.apple.xpc.launchd/disabled.502.plist",
            binary(xml("<key>org.tick</key><false/>")),
        )
        .file(
            "/private/var/db/launchd.db/com.apple.launchd.peruser.502/overrides.plist",
            xml("<key>org.tick</key><dict><key>Disabled</key><true/></dict>"),
        )
        .file(
            "/private/var/db/com.apple.xpc.launchd/loginitems.502.plist",
            xml("<key>org.bar.helper</key><string>org.bar</string><key>version.org.bar.helper</key><string>3</string>\
                 <key>version.lone</key><string>org.lone</string>"),
        )
        .file("/private/etc/launchd.conf", "# tuned\nsetenv PATH /opt/bin:/bin\nbsexec 1 /opt/early\nlimit maxfiles 9\nlimit maxfiles 9\n")
        .file(
            "/private/var/db/com.apple.xpc.launchd/config/user.plist",
            xml("<key>PathEnvironmentVariable</key><string>/Users/Shared/bin:/bin</string>"),
        )
        .file(
            "/Users/mia/.MacOSX/environment.plist",
            xml("<key>DYLD_INSERT_LIBRARIES</key><string>/Users/mia/Library/q.dylib</string><key>MY_SECRET</key><string>x</string>"),
        )
        .script("/private/etc/rc.server", "#!/bin/sh\n")
        .link("/private/etc/rc.cleanup", "/private/etc/rc.server")
}

#[test]
fn everything_on_a_mac_is_listed() {
    insta::assert_snapshot!(collect(&mac()).snapshot());
}

#[test]
fn a_linux_root_has_none_of_it() {
    let fixture = Fixture::new().file("/Library/LaunchDaemons/x.plist", job("x", "/x", ""));
    assert_eq!(collect(&fixture).snapshot(), "");
}
