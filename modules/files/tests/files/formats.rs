//! What becomes of what stands in a file.

use crate::{keys, seen};
use assay_sdk::testkit::{Fixture, binary_plist};

#[test]
fn lines_are_entries_in_any_order() {
    let list = "[[watch]]\npaths = ['/etc/x']\nformat = 'lines'\ncontinued = true";
    let one = seen(Fixture::new().file("/etc/x", "b \\\n c\n# no\n\n  a\na\n"), list);
    assert_eq!(one.keys("k1"), ["/etc/x: b   c", "/etc/x: a", "/etc/x: a #2"]);
    assert_eq!(one.field("k1", "/etc/x: a", "line"), "a");
    let mut keys = [
        one.keys("k1"),
        keys(Fixture::new().file("/etc/x", "a\r\nb   c\na"), list),
    ];
    keys.iter_mut().for_each(|keys| keys.sort());
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn parts_of_lines_are_fields() {
    let list = "
[[watch]]
paths = ['/etc/passwd']
format = 'lines'
separator = ':'
fields = ['user', 'password', 'uid', 'rest']
compare = ['uid']
[[watch]]
paths = ['/etc/hosts']
format = 'lines'
fields = ['address', 'names']
key = ['names']";
    let fixture = Fixture::new()
        .file("/etc/passwd", "root:secret:0:0:root:/root:/bin/sh\nodd\n")
        .file("/etc/hosts", "127.0.0.1 \t localhost  x\n");
    assert_eq!(
        seen(fixture, list).snapshot(),
        "k1 /etc/passwd: odd  (/etc/passwd)
    user = odd
k1 /etc/passwd: root  (/etc/passwd)
    password = <hidden>
    rest = 0:root:/root:/bin/sh
    uid = 0
    user = root
k2 /etc/hosts: localhost  x  (/etc/hosts)
    address = 127.0.0.1
    names = localhost  x"
    );
}

#[test]
fn an_alternative_may_be_empty() {
    let list = "[[watch]]\npaths = ['/x']\nformat = 'lines'\nonly = ['{,export }A=*']";
    let fixture = Fixture::new().file("/x", "A=1\nexport A=2\nset A=3\n");
    assert_eq!(keys(fixture, list), ["/x: A=1", "/x: export A=2"]);
}

#[test]
fn only_what_is_asked_for_and_not_what_is_ignored() {
    let list = "[[watch]]\npaths = ['/x.pth']\nformat = 'lines'\nonly = ['import*', 'from *']\nignore = ['import sys']";
    let fixture = Fixture::new().file(
        "/x.pth",
        "import os; os.system('/tmp/a.b')\nimport sys\n../lib\nfrom a/b import c\n",
    );
    assert_eq!(
        keys(fixture, list),
        [
            "/x.pth: import os; os.system('/tmp/a.b')",
            "/x.pth: from a/b import c"
        ]
    );
}

#[test]
fn settings_bear_the_names_of_their_sections() {
    let list = "[[watch]]\npaths = ['/a.ini']\nformat = 'ini'\n[[watch]]\npaths = ['/gitconfig']\nformat = 'git'\nonly = ['*.command', 'core.*']\ncommand = 'value'";
    let fixture = Fixture::new()
        .file(
            "/a.ini",
            "top = 1\n[global]\nindex-url = https://a:b@c/\n; no\ntoken = x\n[global]\nindex-url=2\nbare\n",
        )
        .file(
            "/gitconfig",
            "[core]\n\tfsmonitor = /opt/x --y\n[user]\n\tname = a\n[mergetool \"z\"]\n\tcommand = /opt/z\n",
        );
    assert_eq!(
        seen(fixture, list).snapshot(),
        "k1 /a.ini: global.bare  (/a.ini)
k1 /a.ini: global.index-url  (/a.ini)
    value = https://a:<hidden>@c/
k1 /a.ini: global.index-url #2  (/a.ini)
    value = 2
k1 /a.ini: global.token  (/a.ini)
    value = <hidden>
k1 /a.ini: top  (/a.ini)
    value = 1
k2 /gitconfig: core.fsmonitor  (/gitconfig)
    value = /opt/x --y
    runs /opt/x
k2 /gitconfig: mergetool.z.command  (/gitconfig)
    value = /opt/z
    runs /opt/z"
    );
}

#[test]
fn a_section_is_one_entry_with_its_settings() {
    let list = "[[watch]]\npaths = ['/a.cnf']\nformat = 'sections'\nignore = ['ca.*', '*.comment']";
    let text = "top = 1\n[ req ] # of the user\nb= x=y\na =https://u:p@h/\ncomment = c\n; no\n[ca]\nd = e\n[empty]\n[req]\npassword = s\nbare\n";
    let expected = "k1 /a.cnf  (/a.cnf)
    settings = [top=1]
k1 /a.cnf: req  (/a.cnf)
    settings = [a=https://u:<hidden>@h/, b=x=y]
k1 /a.cnf: req #2  (/a.cnf)
    settings = [bare, password=<hidden>]";
    assert_eq!(
        seen(Fixture::new().file("/a.cnf", text), list).snapshot(),
        expected
    );
    let moved = text
        .replace("top = 1\n", "top=1\n# a comment\n")
        .replace("b= x=y\na =", "a =");
    let moved = moved.replace("comment = c\n", "  comment = d\r\nb = x=y\n");
    assert_eq!(
        seen(Fixture::new().file("/a.cnf", moved), list).snapshot(),
        expected
    );
}

#[test]
fn a_block_is_a_section_and_a_block_in_it_belongs_to_its_settings() {
    let list = "[[watch]]\npaths = ['/cupsd.conf']\nformat = 'sections'";
    let text = "Listen 631\n<Location />\n  Order deny\n</Location>\nBrowsing On\n<Policy default>\nX y\n<Limit A B>\nOrder allow\n</Limit>\n</Policy>\n</Stray>\nLast z\n<Open>\nO p\n";
    assert_eq!(
        seen(Fixture::new().file("/cupsd.conf", text), list).snapshot(),
        "k1 /cupsd.conf  (/cupsd.conf)
    settings = [Browsing On, Last z, Listen 631]
k1 /cupsd.conf: Location /  (/cupsd.conf)
    settings = [Order deny]
k1 /cupsd.conf: Open  (/cupsd.conf)
    settings = [O p]
k1 /cupsd.conf: Policy default  (/cupsd.conf)
    settings = [Limit A B Order allow, X y]"
    );
}

#[test]
fn a_section_that_is_too_long_is_compared_byte_by_byte() {
    let list = "[[watch]]\npaths = ['/a.cnf']\nformat = 'sections'";
    let text = format!("[big]\n{}[small]\na=1\n", "name = value\n".repeat(20_000));
    let seen = seen(Fixture::new().file("/a.cnf", text), list);
    assert_eq!(seen.keys("k1"), ["/a.cnf: big", "/a.cnf: small"]);
    assert!(seen.entry("k1", "/a.cnf: big").unparsable.is_some());
    assert_eq!(seen.entry("k1", "/a.cnf: small").unparsable, None);
}

#[test]
fn a_setting_of_a_section_may_go_on_in_the_next_line() {
    let list = "[[watch]]\npaths = ['/j.security']\nformat = 'sections'\ncontinued = true";
    let text = "# not \\\nb = 1, \\\n    2\na = 3\n";
    assert_eq!(
        seen(Fixture::new().file("/j.security", text), list).snapshot(),
        "k1 /j.security  (/j.security)\n    settings = [a=3, b=1,      2]"
    );
}

#[test]
fn names_told_with_each_setting_take_neither_time_nor_memory() {
    let all =
        "[[watch]]\npaths = ['/a.cnf']\nformat = 'sections'\n[[watch]]\npaths = ['/a.cnf']\nformat = 'ini'";
    let long = "x".repeat(400_000);
    for text in [
        "<A>\nx\n".repeat(100_000),
        format!("[{long}]\n{}", "a=1\n".repeat(100_000)),
        format!("<A>\n<{long}>\n{}", "a=1\n".repeat(100_000)),
    ] {
        let seen = seen(Fixture::new().file("/a.cnf", text), all);
        let [section] = &seen.keys("k1")[..] else {
            panic!("one section: {:?}", seen.keys("k1"))
        };
        assert!(seen.entry("k1", section).unparsable.is_some());
        assert!(seen.entry("k2", "/a.cnf").unparsable.is_some());
    }
}

#[test]
fn every_value_of_a_tree_is_an_entry() {
    let expected = "k1 FILE: /a~1b/0/c  (FILE)
    value = 1
k1 FILE: /a~1b/1  (FILE)
    value = x
k1 FILE: /list  (FILE)
    value = (p, q)
k1 FILE: /on  (FILE)
    value = true
k1 FILE: /password  (FILE)
    value = <hidden>";
    let plist = "<plist version='1.0'><dict><key>a/b</key><array><dict><key>c</key><integer>1</integer></dict><string>x</string></array>
        <key>list</key><array><string>p</string><string>q</string></array><key>on</key><true/><key>password</key><string>pw</string></dict></plist>";
    let json = r#"{ // a comment
        "password": "pw", "a/b": [{"c": 1}, "x"], "list": ["p", "q"], "on": true, }"#;
    let toml = "\"a/b\" = [{ c = 1 }, \"x\"]\nlist = [\"p\", \"q\"]\non = true\npassword = 'pw'\n";
    for (format, content) in [
        ("json", json.as_bytes().to_vec()),
        ("toml", toml.as_bytes().to_vec()),
        ("plist", plist.as_bytes().to_vec()),
        ("plist", binary_plist(plist)),
    ] {
        let list = format!("[[watch]]\npaths = ['/etc/f']\nformat = '{format}'");
        let seen = seen(Fixture::new().file("/etc/f", content), &list);
        assert_eq!(seen.snapshot(), expected.replace("FILE", "/etc/f"), "{format}");
    }
}

#[test]
fn items_have_fields_and_programs() {
    let list = "
[[watch]]
paths = ['/s.json']
format = 'json'
items = '/extensions/*'
fields = ['path', 'manifest/name', 'fromWebstore']
compare = ['path', 'from_webstore']
program = 'path'
[[watch]]
paths = ['/hooks.json']
format = 'json'
items = '/hooks/*/*'
fields = ['id', 'argv']
key = ['id']
command = 'argv'
[[watch]]
paths = ['/s.json']
format = 'json'
items = '/trusted/*'";
    let fixture = Fixture::new()
        .file("/s.json", r#"{"extensions": {"abc": {"path": "/opt/e", "manifest": {"name": "E"}, "fromWebstore": false}, "x": 3}, "trusted": ["b", "a"]}"#)
        .file("/hooks.json", r#"{"hooks": {"start": [{"id": "one", "argv": ["/bin/sh", "-c", "/opt/run it"]}]}}"#)
        .script("/bin/sh", "");
    assert_eq!(
        seen(fixture, list).snapshot(),
        "k1 /s.json: /extensions/abc  (/s.json)
    from_webstore = false
    manifest_name = E
    path = /opt/e
    runs /opt/e
k1 /s.json: /extensions/x  (/s.json)
k2 /hooks.json: one  (/hooks.json)
    argv = (/bin/sh, -c, /opt/run it)
    id = one
    runs /bin/sh
    runs /opt/run
k3 /s.json: /trusted/a  (/s.json)
    value = a
k3 /s.json: /trusted/b  (/s.json)
    value = b"
    );
}

#[test]
fn a_file_may_be_taken_whole() {
    let list = "
[[watch]]
paths = ['/d/*']
format = 'opaque'
exclude = ['/d/folder']
[[watch]]
paths = ['/d/*']
format = 'exists'
[[watch]]
paths = ['/d/run', '/d/to-run']
format = 'opaque'
program = 'file'
[[watch]]
paths = ['/d/run']
format = 'lines'
program = 'file'";
    let fixture = Fixture::new()
        .script("/d/run", "#!/bin/sh\nx\n")
        .link("/d/to-run", "run")
        .link("/d/nowhere", "gone")
        .fifo("/d/fifo")
        .folder("/d/folder");
    assert_eq!(
        seen(fixture, list).snapshot(),
        "k1 /d/fifo  (/d/fifo)
    unparsable: is a FIFO
k1 /d/nowhere  (/d/nowhere)
    unparsable: link leads nowhere
    link_target = gone
k1 /d/run  (/d/run)
k1 /d/to-run  (/d/run)
    link_target = run
k2 /d/fifo  (/d/fifo)
    type = fifo
k2 /d/folder  (/d/folder)
    type = folder
k2 /d/nowhere  (/d/nowhere)
    link_target = gone
    type = link
k2 /d/run  (/d/run)
    type = file
k2 /d/to-run  (/d/to-run)
    link_target = run
    type = link
k3 /d/run  (/d/run)
    runs /d/run
k3 /d/to-run  (/d/to-run)
    link_target = run
    runs /d/run
k4 /d/run: x  (/d/run)
    line = x
    runs /d/run"
    );
}

#[test]
fn a_private_key_stays_in_its_file() {
    let list = "[[watch]]\npaths = ['/vpn.conf']\nformat = 'lines'";
    let text =
        "up /opt/x\n<key>\n-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----\n</key>\n";
    let seen = seen(Fixture::new().file("/vpn.conf", text), list);
    assert!(!seen.snapshot().contains("TOPSECRET"));
    assert_eq!(seen.entries.len(), 4);
}

#[test]
fn lists_for_other_systems_are_left_alone() {
    let list = "[[watch]]\npaths = ['/a']\nformat = 'exists'\nplatforms = ['macos']";
    assert_eq!(keys(Fixture::new().file("/a", ""), list), [""; 0]);
    assert_eq!(keys(Fixture::macos().file("/a", ""), list), ["/a"]);
}
