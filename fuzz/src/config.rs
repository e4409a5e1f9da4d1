use assay_engine::config::{Config, ConfigError};
use std::fs;
use std::path::Path;

/// The configuration. Root alone writes it, but a mistake in it must have a place, and no text may make Assay panic
/// instead of watching.
///
/// # Panics
/// When what is read cannot be written and read again, or an error has no place in the text.
pub fn config(bytes: &[u8]) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
    }
    FOLDER.with(|folder| {
        let path = folder.path().join("assay.toml");
        fs::write(&path, bytes).expect("a file");
        match Config::load(&path, true) {
            Ok((config, _)) => can_be_shown(&config),
            Err(error) => has_a_place(&error, &path, bytes),
        }
    });
}

/// `assay config show` prints what is in force, and that is a configuration.
fn can_be_shown(config: &Config) {
    let shown = toml::to_string(config).expect("a configuration");
    let again: Config = toml::from_str(&shown).unwrap_or_else(|error| panic!("{error}, in {shown}"));
    // As text: a module's table may hold a number that equals nothing, not even itself.
    assert_eq!(toml::to_string(&again).expect("a configuration"), shown);
}

fn has_a_place(error: &ConfigError, path: &Path, bytes: &[u8]) {
    assert!(!error.to_string().is_empty());
    match error {
        ConfigError::Invalid {
            path: file,
            line,
            column,
            message,
        } => {
            let text = std::str::from_utf8(bytes).expect("only text has lines");
            assert!(file == path && !message.is_empty());
            let named = text.split('\n').nth(line - 1);
            let named = named.unwrap_or_else(|| panic!("no line {line}: {message}"));
            assert!(
                (1..=named.chars().count() + 1).contains(column),
                "{line}:{column}"
            );
        }
        ConfigError::Read { .. } => assert!(std::str::from_utf8(bytes).is_err(), "{error}"),
        ConfigError::SameSink(name) => assert!(!name.is_empty()),
    }
}
