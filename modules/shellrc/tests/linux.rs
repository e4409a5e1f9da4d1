//! Start-up files of Linux: what is seen, and what each change looks like.

use assay_module_shellrc::Shellrc;
use assay_sdk::testkit::{Fixture, Seen};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Shellrc>()
}

/// Ana, who owns no file of the fixture.
fn with_ana() -> Fixture {
    Fixture::new()
        .file("/etc/passwd", "ana:x:4242:4242::/home/ana:/bin/bash\n")
        .folder("/home/ana")
}

#[test]
fn a_debian_with_a_bit_of_everything() {
    let fixture = with_ana()
        .file(
            "/etc/profile",
            "# for all\nexport PATH\nif [ -d /etc/profile.d ]; then\n  for i in /etc/profile.d/*.sh; do\n    . $i\n  done\nfi\n",
        )
        .file("/etc/profile.d/tool.sh", "TOOL=/opt/tool\n. $TOOL/env\n")
        .file("/etc/profile.d/README", "no code\n")
        .file("/opt/tool/env", "eval \"$(/opt/tool/bin/tool env)\"\n")
        .file("/etc/zsh/zshenv", "export ZDOTDIR=$HOME/.config/zsh\n")
        .file("/etc/fish/conf.d/a.fish", "set -gx EDITOR /opt/edit\n")
        .file("/home/ana/.config/zsh/.zshrc", "source ~/.oh-my-zsh/oh-my-zsh.sh\n")
        .file("/home/ana/.config/zsh/.zshrc.zwc", b"\x04\x03\x02\x07")
        .file("/home/ana/.oh-my-zsh/oh-my-zsh.sh", "true\n".repeat(20_000))
        .file("/home/ana/.oh-my-zsh/custom/plugins/kit/kit.plugin.zsh", "kit() {\n  /opt/kit\n}\n")
        .file("/home/ana/.bash_profile", "")
        .file("/home/ana/.profile", "export API_TOKEN=abc\nexport GH_TOKEN=\"$(/opt/gh token)\"\n. .relative\n")
        .file("/home/ana/.bashrc", "export BASH_ENV=~/.env\ncase $TERM in\nx*)\n  a\nesac\nalias sudo='/opt/s'\n")
        .file("/home/ana/.env", "/opt/each &\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// The lines that installers and intruders write: each is one entry more, or one that changed.
#[test]
fn one_act_is_one_change() {
    let rc = |text: &str| scan(&with_ana().file("/home/ana/.bashrc", text));
    let before = "if [ -t 0 ]; then\n  stty -ixon\nfi\nPS1='$ '\n";
    for (after, told) in [
        (
            format!("{before}/opt/x &\n"),
            "added shell_code /home/ana/.bashrc: /opt/x &",
        ),
        (
            format!("{before}# >>> init >>>\nif [ -f /x ]; then\n    . /x\nelse\n    y\nfi\n"),
            "added shell_code /home/ana/.bashrc: if [ -f /x ]; then",
        ),
        (
            before.replace("-ixon", "-ixon; /opt/x"),
            "changed shell_code /home/ana/.bashrc: if [ -t 0 ]; then: code programs",
        ),
        (
            before.replace("PS1='$ '\n", ""),
            "removed shell_code /home/ana/.bashrc: PS1='$ '",
        ),
    ] {
        assert_eq!(rc(&after).changes_since(&rc(before)), [told]);
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let rc = |text: &str| scan(&with_ana().file("/home/ana/.bashrc", text));
    let plain = rc("PS1='$ '\nif x; then\n  a\nfi\n");
    let other = rc("\u{feff}# mine\r\nif x; then\r\n\t\ta\r\n\r\n\tfi\r\n\r\n  # more\r\nPS1='$ '   \r\n");
    assert_eq!(other.changes_since(&plain), Vec::<String>::new());
}

#[test]
fn what_hides_and_what_is_loaded_shows_its_change() {
    let profile = with_ana().file("/home/ana/.profile", "a\n");
    let hidden = with_ana()
        .file("/home/ana/.profile", "a\n")
        .file("/home/ana/.bash_login", "# nothing\n");
    assert_eq!(
        scan(&hidden).changes_since(&scan(&profile)),
        ["added hidden_profile /home/ana/.profile"]
    );
    let loaded = |code: &str| {
        with_ana()
            .file("/home/ana/.profile", ". ~/.lib/a\n")
            .file("/home/ana/.lib/a", code)
    };
    assert_eq!(
        scan(&loaded("a\n/opt/x\n")).changes_since(&scan(&loaded("a\n"))),
        ["added shell_code /home/ana/.lib/a: /opt/x"]
    );
    let link = |target: &str| {
        with_ana()
            .link("/home/ana/.zshrc.zwc", target)
            .file("/b", "")
            .file("/a", "")
    };
    scan(&link("/b")).assert_changed("link_target", &scan(&link("/a")));
}

/// A start-up file is known by its own path, whoever else loads it.
#[test]
fn what_loads_a_start_up_file_does_not_rename_it() {
    let home = |profile: &str| {
        with_ana()
            .file("/home/ana/dots/bashrc", "/opt/x\n")
            .link("/home/ana/.bashrc", "dots/bashrc")
            .file("/home/ana/.profile", profile)
            .file("/etc/skel/.bashrc", ". ~/dots/bashrc\n")
    };
    let told = scan(&home("a\n. ~/dots/bashrc\n")).changes_since(&scan(&home("a\n")));
    assert_eq!(told, ["added shell_code /home/ana/.profile: . ~/dots/bashrc"]);
}

/// Root would otherwise write into a log what Ana may not read.
#[test]
fn what_the_owner_of_a_home_may_not_read_is_not_told() {
    let fixture = with_ana()
        .file("/etc/shadow", "root:SECRET:1::::::\n")
        .file("/etc/gshadow", "SECRET:1::\n")
        .file("/root/notes", "SECRET\n")
        .file("/usr/share/kit/open", "/opt/kit\n")
        .link("/home/ana/.bashrc", "/etc/shadow")
        .link("/home/ana/.zshrc", "/root/notes")
        .file(
            "/home/ana/.profile",
            ". /etc/shadow\n. /root/notes\n. /usr/share/kit/open\n",
        );
    fs::hard_link(fixture.host("/etc/gshadow"), fixture.host("/home/ana/.zlogin")).expect("a link");
    for (path, mode) in [
        ("/etc/shadow", 0o640),
        ("/etc/gshadow", 0o600),
        ("/root", 0o700),
        ("/home/ana", 0o700),
    ] {
        fs::set_permissions(fixture.host(path), fs::Permissions::from_mode(mode)).expect(path);
    }
    let seen = scan(&fixture);
    assert!(!seen.snapshot().contains("SECRET"), "{}", seen.snapshot());
    assert_eq!(
        seen.keys("shell_script"),
        ["/home/ana/.bashrc", "/home/ana/.zshrc", "/home/ana/.zlogin"],
        "{}",
        seen.snapshot()
    );
    assert_eq!(
        seen.programs("shell_script", "/home/ana/.bashrc"),
        ["/etc/shadow"]
    );
    assert!(
        seen.keys("shell_code")
            .contains(&"/usr/share/kit/open: /opt/kit".to_owned())
    );
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = with_ana()
        .fifo("/etc/profile")
        .link("/etc/bash.bashrc", "bash.bashrc")
        .folder("/etc/csh.login")
        .file("/etc/zshrc", vec![b'a'; 2 << 20])
        .file("/etc/zprofile", "/x\n".repeat(6000))
        .file(
            "/home/ana/.bashrc",
            ". ~/.bashrc\n. ~/loop\n. /dev/zero\n. /etc/passwd2\n",
        )
        .file("/home/ana/loop", ". ~/.bashrc\n. ~/fifo\n")
        .fifo("/home/ana/fifo")
        .file("/home/ana/.zshrc", b"\xff\xfe\0; /opt/\xff\n")
        .file("/home/ana/.login", format!("{}/x\n", "and ".repeat(1000)))
        .file("/home/ana/.logout", format!("X={}\n", "y".repeat(200_000)))
        .link("/home/ana/.profile", "gone");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// A million lines of one account leave the others seen.
#[test]
fn one_home_does_not_use_up_the_room_of_all() {
    let mut fixture = with_ana().file(
        "/etc/passwd",
        "ana:x:4242:1::/home/ana:\nbob:x:4243:1::/home/bob:\n",
    );
    for n in 0..6 {
        let lines: String = (0..4000).map(|line| format!("a{line}\n")).collect();
        fixture = fixture.file(&format!("/home/ana/.bashrc.d/{n}"), lines);
    }
    let seen = scan(&fixture.file("/home/bob/.bashrc", "/opt/x\n"));
    assert_eq!(seen.keys("shell_script").len(), 4);
    assert_eq!(seen.keys("shell_code").len(), 8001);
    assert_eq!(
        seen.programs("shell_code", "/home/bob/.bashrc: /opt/x"),
        ["/opt/x"]
    );
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
