use super::*;

fn shown(text: &str) -> Vec<String> {
    let said = parse(text.as_bytes());
    let show = |key: &[u8], values: Vec<String>| {
        format!("{} = {}", String::from_utf8_lossy(key), values.join(" | "))
    };
    let texts = |values: &[Text]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut all: Vec<String> = said
        .rules
        .iter()
        .map(|(key, grants)| show(key, grants.iter().map(|grant| grant.text.to_string()).collect()))
        .collect();
    all.extend(
        said.defaults
            .iter()
            .chain(&said.aliases)
            .map(|(key, values)| show(key, texts(values))),
    );
    all.extend(
        said.includes
            .iter()
            .map(|include| format!("include {} {}", include.folder, include.path)),
    );
    all.extend(said.malformed.iter().map(|line| format!("malformed {line}")));
    all
}

#[test]
fn rules_in_one_form() {
    assert_eq!(
        shown("ana ALL=(ALL:ALL) NOPASSWD: ALL"),
        ["ana ALL = (ALL:ALL) NOPASSWD: ALL"]
    );
    assert_eq!(
        shown("ana\tALL = ( ALL : ALL )  NOPASSWD :ALL # why"),
        ["ana ALL = (ALL:ALL) NOPASSWD: ALL"]
    );
    assert_eq!(
        shown(
            "%ops, !eve , #1004  web1,web2 = (root) SETENV: NOPASSWD: /bin/a -x, \\\n PASSWD: /bin/b \\:x : db = /bin/c\n"
        ),
        [
            "!eve db = /bin/c",
            "!eve web1,web2 = (root) NOPASSWD: SETENV: /bin/a -x | (root) PASSWD: SETENV: /bin/b \\\\:x",
            "#1004 db = /bin/c",
            "#1004 web1,web2 = (root) NOPASSWD: SETENV: /bin/a -x | (root) PASSWD: SETENV: /bin/b \\\\:x",
            "%ops db = /bin/c",
            "%ops web1,web2 = (root) NOPASSWD: SETENV: /bin/a -x | (root) PASSWD: SETENV: /bin/b \\\\:x",
        ]
    );
    assert_eq!(
        shown("a ALL = CWD=/opt sha256:AA== /bin/a, ! /bin/b\na ALL=/bin/c\n"),
        ["a ALL = CWD=/opt sha256:AA== /bin/a | CWD=/opt ! /bin/b | /bin/c"]
    );
}

#[test]
fn defaults_and_aliases() {
    assert_eq!(
        shown(
            "Defaults env_reset, !requiretty\nDefaults env_keep += \"A B\"\nDefaults env_keep+=C, timestamp_timeout=-1\n\
            Defaults:ana, bob !authenticate\nDefaults!/bin/x secure_path=\"/a:/b\"\n"
        ),
        [
            "Defaults env_keep = +A | +B | +C",
            "Defaults env_reset = on",
            "Defaults requiretty = off",
            "Defaults timestamp_timeout = -1",
            "Defaults!/bin/x secure_path = /a:/b",
            "Defaults:ana,bob authenticate = off",
        ]
    );
    assert_eq!(
        shown(
            "User_Alias OPS = cyd, ana : DEV=bob\nCmnd_Alias SH = /bin/sh -c x, !/bin/a\nRunas_Alias R = #0"
        ),
        [
            "Cmnd_Alias SH = /bin/sh -c x | !/bin/a",
            "Runas_Alias R = #0",
            "User_Alias DEV = bob",
            "User_Alias OPS = ana | cyd"
        ]
    );
}

#[test]
fn colons_in_names() {
    assert_eq!(
        shown("Host_Alias A = 2001:db8::1, ::1:B=c\n%:my\\ group ::1 = /bin/a : 10.0.0.0/8 = /bin/b"),
        [
            "%:my\\ group 10.0.0.0/8 = /bin/b",
            "%:my\\ group ::1 = /bin/a",
            "Host_Alias A = 2001:db8::1 | ::1",
            "Host_Alias B = c",
        ]
    );
}

#[test]
fn comments_includes_and_nonsense() {
    assert_eq!(
        shown(
            "# a \\\n#include /etc/x y\n@includedir \"/etc/my rules\"\n#included by hand\n#includedir /etc/sudoers.d\nnonsense\nana ALL=\n= =\nDefaults\n"
        ),
        [
            "include false /etc/x",
            "include true /etc/my rules",
            "include true /etc/sudoers.d",
            "malformed nonsense",
            "malformed ana ALL=",
            "malformed = =",
            "malformed Defaults",
        ]
    );
    assert_eq!(
        shown("#1000 ALL=/bin/a#b\nbob ALL=(#0) /bin/c"),
        ["#1000 ALL = /bin/a", "bob ALL = (#0) /bin/c"]
    );
}

#[test]
fn hostile_text_ends() {
    for text in [
        "\\",
        "a b=(",
        "Defaults:",
        "User_Alias",
        "User_Alias =",
        "\"",
        "Defaults!",
        "a,,,b ,= x:",
        "a b=sha256:",
        "!!!!",
        "a b = c : : d",
        "%:%:%:",
        "a::::::",
        "User_Alias A = :a:b:c",
    ] {
        shown(text);
        shown(&text.repeat(5_000));
    }
    let users: String = (0..5_000).map(|n| format!("u{n},")).collect();
    assert_eq!(
        parse(format!("{users}z ALL=/usr/bin/something").as_bytes())
            .rules
            .len(),
        1
    );
    let spread = format!("a ALL=({}) {}/y", "r".repeat(1_000), "/x,".repeat(100));
    assert_eq!(parse(spread.as_bytes()).malformed.len(), 1);
    let groups = format!("{} h=/x{}", vec!["user"; 500].join(","), ":h=/x".repeat(1_000));
    assert_eq!(parse(groups.as_bytes()).malformed.len(), 1);
    let defaults = format!("Defaults:{} x{}", vec!["user"; 500].join(","), ",x".repeat(1_000));
    assert_eq!(parse(defaults.as_bytes()).malformed.len(), 1);
}
