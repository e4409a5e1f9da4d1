//! Which files the globs lead to.

use crate::{keys, seen};
use assay_sdk::testkit::Fixture;

fn tree() -> Fixture {
    let mut fixture = Fixture::new().file(
        "/etc/passwd",
        "ana:x:1:1::/home/ana:/bin/sh\nbo:x:2:2::/home/bo:/bin/sh\n",
    );
    for path in [
        "/home/ana/.config/a/x.cfg",
        "/home/bo/.config/b/x.cfg",
        "/opt/x.cfg",
        "/opt/one/a/x.cfg",
        "/opt/one/b/deep/er/x.cfg",
        "/opt/two/c/x.cfg",
        "/opt/.hidden/a/.x.cfg",
        "/opt/one/[a]*",
    ] {
        fixture = fixture.file(path, "");
    }
    fixture
}

fn found(paths: &str, more: &str) -> Vec<String> {
    keys(
        tree(),
        &format!("[[watch]]\nformat = 'exists'\npaths = [{paths}]\n{more}"),
    )
}

#[test]
fn stars_braces_and_homes() {
    assert_eq!(
        found("'/opt/*/a/*.cfg'", ""),
        ["/opt/.hidden/a/.x.cfg", "/opt/one/a/x.cfg"]
    );
    assert_eq!(
        found("'/opt/*/{a,c}/x.cfg'", ""),
        ["/opt/one/a/x.cfg", "/opt/two/c/x.cfg"]
    );
    assert_eq!(
        found("'/opt/**/x.cfg'", ""),
        [
            "/opt/one/a/x.cfg",
            "/opt/one/b/deep/er/x.cfg",
            "/opt/two/c/x.cfg",
            "/opt/x.cfg"
        ]
    );
    assert_eq!(
        found("'/opt/*/b/**'", ""),
        [
            "/opt/one/b/deep",
            "/opt/one/b/deep/er",
            "/opt/one/b/deep/er/x.cfg"
        ]
    );
    assert_eq!(
        found("'~/.config/?/x.cfg'", ""),
        ["/home/ana/.config/a/x.cfg", "/home/bo/.config/b/x.cfg"]
    );
    assert_eq!(found("'/opt/one/\\[a\\]\\*'", ""), ["/opt/one/[a]*"]);
    assert_eq!(
        found("'/nowhere/*/x', '/opt/x.cfg/y', '/etc/passwd/*'", ""),
        [""; 0]
    );
}

#[test]
fn what_is_excluded_is_not_looked_into() {
    assert_eq!(
        found("'/opt/**/x.cfg'", "exclude = ['/opt/one/b', '/opt/two/**']"),
        ["/opt/one/a/x.cfg", "/opt/x.cfg"]
    );
    assert_eq!(
        found("'/opt/*/a/*'", "exclude = ['/**/.x.cfg']"),
        ["/opt/one/a/x.cfg"]
    );
    // What one watch leaves out, another one has.
    let list = "[[watch]]\nformat='exists'\npaths=['/opt/*/a/*']\nexclude=['/opt/one/**']\n[[watch]]\nformat='exists'\npaths=['/opt/*/a/*']";
    let seen = seen(tree(), list);
    assert_eq!((seen.keys("k1").len(), seen.keys("k2").len()), (1, 2));
}

#[test]
fn links_on_a_plain_way_are_followed_and_stay_inside() {
    let outside = Fixture::new().file("/escaped", "");
    let outside = outside.host("/");
    assert!(outside.join("escaped").exists());
    let fixture = Fixture::new()
        .file("/usr/lib/x/a", "")
        .link("/lib", "usr/lib")
        .link("/opt/current", "/opt/5")
        .file("/opt/5/etc/c", "")
        .link("/opt/out", outside.to_str().expect("UTF-8"))
        .link("/opt/up", "../../../../..")
        .file("/b", "");
    let list = "[[watch]]\nformat = 'exists'\npaths = ['/lib/x/*', '/usr/lib/*/a', '/opt/current/etc/c', '/opt/out/*', '/opt/up/b', '/opt/*/etc/c']";
    assert_eq!(keys(fixture, list), ["/b", "/opt/5/etc/c", "/usr/lib/x/a"]);
}

#[test]
fn links_round_and_round_end() {
    let fixture = Fixture::new()
        .file("/a/b/c", "")
        .link("/a/b/a", "..")
        .link("/a/self", "self")
        .link("/a/b/b", ".");
    let list = "[[watch]]\nformat = 'exists'\npaths = ['/a/**/c', '/a/**/a/**/b/c', '/a/self/x']";
    let seen = seen(fixture, list);
    assert_eq!(seen.keys("k1"), ["/a/b/c"]);
    assert_eq!(seen.gaps.len(), 1, "{:?}", seen.gaps);
}

#[test]
fn depth_and_files_have_limits_with_gaps() {
    let deep = seen(
        tree(),
        "[[watch]]\nformat = 'exists'\npaths = ['/opt/**/x.cfg']\nmax_depth = 2",
    );
    assert_eq!(
        deep.keys("k1"),
        ["/opt/one/a/x.cfg", "/opt/two/c/x.cfg", "/opt/x.cfg"]
    );
    let gaps: Vec<_> = deep
        .gaps
        .iter()
        .map(|gap| (gap.path.to_string(), gap.text.as_str()))
        .collect();
    assert_eq!(
        gaps,
        [(
            "/opt/one/b/deep".to_owned(),
            "k1: not looked at: deeper than the 2 folders of `max_depth`"
        )]
    );
    let many = seen(
        tree(),
        "[[watch]]\nformat = 'exists'\npaths = ['/opt/*/*/*.cfg']\nmax_files = 1",
    );
    assert_eq!(many.keys("k1"), ["/opt/.hidden/a/.x.cfg"]);
    let gaps: Vec<_> = many.gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert_eq!(gaps, ["/opt/one/a", "/opt/two/c"], "each place that was left out");
}
