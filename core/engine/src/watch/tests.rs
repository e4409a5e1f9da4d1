use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A folder of lists that may be trusted: below the build folder, and not below `/tmp`.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let base = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir_in(base.parent().unwrap()).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    folder
}

fn loaded(files: &[(&str, &str)], disabled: &[&str]) -> Lists {
    let folder = folder(files);
    let disabled: Vec<String> = disabled.iter().map(ToString::to_string).collect();
    load(&[folder.path().to_owned()], &disabled)
}

fn names(lists: &Lists) -> Vec<&str> {
    lists.sound.iter().map(|list| list.name.as_str()).collect()
}

const PIP: &str = r#"
[[watch]]
kind = "pip_setting"
summary = "a setting of pip"
technique = "T1195.001"
paths = ["/etc/pip.conf", "~/.config/pip/pip.conf"]
format = "ini"
"#;

#[test]
fn a_list_is_its_kinds() {
    let lists = loaded(&[("pip.toml", PIP), (".hidden.toml", "x"), ("README", "x")], &[]);
    assert_eq!((names(&lists), lists.refused.len()), (vec!["pip"], 0));
    let list = &lists.sound[0];
    assert_eq!(list.kind_names(), ["pip_setting"]);
    assert_eq!(
        list.paths().collect::<Vec<_>>(),
        ["/etc/pip.conf", "~/.config/pip/pip.conf"]
    );
    assert_eq!(list.sha256.len(), 64);
    let config: FilesConfig = config(&lists.sound).try_into().unwrap();
    assert_eq!(
        config.watches[0].watch, list.list.watch[0],
        "what the module gets is what the list says"
    );
    assert_eq!(config.watches[0].definition, list.kinds()[0].definition);
}

#[test]
fn what_finds_entries_is_the_definition_and_prose_is_not() {
    let of = |text: &str| {
        loaded(&[("l.toml", text)], &[]).sound[0].kinds()[0]
            .definition
            .clone()
    };
    assert_eq!(
        of(PIP),
        of(&PIP
            .replace("a setting of pip", "something")
            .replace("T1195.001", "T1574"))
    );
    assert_eq!(of(PIP), of(&format!("{PIP}severity = 'low'\n")));
    assert_ne!(of(PIP), of(&format!("{PIP}ignore = ['global.timeout']\n")));
    assert_ne!(of(PIP), of(&PIP.replace("/etc/pip.conf", "/etc/pip2.conf")));
}

#[test]
fn a_mistake_is_told_with_its_place_and_harms_its_list_alone() {
    let with = |line: &str| format!("{PIP}{line}\n");
    for (text, place, why) in [
        (
            with("formt = 'x'"),
            ":8:1: ",
            "unknown key `formt`; did you mean `format`?",
        ),
        (
            with("max_files = 'many'"),
            ":8:13: ",
            "invalid type: string \"many\", expected u32",
        ),
        (
            with("only = ['a', 'b[']"),
            ":8:14: ",
            "`b[` is no glob: unclosed character class",
        ),
        (
            with("exclude = [\n'/a',\n'b']"),
            ":10:1: ",
            "`b` must begin with `/`, or with `~/`",
        ),
        (
            with("items = '/x'"),
            ":8:9: ",
            "`items` goes with the formats `json`, `toml` and `plist` only",
        ),
        (
            with("command = 'line'"),
            ":8:11: ",
            "there is no field `line`; there is `value`",
        ),
        (
            with("severity = 'bad'"),
            ":8:12: ",
            "unknown variant `bad`, expected one of `info`",
        ),
        (
            PIP.replace("pip_setting", "Pip"),
            ":3:8: ",
            "`Pip` is not a word of a-z, 0-9 and _",
        ),
        (
            PIP.replace("T1195.001", "1195"),
            ":5:13: ",
            "`1195` is not a technique such as",
        ),
        (PIP.replace("pip/pip.conf", "pip/[x"), ":6:27: ", "is no glob"),
        (
            PIP.replace("kind = ", "kindd = "),
            ":3:1: ",
            "did you mean `kind`?",
        ),
        (
            PIP.replace("format = \"ini\"\n", ""),
            ":2:1: ",
            "missing field `format`",
        ),
        (
            format!("{PIP}{PIP}"),
            ":10:8: ",
            "kind `pip_setting` is there twice",
        ),
        ("[[watch]\n".to_owned(), ":1:", ""),
        ("x = 1\n".to_owned(), ":1:1: ", "unknown key `x`"),
    ] {
        let lists = loaded(
            &[
                ("bad.toml", &text),
                ("good.toml", &PIP.replace("pip_setting", "good")),
            ],
            &[],
        );
        assert_eq!(names(&lists), ["good"], "{text}");
        let (path, said) = &lists.refused[0];
        let start = format!("{}{place}", path.display());
        assert!(
            said.starts_with(&start) && said.contains(why),
            "{text}: {said}, not {place}{why}"
        );
    }
}

#[test]
fn one_name_and_one_kind_belong_to_one_list() {
    let lists = loaded(&[("a.toml", PIP), ("b.toml", PIP)], &[]);
    assert_eq!(names(&lists), ["a"]);
    let (path, why) = &lists.refused[0];
    assert!(
        why.starts_with(&format!("{}:3:8: kind `pip_setting` is in `", path.display())),
        "{why}"
    );
    let lists = loaded(&[("a.toml", PIP), ("b.toml", PIP)], &["a"]);
    assert_eq!((names(&lists), lists.refused.len()), (vec!["b"], 0));
    let (first, second) = (folder(&[("a.toml", PIP)]), folder(&[("a.toml", "nonsense")]));
    let folders = [
        first.path().to_owned(),
        second.path().to_owned(),
        "/not/there".into(),
    ];
    let lists = load(&folders, &[]);
    assert_eq!(
        (names(&lists), lists.refused.len()),
        (vec!["a"], 0),
        "the earlier folder's is taken"
    );
}

#[test]
fn a_list_that_others_may_write_or_that_is_none_is_refused() {
    let files = folder(&[
        ("a.toml", PIP),
        ("long.toml", &"#".repeat(300 << 10)),
        ("bytes.toml", ""),
    ]);
    let path = |name: &str| files.path().join(name);
    fs::set_permissions(path("a.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::write(path("bytes.toml"), b"summary = '\xff'").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path("link.toml")).unwrap();
    let lists = load(&[files.path().to_owned()], &[]);
    assert!(lists.sound.is_empty());
    let why: Vec<&str> = lists.refused.iter().map(|(_, why)| why.as_str()).collect();
    for (why, part) in why
        .iter()
        .zip(["writable by everybody", "UTF-8", "is a link", "at most 256 KiB"])
    {
        assert!(why.contains(part), "{why}");
    }
    assert_eq!(why.len(), 4);
}
