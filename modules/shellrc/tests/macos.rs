//! Start-up files of macOS, and the folders of PATH.

use assay_module_shellrc::Shellrc;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Shellrc>()
}

#[test]
fn a_mac_with_a_bit_of_everything() {
    let fixture = Fixture::macos()
        .link("/etc", "private/etc")
        .script("/usr/libexec/path_helper", "")
        .file(
            "/private/etc/zprofile",
            "# System-wide profile\n\nif [ -x /usr/libexec/path_helper ]; then\n\teval `/usr/libexec/path_helper -s`\nfi\n",
        )
        .file("/private/etc/bashrc", "[ -r \"/etc/bashrc_$TERM_PROGRAM\" ] && . \"/etc/bashrc_$TERM_PROGRAM\"\n")
        .file("/private/etc/bashrc_Apple_Terminal", "update_terminal_cwd() {\n    true\n}\n")
        .file("/opt/homebrew/etc/profile.d/kit.sh", "/opt/homebrew/bin/kit &\n")
        .script("/opt/X11/etc/X11/xinit/privileged_startx.d/10-x.sh", "#!/bin/sh\n/opt/x11 &\n")
        .file("/Library/Preferences/Xsan/.xsanrc", "/opt/xsan\n")
        .file("/Users/mia/.zshrc", "export PATH=\"$HOME/bin:$PATH\"\n. /etc/bashrc\n")
        .file("/Users/mia/.zshrc.zwc", "")
        .file("/Users/mia/.xinitrc", "/opt/wm\n")
        .file("/private/etc/paths", "/opt/first\n/usr/bin\n/bin\n")
        .file("/private/etc/paths.d/kit", "/opt/kit/bin\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn the_order_of_folders_counts_where_it_means_something() {
    let paths = |text: &str| scan(&Fixture::macos().file("/private/etc/paths", text));
    let before = paths("/usr/bin\n/bin\n/usr/local/bin\n");
    paths("/usr/local/bin\n/usr/bin\n/bin\n").assert_changed("before_system", &before);
    let told = paths("/usr/bin\n\n/usr/local/bin\n/bin\n").changes_since(&before);
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .fifo("/private/etc/paths")
        .link("/private/etc/paths.d/a", "gone")
        .file("/private/etc/paths.d/b", vec![b'\n'; 1 << 20])
        .fifo("/opt/X11/etc/X11/xinit/xinitrc.d/a.sh")
        .folder("/Library/Preferences/Xsan/.xsanrc");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::macos()).assert_silent();
}
