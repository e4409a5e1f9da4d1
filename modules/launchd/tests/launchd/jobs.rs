//! Where jobs are, and what they run.

use super::{binary, collect, job, xml};
use assay_sdk::testkit::Fixture;

/// KnockKnock drops jobs that have nothing but these; a change of any must be seen, under the same key.
#[test]
fn each_key_that_matters_changes_the_entry_and_nothing_else_does() {
    const PATH: &str = "/Library/LaunchDaemons/org.k.plist";
    let entry = |body: &str| {
        let fixture = Fixture::macos().file(PATH, job("org.k", "/opt/k", body));
        collect(&fixture).entry("launch_daemon", PATH).clone()
    };
    let plain = entry("");
    for body in [
        "<key>ProgramArguments</key><array><string>k</string></array>",
        "<key>BundleProgram</key><string>Contents/k</string>",
        "<key>RunAtLoad</key><true/>",
        "<key>KeepAlive</key><dict><key>Crashed</key><true/></dict>",
        "<key>OnDemand</key><false/>",
        "<key>StartInterval</key><integer>77</integer>",
        "<key>StartCalendarInterval</key><dict><key>Hour</key><integer>2</integer></dict>",
        "<key>StartOnMount</key><true/>",
        "<key>WatchPaths</key><array><string>/w</string></array>",
        "<key>QueueDirectories</key><array><string>/q</string></array>",
        "<key>Sockets</key><dict><key>S</key><dict/></dict>",
        "<key>MachServices</key><dict><key>m</key><true/></dict>",
        "<key>LaunchEvents</key><dict><key>com.apple.iokit.matching</key><dict/></dict>",
        "<key>EnvironmentVariables</key><dict><key>HOME</key><string>/l</string></dict>",
        "<key>UserName</key><string>root</string>",
        "<key>GroupName</key><string>wheel</string>",
        "<key>RootDirectory</key><string>/r</string>",
        "<key>WorkingDirectory</key><string>/w</string>",
        "<key>Disabled</key><true/>",
        "<key>LimitLoadToSessionType</key><string>LoginWindow</string>",
        "<key>AssociatedBundleIdentifiers</key><string>org.victim</string>",
        "<key>StandardInPath</key><string>/i</string>",
        "<key>StandardOutPath</key><string>/o</string>",
        "<key>StandardErrorPath</key><string>/e</string>",
        "<key>EnableGlobbing</key><true/>",
        "<key>inetdCompatibility</key><dict><key>Wait</key><false/></dict>",
        "<key>SessionCreate</key><true/>",
        "<key>AbandonProcessGroup</key><true/>",
        "<key>LaunchOnlyOnce</key><true/>",
        "<key>NobodyKnows</key><true/>",
        "<key>runatload</key><true/>",
        "<key>RunAtLoad</key><string>maybe</string>",
        "<key>Label</key><string>org.k</string>",
    ] {
        let changed = entry(body);
        assert_eq!(changed.key, plain.key);
        assert_ne!(changed.fields, plain.fields, "{body}");
    }
    assert_eq!(entry("<key>Nice</key><integer>3</integer>"), plain);
    assert_eq!(entry("\n<!-- a comment -->\n"), plain);

    // The same with other bytes: as a binary plist.
    let binary = Fixture::macos().file(PATH, binary(job("org.k", "/opt/k", "")));
    assert_eq!(*collect(&binary).entry("launch_daemon", PATH), plain);
}

/// Homebrew once told people to link jobs; mactail passes over them.
#[test]
fn a_linked_job_is_read_inside_the_root() {
    let fixture = Fixture::macos()
        .file("/opt/store/brew.plist", job("brew.db", "/opt/db", ""))
        .link("/Library/LaunchDaemons/brew.db.plist", "/opt/store/brew.plist");
    let seen = collect(&fixture);
    let key = "/Library/LaunchDaemons/brew.db.plist";
    assert_eq!(
        seen.field("launch_daemon", key, "link_target"),
        "/opt/store/brew.plist"
    );
    assert_eq!(seen.programs("launch_daemon", key), ["/opt/db"]);
    assert_eq!(seen.field("launch_daemon", key, "label_differs"), "");
}

#[test]
fn the_later_of_two_files_with_one_label_names_the_first() {
    let same = |program: &str| job("org.same", program, "");
    let fixture = Fixture::macos()
        .file("/Library/LaunchDaemons/org.same.plist", same("/a"))
        .file("/Library/LaunchDaemons/other.plist", same("/b"))
        .file("/Library/LaunchDaemons/third.plist", same("/c"))
        // Another domain: an agent may have a daemon's label.
        .file("/Library/LaunchAgents/org.same.plist", same("/d"))
        .file("/Users/kim/Library/LaunchAgents/x.plist", same("/e"))
        .file("/Users/kim/Library/LaunchAgents/own.plist", job("own", "/f", ""))
        .file("/Users/lee/Library/LaunchAgents/own.plist", job("own", "/g", ""));
    let seen = collect(&fixture);
    let daemon = |name: &str| {
        seen.field(
            "launch_daemon",
            &format!("/Library/LaunchDaemons/{name}"),
            "label_also_in",
        )
    };
    assert_eq!(daemon("org.same.plist"), "");
    assert_eq!(daemon("other.plist"), "/Library/LaunchDaemons/org.same.plist");
    assert_eq!(daemon("third.plist"), "/Library/LaunchDaemons/org.same.plist");
    let agent = |path: &str| seen.field("launch_agent", path, "label_also_in");
    assert_eq!(agent("/Library/LaunchAgents/org.same.plist"), "");
    assert_eq!(
        agent("/Users/kim/Library/LaunchAgents/x.plist"),
        "/Library/LaunchAgents/org.same.plist"
    );
    assert_eq!(
        agent("/Users/lee/Library/LaunchAgents/own.plist"),
        "",
        "another user's"
    );
}

