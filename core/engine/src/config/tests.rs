use super::*;

fn load(files: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Config::load(&folder.path().join("assay.toml"), false).map(|(config, _)| config)
}

#[test]
fn nothing_at_all_is_a_whole_configuration() {
    let config = load(&[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.sinks()[0].name(), "syslog");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let text = toml::to_string(&Config::default()).unwrap();
    assert_eq!(
        toml::from_str::<Config>(&text).unwrap(),
        Config::default(),
        "{text}"
    );
}

#[test]
fn drop_ins_override_keys_and_add_sinks() {
    let config = load(&[
        (
            "assay.toml",
            "modules.parallel = 3\nverify.full_every = '2h'\n[[sink]]\ntype = 'stdout'\n",
        ),
        (
            "conf.d/10.toml",
            "modules.parallel = 4\n[[sink]]\ntype = 'file'\npath = '/x'\n[module.cron]\nx = 1\n",
        ),
        ("conf.d/ignored.txt", "nonsense"),
    ])
    .unwrap();
    assert_eq!(
        (config.modules.parallel, config.verify.full_every),
        (4, Time::seconds(7200))
    );
    assert_eq!(
        config.sinks().iter().map(SinkConfig::name).collect::<Vec<_>>(),
        ["stdout", "file /x"]
    );
    assert_eq!(config.module["cron"]["x"].as_integer(), Some(1));
}

#[test]
fn mistakes_name_file_line_column_and_the_nearest_key() {
    for (text, expected) in [
        (
            "\n[verify]\nful_every = '1h'\n",
            "assay.toml:3:1: unknown key `ful_every`; did you mean `full_every`?",
        ),
        (
            "[modules]\ndeadline = '30 parsecs'\n",
            "assay.toml:2:12: `30 parsecs` is not a value like",
        ),
        ("[[sink]]\ntype = 'fax'\n", "unknown variant `fax`"),
        ("a = \n", "assay.toml:1:"),
        (
            "[[sink]]\ntype='stdout'\n[[sink]]\ntype='stdout'\n",
            "two sinks are named `stdout`",
        ),
    ] {
        let error = load(&[("assay.toml", text)]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
