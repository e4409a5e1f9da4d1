use assay_engine::config::ConfigError;
use assay_engine::watch::parse;
use assay_model::watch::{PathGlob, WatchList};
use std::path::Path;

/// Paths that the braces of one path may stand for, and names in each of them.
const MAX_PATHS: usize = 256;
const MAX_NAMES: usize = 64;

/// Watch lists: whoever wrote one gets an answer, with a place, and a list that is taken is one that can be walked.
///
/// # Panics
/// When an error has no place in the text, or a list that is taken cannot be written and read again.
pub fn watch(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let path = Path::new("/etc/assay/watch.d/x.toml");
    match parse(path, text) {
        Ok((list, places)) => {
            assert_eq!(places.len(), list.watch.len());
            for place in places {
                is_in(text, place);
            }
            is_sound(&list);
        }
        Err(ConfigError::Invalid {
            line,
            column,
            message,
            ..
        }) => {
            assert!(!message.is_empty());
            is_in(text, (line, column));
        }
        Err(other) => panic!("{other} is no mistake in a text"),
    }
}

fn is_in(text: &str, (line, column): (usize, usize)) {
    let named = text
        .split('\n')
        .nth(line - 1)
        .unwrap_or_else(|| panic!("no line {line}"));
    assert!(
        (1..=named.chars().count() + 1).contains(&column),
        "{line}:{column}"
    );
}

fn is_sound(list: &WatchList) {
    let kinds: Vec<_> = list.watch.iter().map(|watch| watch.kind.as_str()).collect();
    for (index, watch) in list.watch.iter().enumerate() {
        assert!(!kinds[..index].contains(&kinds[index]), "{} twice", kinds[index]);
        assert!(!watch.paths.is_empty());
        watch.paths.iter().chain(&watch.exclude).for_each(is_bounded);
        let declared = watch.declared();
        let has = |name: &str| declared.iter().any(|(field, _)| *field == name);
        assert!(
            watch.keys().into_iter().all(has),
            "{:?} of {declared:?}",
            watch.keys()
        );
    }
    let written = toml::to_string(list).expect("a list");
    let again: WatchList = toml::from_str(&written).unwrap_or_else(|error| panic!("{error}, in {written}"));
    assert_eq!(again, *list);
}

fn is_bounded(path: &PathGlob) {
    let paths = path.alternatives();
    assert!((1..=MAX_PATHS).contains(&paths.len()), "{path}");
    assert!(
        paths.iter().all(|names| (1..=MAX_NAMES).contains(&names.len())),
        "{path}"
    );
}