/// On a running Mac the system's links lead into the cryptexes, which are read too.
#[test]
fn a_cryptex_and_the_links_into_it_are_one_file() {
    let there = "/System/Volumes/Preboot/Cryptexes/App";
    let fixture = Fixture::macos()
        .link("/System/Cryptexes/App", "../Volumes/Preboot/Cryptexes/App")
        .link("/System/Cryptexes/OS", "../Volumes/Preboot/Cryptexes/OS")
        .file(
            &format!("{there}/System/Library/LaunchAgents/com.apple.web.plist"),
            job("com.apple.web", "/usr/libexec/web", ""),
        )
        .link(
            "/System/Library/LaunchAgents/com.apple.web.plist",
            "../../Cryptexes/App/System/Library/LaunchAgents/com.apple.web.plist",
        );
    let seen = collect(&fixture);
    let keys = [
        "/System/Library/LaunchAgents/com.apple.web.plist",
        "/System/Cryptexes/App/System/Library/LaunchAgents/com.apple.web.plist",
    ];
    assert_eq!(seen.keys("launch_agent"), keys);
    assert_eq!(
        keys.map(|key| seen.field("launch_agent", key, "label_also_in")),
        ["", ""]
    );
    assert_eq!(seen.gaps, [], "a cryptex that is elsewhere is no gap");
}

#[test]
fn programs_are_found_as_launchd_finds_them() {
    let run = |body: &str| {
        let fixture = Fixture::macos()
            .script("/bin/bash", "")
            .script("/usr/bin/osascript", "")
            .script("/opt/x/run", "")
            .script("/opt/x/test", "")
            .file("/opt/x/a.scpt", "")
            .script("/jail/bin/d", "")
            .script("/jail/opt/x/run", "")
            .file("/Library/LaunchDaemons/p.plist", xml(body));
        collect(&fixture).programs("launch_daemon", "/Library/LaunchDaemons/p.plist")
    };
    let arguments = |words: &str| {
        let words = words.split('|').map(|word| format!("<string>{word}</string>"));
        format!(
            "<key>ProgramArguments</key><array>{}</array>",
            words.collect::<String>()
        )
    };
    let folder = "<key>WorkingDirectory</key><string>/opt/x</string>";
    let program = |path: &str| format!("<key>Program</key><string>{path}</string>");
    for (body, expected) in [
        // synack/knockknock#30: a shell without a folder once hid its job.
        (
            arguments("bash|-c|/opt/x/run --quiet"),
            &["/bin/bash", "/opt/x/run"][..],
        ),
        (arguments("run|-a") + &program("/opt/x/test"), &["/opt/x/test"]),
        (
            arguments("any name|/opt/x/run") + &program("/bin/bash"),
            &["/bin/bash", "/opt/x/run"],
        ),
        (arguments("./run") + folder, &["/opt/x/run"]),
        (
            arguments("/usr/bin/osascript|-l|JavaScript|a.scpt") + folder,
            &["/usr/bin/osascript", "/opt/x/a.scpt"],
        ),
        (
            arguments("/bin/d") + "<key>RootDirectory</key><string>/jail</string>",
            &["/jail/bin/d"],
        ),
        (program("/not/there"), &["/not/there"]),
        (
            arguments("/bin/bash|-c|run")
                + "<key>EnvironmentVariables</key><dict><key>PATH</key><string>/opt/x</string></dict>",
            &["/bin/bash", "/opt/x/run"],
        ),
    ] {
        assert_eq!(run(&body), expected, "{body}");
    }
}

#[test]
fn what_makes_a_job_load_other_code_is_told_apart() {
    let variables = |body: &str| {
        let variables = format!("<key>EnvironmentVariables</key><dict>{body}</dict>");
        job("org.x", "/opt/x", &variables)
    };
    let root = |body: &str| Fixture::macos().file("/Library/LaunchAgents/org.x.plist", variables(body));
    let before = collect(&root("<key>A</key><string>1</string>"));
    let now = collect(&root(
        "<key>A</key><string>1</string><key>DYLD_INSERT_LIBRARIES</key><string>/opt/k.dylib:/gone.dylib</string>",
    ));
    assert_eq!(
        now.changes_since(&before),
        ["added launchd_injection /Library/LaunchAgents/org.x.plist DYLD_INSERT_LIBRARIES"]
    );
    let injection = now.entries.iter().find(|entry| entry.kind == "launchd_injection");
    let programs = &injection.expect("an injection").programs;
    assert_eq!(programs, &["/opt/k.dylib", "/gone.dylib"]);
}
