//! Package managers: what is seen, and what each change looks like.

use assay_module_packages::Packages;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Packages>()
}

const HOOK: &str = "[Trigger]\nOperation = Upgrade\nOperation = Install\nType = Path\nTarget = usr/lib/x/*\n\
    [Action]\nDescription = Refresh\nWhen = PostTransaction\nExec = /bin/sh -c /opt/refresh\n";

#[test]
fn a_system_with_a_bit_of_everything() {
    let fixture = Fixture::new()
        .script("/bin/sh", "")
        .script("/opt/refresh", "")
        .file("/etc/apt/apt.conf", "APT::Install-Recommends \"false\";")
        .file(
            "/etc/apt/apt.conf.d/70hooks",
            "DPkg { Post-Invoke { \"/opt/refresh --all\"; \"true\"; }; };\n",
        )
        .file("/etc/apt/apt.conf.d/70hooks.dpkg-dist", "APT::Update::Pre-Invoke {\"/opt/x\"};")
        .file("/etc/apt/sources.list", "deb [trusted=yes] http://mirror.example/d stable main\n")
        .file(
            "/etc/apt/sources.list.d/more.sources",
            "Types: deb\nURIs: https://deb.example/\nSuites: stable\nComponents: main extra\nSigned-By: /k.gpg\n",
        )
        .file("/etc/apt/sources.list.d/old.list.save", "deb http://old.example stable main")
        .file("/etc/dpkg/dpkg.cfg", "# log\nlog /var/log/dpkg.log\n")
        .file("/etc/dpkg/dpkg.cfg.d/hook", "post-invoke=/opt/refresh\n")
        .file("/etc/dpkg/dpkg.cfg.d/off.bak", "post-invoke=/opt/x\n")
        .file("/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/id\n/usr/bin/id.real\n:\n")
        .file("/etc/yum.repos.d/main.repo", "[main]\nname=Main\nbaseurl=https://r.example/\ngpgcheck=1\ncost=9\n")
        .file("/etc/pacman.conf", "[options]\nHookDir = /opt/hooks/\nHookDir = /etc/pacman.d/hooks/\n")
        .file("/usr/share/libalpm/hooks/refresh.hook", HOOK)
        .file("/opt/hooks/other.hook", "[Action]\nExec = /opt/gone\n")
        .link("/etc/pacman.d/hooks/refresh.hook", "/dev/null")
        .file("/etc/pacman.d/hooks/README", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// A header of rpm's database with strings only.
fn header(tags: &[(u32, &str)]) -> Vec<u8> {
    let (mut entries, mut store) = (Vec::new(), Vec::new());
    for (tag, value) in tags {
        let offset = u32::try_from(store.len()).expect("a small store");
        for number in [*tag, 6, offset, 1] {
            entries.extend(number.to_be_bytes());
        }
        store.extend(value.bytes().chain([0]));
    }
    let sizes = [tags.len(), store.len()].map(|size| u32::try_from(size).expect("small").to_be_bytes());
    [sizes.concat(), entries, store].concat()
}

fn rpmdb(headers: &[Vec<u8>]) -> Vec<u8> {
    let mut made = rusqlite::Connection::open_in_memory().expect("a database");
    made.execute_batch("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        .expect("a table");
    for header in headers {
        made.execute("INSERT INTO Packages (blob) VALUES (?1)", [header])
            .expect("a row");
    }
    made.serialize(rusqlite::MAIN_DB).expect("bytes").to_vec()
}

fn clock(script: &str) -> Vec<u8> {
    let named = [
        (1000, "clock"),
        (1001, "1.2"),
        (1002, "3"),
        (1022, "x86_64"),
        (1011, "Vendor"),
        (268, "sig"),
    ];
    header(&[&named[..], &[(1024, script), (1086, "/bin/sh")]].concat())
}

#[test]
fn scripts_and_keys_of_rpm() {
    let key = header(&[
        (1000, "gpg-pubkey"),
        (1001, "a1b2"),
        (1002, "5f"),
        (1004, "Vendor <v@example>"),
    ]);
    let unsigned = header(&[
        (1000, "relay"),
        (1001, "1"),
        (1002, "1"),
        (1022, "noarch"),
        (1065, "/opt/t"),
        (1092, "/bin/sh"),
    ]);
    let bytes = rpmdb(&[key, clock("/opt/x &\n"), unsigned, b"odd".to_vec()]);
    let fixture = Fixture::new()
        .script("/bin/sh", "")
        .file("/usr/lib/sysimage/rpm/rpmdb.sqlite", bytes)
        .link("/var/lib/rpm", "../../usr/lib/sysimage/rpm");
    insta::assert_snapshot!(scan(&fixture).snapshot());

    let of = |script| Fixture::new().file("/var/lib/rpm/rpmdb.sqlite", rpmdb(&[clock(script)]));
    scan(&of("/opt/y")).assert_changed("script", &scan(&of("true")));
    let damaged = Fixture::new().file("/var/lib/rpm/rpmdb.sqlite", "no database");
    assert!(
        scan(&damaged)
            .entry("rpm_script", "/var/lib/rpm/rpmdb.sqlite")
            .unparsable
            .is_some()
    );
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let apt = |text: &str| Fixture::new().file("/etc/apt/apt.conf.d/1", text);
    let sources = |text: &str| Fixture::new().file("/etc/apt/sources.list", text);
    let stanza = |text: &str| {
        let text = format!("Types: deb\nURIs: http://h/\nSuites: s\n{text}");
        Fixture::new().file("/etc/apt/sources.list.d/h.sources", text)
    };
    let repository = |text: &str| Fixture::new().file("/etc/yum.repos.d/a.repo", format!("[a]\n{text}"));
    let diversions = |text: &str| Fixture::new().file("/var/lib/dpkg/diversions", text);
    let hook = |text: &str| Fixture::new().file("/etc/pacman.d/hooks/a.hook", text);
    let pairs = [
        ("value", apt("A \"0\";"), apt("A \"1\";")),
        (
            "components",
            sources("deb http://h s main"),
            sources("deb http://h s main x"),
        ),
        (
            "options",
            sources("deb http://h s m"),
            sources("deb [trusted=yes] http://h s m"),
        ),
        ("options", stanza(""), stanza("Trusted: yes\n")),
        ("disabled", stanza(""), stanza("Enabled: no\n")),
        (
            "baseurl",
            repository("baseurl=http://a/"),
            repository("baseurl=http://b/"),
        ),
        ("gpgcheck", repository("gpgcheck=1"), repository("gpgcheck=0")),
        ("other", repository("cost=1"), repository("cost=2")),
        ("target", diversions("/a\n/b\n:\n"), diversions("/a\n/c\n:\n")),
        ("by", diversions("/a\n/b\ndash\n"), diversions("/a\n/b\n:\n")),
        ("exec", hook(HOOK), hook(&HOOK.replace("/opt/refresh", "/tmp/x"))),
        ("when", hook(HOOK), hook(&HOOK.replace("Post", "Pre"))),
        ("operations", hook(HOOK), hook(&HOOK.replace("Upgrade", "Remove"))),
        ("targets", hook(HOOK), hook(&HOOK.replace("lib/x", "lib/y"))),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let plain = Fixture::new()
        .file("/etc/apt/apt.conf.d/1", "A::B \"0\"; C:: \"/x\"; C:: \"/y\";")
        .file("/etc/apt/sources.list", "deb http://h s main extra\n")
        .file("/etc/yum.repos.d/a.repo", "[a]\nenabled=1\ncost=1\n");
    let other = Fixture::new()
        .file(
            "/etc/apt/apt.conf.d/1",
            "// why\nC { \"/y\"; \"/x\"; };\nA {\n  B \"0\";\n};\n",
        )
        .file(
            "/etc/apt/sources.list",
            "# mirrors\n\ndeb   http://h\ts extra main # here\n",
        )
        .file(
            "/etc/yum.repos.d/a.repo",
            "# repo\n[a]\ncost = 1\nenabled = 1\r\n",
        );
    assert_eq!(scan(&plain).snapshot(), scan(&other).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/etc/apt/apt.conf")
        .fifo("/etc/apt/sources.list")
        .folder("/etc/dpkg/dpkg.cfg")
        .fifo("/var/lib/dpkg/diversions")
        .link("/etc/apt/apt.conf.d/loop", "loop")
        .file("/etc/apt/apt.conf.d/big", vec![b'{'; 2 << 20])
        .file("/etc/apt/apt.conf.d/line\nbreak", "A \"\x1b[31m\";")
        .file(
            "/etc/apt/sources.list.d/many.sources",
            format!("Types: {0}\nURIs: {0}\nSuites: {0}\n", "x ".repeat(9000)),
        )
        .link("/etc/yum.repos.d/nowhere.repo", "/gone")
        .fifo("/etc/pacman.d/hooks/a.hook")
        .file("/etc/pacman.conf", "[options]\nHookDir = relative\nHookDir =\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
