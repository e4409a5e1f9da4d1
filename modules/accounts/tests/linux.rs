//! Accounts of Linux: what is seen, and what each change looks like.

use assay_module_accounts::Accounts;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Accounts>()
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nana:x:1000:1000:Ana,,,:/home/ana:/bin/sh\n";

#[test]
fn a_system_with_a_bit_of_everything() {
    let fixture = Fixture::new()
        .script("/usr/bin/bash", "")
        .link("/bin/bash", "../usr/bin/bash")
        .file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\n# a comment\ntoor:$1$a$b:0:0::/root:\nana:x:1000:1000:Ana,,,:/home/ana:/bin/sh \n\
             ana:x:1001:1000::/home/ana:/bin/sh\nshort:$6$x$y:1\n+@admins::::::\n",
        )
        .file(
            "/etc/shadow",
            "root:!:20000:0:99999:7:::\nana:$y$j9T$s$h:20001:0:99999:7:30:21000:\nnobody\nold:\n",
        )
        .file("/etc/tcb/eve/shadow", "eve:$2b$05$x:20002:::::0:\n")
        .file("/etc/group", "root:x:0:\nsudo:x:27:ana,eve\nodd::many:\nkeyed:$6$a$b:5:\n")
        .file("/etc/gshadow", "sudo:*:ana:ana,eve\ndocker:$6$a$b::\n")
        .file("/var/lib/extrausers/passwd", "snap:x:2000:2000::/home/snap:/bin/bash\n")
        .file(
            "/etc/userdb/lena.user",
            r#"{"userName":"lena","uid":60001,"memberOf":["wheel","audio"],"locked":false,"shell":"/bin/bash",
                "privileged":{"hashedPassword":["$6$a$b"],"sshAuthorizedKeys":["ssh-ed25519 AAAA lena"]}}"#,
        )
        .link("/etc/userdb/60001.user", "lena.user")
        .file("/etc/userdb/lena.user-privileged", r#"{"privileged":{"hashedPassword":["$y$a","" ]}}"#)
        .file("/run/userdb/web.group", r#"{"groupName":"web","gid":60002,"members":["lena"]}"#)
        .file("/etc/userdb/lena:sudo.membership", "{}")
        .file("/etc/userdb/broken.user", "{")
        .file(
            "/var/lib/systemd/home/mia.identity",
            r#"{"userName":"mia","binding":{"e5f1":{"uid":60200,"gid":60200}},"privileged":{"hashedPassword":["!$6$a$b"]}}"#,
        )
        .file("/etc/shells", "# shells\n/bin/bash\n/bin/bash \n/bin/bash\n")
        .file("/usr/share/debianutils/shells.d/fish", "/usr/bin/fish\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let file = |path: &str, text: &str| Fixture::new().file(path, text);
    let passwd = |old: &str, new: &str| {
        (
            file("/etc/passwd", PASSWD),
            file("/etc/passwd", &PASSWD.replace(old, new)),
        )
    };
    let line = "ana:$y$j9T$s$h:20000:0:99999:7:30:21000:\n";
    let shadow = |old: &str, new: &str| {
        (
            file("/etc/shadow", line),
            file("/etc/shadow", &line.replace(old, new)),
        )
    };
    let user = |body: &str| {
        file(
            "/etc/userdb/a.user",
            &format!("{{\"userName\":\"a\",\"uid\":1{body}}}"),
        )
    };
    let cases = [
        ("uid", passwd("1000:1000", "0:1000")),
        ("gid", passwd("1000:1000", "1000:0")),
        ("home", passwd("/home/ana", "/srv")),
        ("shell", passwd("/bin/sh", "/bin/sh ")),
        ("password", passwd("ana:x", "ana:")),
        ("algorithm", shadow("$y$j9T$s$h", "$1$s$h")),
        ("password", shadow("$y$", "!$y$")),
        ("changed_day", shadow("20000", "20300")),
        ("max_days", shadow("99999", "90")),
        ("inactive_days", shadow(":30:", "::")),
        ("expires_day", shadow("21000", "")),
        (
            "members",
            (file("/etc/group", "a:x:1:b\n"), file("/etc/group", "a:x:1:b,c\n")),
        ),
        (
            "gid",
            (file("/etc/group", "a:x:1:b\n"), file("/etc/group", "a:x:0:b\n")),
        ),
        (
            "administrators",
            (file("/etc/gshadow", "a:!::\n"), file("/etc/gshadow", "a:!:b:\n")),
        ),
        ("groups", (user(""), user(",\"memberOf\":[\"wheel\"]"))),
        ("locked", (user(""), user(",\"locked\":true"))),
        (
            "ssh_keys",
            (
                user(""),
                user(",\"privileged\":{\"sshAuthorizedKeys\":[\"ssh-ed25519 A\"]}"),
            ),
        ),
    ];
    for (field, (before, after)) in cases {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let plain = Fixture::new()
        .file("/etc/passwd", PASSWD)
        .file("/etc/group", "sudo:x:27:ana,eve\nroot:x:0:\n")
        .file("/etc/shells", "/bin/sh\n/bin/bash\n");
    let other = Fixture::new()
        .file(
            "/etc/passwd",
            "# who\n\nana:x:1000:1000:Ana:/home/ana:/bin/sh\nroot:x:0:0:root:/root:/bin/bash\n",
        )
        .file("/etc/group", "root:x:0:\nsudo:x:27:eve,ana\n")
        .file("/etc/shells", "# all\n/bin/bash\n\n/bin/sh\n");
    assert_eq!(scan(&other).changes_since(&scan(&plain)), Vec::<String>::new());
}

/// usermod writes both files: one act, one alert.
#[test]
fn a_new_member_is_told_once() {
    let with = |members: &str| {
        Fixture::new()
            .file("/etc/group", format!("sudo:x:27:{members}\n"))
            .file("/etc/gshadow", format!("sudo:!::{members}\n"))
    };
    let told = scan(&with("ana,eve")).changes_since(&scan(&with("ana")));
    assert_eq!(told, ["changed user_group sudo: members"]);
}

#[test]
fn no_entry_holds_a_hash() {
    let fixture = Fixture::new()
        .file(
            "/etc/passwd",
            "a:$6$SALT$HASH:0:0::/:/bin/sh\nb:$6$SALT$HASH\n:$6$SALT$HASH:0:0::/:/bin/sh\n",
        )
        .file("/etc/shadow", "a:$6$SALT$HASH:20000:0:99999:7:::\n$6$SALT$HASH\n")
        .file("/etc/group", "a:$6$SALT$HASH:1:\nb:$6$SALT$HASH\n")
        .file("/etc/gshadow", "a:$6$SALT$HASH::\nb:$6$SALT$HASH\n")
        .file(
            "/etc/userdb/a.user",
            r#"{"userName":"a","privileged":{"hashedPassword":["$6$SALT$HASH"]}}"#,
        );
    let seen = scan(&fixture);
    assert!(!seen.snapshot().contains("HASH"), "{}", seen.snapshot());
    assert_eq!(seen.entries.len(), 10);
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .file("/etc/passwd", vec![b'x'; 9 << 20])
        .fifo("/etc/shadow")
        .link("/etc/group", "group")
        .file("/etc/gshadow", format!("{}:*::\n", "g".repeat(40_000)))
        .folder("/etc/shells")
        .folder("/etc/tcb/shadow")
        .file("/var/lib/extrausers/passwd", b"\xff\xfe:x:1:1::/h\0:/bin/\xff\n")
        .fifo("/etc/userdb/a.user")
        .file("/etc/userdb/b.user", "[1,2]")
        .file(
            "/etc/userdb/c.user",
            r#"{"userName":7,"uid":"x","memberOf":{},"privileged":[]}"#,
        )
        .file("/etc/userdb/d.group", "[".repeat(10_000))
        .file("/etc/userdb/x.membership", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
