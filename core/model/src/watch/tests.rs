use super::*;
use serde_json::json;

fn path(text: &str) -> Result<PathGlob, String> {
    serde_json::from_value(json!(text)).map_err(|error| error.to_string())
}

/// Each alternative as text: globs in angle brackets.
fn shown(text: &str) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Name(name) => name.clone(),
        Part::Glob(glob) => format!("<{glob}>"),
        Part::Deep => "**".to_owned(),
    };
    let path = path(text).expect(text);
    let of = |parts: &Vec<Part>| parts.iter().map(part).collect::<Vec<_>>().join("/");
    path.alternatives().iter().map(of).collect()
}

#[test]
fn a_path_is_names_globs_and_what_braces_stand_for() {
    assert_eq!(shown("/etc/pip.conf"), ["etc/pip.conf"]);
    assert_eq!(shown("~/.config/*/x"), [".config/<*>/x"]);
    assert_eq!(
        shown("/opt/*/{a,b}/**/x.cfg"),
        ["opt/<*>/a/**/x.cfg", "opt/<*>/b/**/x.cfg"]
    );
    assert_eq!(
        shown("/etc/ppp/ip-up{,.d/*}"),
        ["etc/ppp/ip-up", "etc/ppp/ip-up.d/<*>"]
    );
    assert_eq!(shown("/{a,{b,c}d}/{1,1}"), ["a/1", "bd/1", "cd/1"]);
    assert_eq!(shown(r"/a\*\{b/c\,d"), ["a*{b/c,d"]);
    assert_eq!(shown("/etc/rc[0-6S].d/?x"), ["etc/<rc[0-6S].d>/<?x>"]);
}

#[test]
fn a_path_that_cannot_be_is_refused_with_the_reason() {
    for (text, why) in [
        ("etc/x", "must begin with `/`"),
        ("~ana/x", "must begin with `/`"),
        ("/etc//x", "empty name"),
        ("/etc/", "empty name"),
        ("/etc/../x", "may not hold"),
        ("/{a,..}/x", "may not hold"),
        ("/a**/x", "stands alone"),
        ("/a{b", "does not close"),
        ("/a}b", "not open"),
        (r"/a\", "backslash"),
        (
            "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
            "more than 256",
        ),
        ("/a\nb", "no path"),
    ] {
        let error = path(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
    assert!(path(&format!("/{}", "a/".repeat(600))).is_err());
    // Braces in braces: refused or expanded, and in no time.
    assert!(
        path(&format!("/{}b{}", "{a,".repeat(250), "}".repeat(250)))
            .is_ok_and(|p| p.alternatives().len() == 2)
    );
}

fn watch(more: serde_json::Value) -> Watch {
    let mut all =
        json!({"kind": "k", "summary": "s", "technique": "T1574", "paths": ["/x"], "format": "lines"});
    let (Some(all), serde_json::Value::Object(more)) = (all.as_object_mut(), more) else {
        unreachable!("both are objects")
    };
    all.extend(more);
    serde_json::from_value(serde_json::Value::Object(all.clone())).expect("a watch")
}

#[test]
fn what_does_not_fit_together_is_named_with_its_key() {
    for (key, why, more) in [
        (
            "separator",
            "format = \"lines\" only",
            json!({"format": "ini", "separator": ":"}),
        ),
        (
            "comment",
            "format = \"lines\" only",
            json!({"format": "json", "comment": ";"}),
        ),
        ("items", "`json`, `toml` and `plist`", json!({"items": "/*"})),
        (
            "fields",
            "with `items`",
            json!({"format": "json", "fields": ["a"]}),
        ),
        (
            "fields",
            "`a` stands there twice",
            json!({"fields": ["a", "b", "A"]}),
        ),
        ("key", "there are none", json!({"key": ["a"]})),
        (
            "key",
            "there is `a`, `b`",
            json!({"fields": ["a", "b"], "key": ["c"]}),
        ),
        ("compare", "no field `c`", json!({"compare": ["c"]})),
        (
            "program",
            "`file` for the file itself",
            json!({"program": "path"}),
        ),
        ("command", "no field `file`", json!({"command": "file"})),
        (
            "command",
            "is no command",
            json!({"format": "sections", "command": "settings"}),
        ),
        (
            "ignore",
            "`exclude`",
            json!({"format": "opaque", "ignore": ["x"]}),
        ),
        ("paths", "at least one", json!({"paths": []})),
        ("summary", "one line", json!({"summary": " "})),
    ] {
        let (found, text) = watch(more.clone()).check().expect_err(why);
        assert!(found == key && text.contains(why), "{more}: {found}: {text}");
    }
    let sound = json!({"fields": ["user", "Home Dir"], "separator": ":", "key": ["user"], "compare": ["home_dir"], "program": "home_dir"});
    assert_eq!(watch(sound).check(), Ok(()));
}

#[test]
fn a_watch_declares_its_kind() {
    let kind = watch(json!({"fields": ["user", "Home"], "compare": ["home"]})).declares("d");
    let fields: Vec<_> = kind
        .fields
        .iter()
        .map(|f| (f.name.as_str(), f.compared))
        .collect();
    assert_eq!(fields, [("user", false), ("home", true)]);
    assert_eq!((kind.severity, kind.source), (Severity::High, SourceCheck::Owner));
    let kind = watch(json!({"format": "opaque", "severity": "low"})).declares("d");
    assert_eq!(
        (kind.severity, kind.source),
        (Severity::Low, SourceCheck::Content)
    );
    assert_eq!(kind.fields[0].name, "link_target");
    let kind = watch(json!({"format": "sections"})).declares("d");
    assert_eq!(
        (kind.fields[0].name.as_str(), kind.fields[0].kind),
        ("settings", FieldKind::List)
    );
}

#[test]
fn names_of_members_become_words() {
    let field = |text: &str| serde_json::from_value::<Member>(json!(text)).map(|m| m.field().to_owned());
    for (text, expected) in [
        ("ProgramArguments", "program_arguments"),
        ("manifest/name", "manifest_name"),
        ("URL", "url"),
        ("-x.y-", "x_y"),
    ] {
        assert_eq!(field(text).expect(text), expected);
    }
    assert!(field("--").is_err());
    let all: Pointer = serde_json::from_value(json!("/")).expect("a pointer");
    assert!(all.steps().is_empty());
    let pointer: Pointer = serde_json::from_value(json!("/a~1b/*/~0")).expect("a pointer");
    assert_eq!(
        pointer.steps(),
        [Some("a/b".to_owned()), None, Some("~".to_owned())]
    );
}
