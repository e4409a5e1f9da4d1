//! Desktops: what is seen, and what each change looks like.

use assay_module_desktop::{Desktop, parse};
use assay_sdk::testkit::{Fixture, Seen};

mod database;

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Desktop>()
}

/// A root with two accounts.
fn root() -> Fixture {
    Fixture::new()
        .file(
            "/etc/passwd",
            "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n",
        )
        .folder("/root")
        .folder("/home/ana")
}

#[test]
fn a_desktop_with_a_bit_of_everything() {
    let settings = [
        (
            "/org/gnome/shell/enabled-extensions",
            "as",
            b"lens@example.org\0\x11".to_vec(),
        ),
        (
            "/org/gnome/shell/last-selected-power-profile",
            "s",
            b"balanced\0".to_vec(),
        ),
        (
            "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/custom0/command",
            "s",
            b"/opt/term --now\0".to_vec(),
        ),
        ("/org/gnome/shell/disable-user-extensions", "b", vec![0]),
    ];
    let fixture = root()
        .script("/usr/bin/tracker", "")
        .script("/opt/term", "")
        .file(
            "/etc/xdg/autostart/tracker.desktop",
            "[Desktop Entry]\nType=Application\nName=Tracker\nExec=tracker --daemon\nOnlyShowIn=GNOME;Unity;\n\
             AutostartCondition=unless-exists no-tracker\nX-GNOME-Autostart-enabled=false\n",
        )
        .file("/etc/xdg/autostart/README", "")
        .file(
            "/home/ana/.config/autostart/tracker.desktop",
            "[Desktop Entry]\nType=Application\nExec=env A=b sh -c \"cd /opt && ./term\"\nHidden=true\n",
        )
        .file("/home/ana/.kde/Autostart/term.desktop", "[Desktop Entry]\nExec=./term\nPath=/opt\n")
        .link("/home/ana/.config/autostart/linked.desktop", "/usr/share/applications/term.desktop")
        .file("/usr/share/gdm/greeter/autostart/reader.desktop", "[Desktop Entry]\nExec=tracker\n")
        .file("/usr/share/wayland-sessions/plain.desktop", "[Desktop Entry]\nName=Plain\nExec=term\n")
        .file(
            "/usr/share/applications/term.desktop",
            "[Desktop Entry]\nName=Terminal\nExec=/opt/term %U\nTryExec=/opt/term\nDBusActivatable=true\n\
             MimeType=x-scheme-handler/ssh;text/plain;\n[Desktop Action new]\nExec=/opt/term --new\n",
        )
        .file("/home/ana/.local/share/applications/wine/a.desktop", "[Desktop Entry]\nType=Link\nURL=https://example.org\n")
        .file(
            "/home/ana/.local/share/gnome-shell/extensions/lens@example.org/metadata.json",
            r#"{"uuid": "lens@example.org", "name": "Lens", "version": 3}"#,
        )
        .file("/home/ana/.local/share/gnome-shell/extensions/lens@example.org/extension.js", "")
        .file("/home/ana/.local/share/gnome-shell/extensions/lens@example.org/lib/draw.js", "")
        .file("/usr/share/gnome-shell/extensions/apps/metadata.json", r#"{"uuid": "apps@example.org"}"#)
        .file("/home/ana/.config/dconf/user", database::of(&settings));
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = root()
        .fifo("/etc/xdg/autostart/fifo.desktop")
        .folder("/etc/xdg/autostart/folder.desktop")
        .link("/etc/xdg/autostart/gone.desktop", "/nowhere")
        .link("/etc/xdg/autostart/loop.desktop", "loop.desktop")
        .file("/etc/xdg/autostart/binary.desktop", [0xff, 0, 0x7f].repeat(100))
        .file("/etc/xdg/autostart/empty.desktop", "")
        .file("/etc/xdg/autostart/real.desktop", "[Desktop Entry]\nExec=\"\n")
        .link("/usr/share/applications/round", ".")
        .link("/home/ana/.local/share/applications", "/usr/share/applications")
        .file("/usr/share/applications/x.desktop", "[Desktop Entry]\nExec=x")
        .fifo("/home/ana/.local/share/gnome-shell/extensions/fifo/metadata.json")
        .link("/home/ana/.local/share/gnome-shell/extensions/gone", "/nowhere")
        .file(
            "/home/ana/.local/share/gnome-shell/extensions/bad/metadata.json",
            "[",
        )
        .file("/home/ana/.config/dconf/user", "GVariant");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair says the same in other words.
#[test]
fn what_means_nothing_changes_nothing() {
    let before = "[Desktop Entry]\nName=A\nExec=a\nOnlyShowIn=X;Y;\n";
    let after = "# by hand\n[Desktop Entry]\nOnlyShowIn=Y;X\nExec=b\nExec = a\nName[de]=B\nName=C\nIcon=a\n";
    let scan = |text| scan(&root().file("/etc/xdg/autostart/a.desktop", text));
    let changes = scan(after).changes_since(&scan(before));
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn whatever_decides_what_runs_is_a_change() {
    let scan = |line: &str| {
        let text = format!("[Desktop Entry]\nExec=a\n{line}\n");
        scan(&root().file("/etc/xdg/autostart/a.desktop", text))
    };
    let before = scan("");
    for line in [
        "Exec=b",
        "TryExec=b",
        "Path=/opt",
        "Hidden=true",
        "X-GNOME-Autostart-enabled=false",
        "NotShowIn=KDE",
        "AutostartCondition=GNOME x y",
        "DBusActivatable=true",
    ] {
        assert_eq!(scan(line).changes_since(&before).len(), 1, "{line}");
    }
}

/// The database of a user that a hostile program wrote.
#[test]
fn no_database_panics_or_takes_long() {
    let whole = database::of(&[
        ("/a/command", "s", b"x\0".to_vec()),
        ("/b/enabled-extensions", "as", b"p\0q\0\x02\x04".to_vec()),
    ]);
    let all = parse::settings(&whole, |_| true).expect("a database");
    let said: Vec<String> = all
        .iter()
        .map(|setting| format!("{} {}", setting.path, setting.value))
        .collect();
    assert_eq!(said, ["/a/command x", "/b/enabled-extensions [p, q]"]);
    for at in 0..whole.len() {
        _ = parse::settings(&whole[..at], |_| true);
        for byte in [0, 1, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            _ = parse::settings(&damaged, |_| true);
        }
    }
}

/// Many settings may name one large value as theirs.
#[test]
fn values_that_stand_in_each_other_are_no_database() {
    let long = [&[b'x'; 4096][..], b"\0"].concat();
    let mut file = database::of(&[("/a/command", "s", long), ("/b/command", "s", b"y\0".to_vec())]);
    assert_eq!(parse::settings(&file, |_| true).map(|all| all.len()), Ok(2));
    // Each item ends in the place of its value: its beginning, and its end.
    let values: Vec<usize> = (0..file.len() - 24).filter(|at| file[*at + 14] == b'v').collect();
    let place = |item: usize| file[item + 16..item + 24].to_vec();
    let large = values.iter().map(|item| place(*item)).find(|place| {
        let at = |from: usize| u32::from_le_bytes(place[from..from + 4].try_into().unwrap());
        (4096..5000).contains(&at(4).wrapping_sub(at(0)))
    });
    let large = large.expect("the item of the large value");
    for item in values {
        file[item + 16..item + 24].copy_from_slice(&large);
    }
    assert!(
        parse::settings(&file, |_| true)
            .unwrap_err()
            .contains("in each other")
    );
    let seen = scan(&root().file("/home/ana/.config/dconf/user", &file));
    let entry = seen.entry("gnome_setting", "/home/ana/.config/dconf/user");
    assert!(entry.unparsable.is_some());
}
