use assay_sdk::{archive, bookmark, ini, json, lines, split_commands, split_words};

/// The other formats that modules read: the first byte says which, the rest is the file.
///
/// # Panics
/// When a parser does, or what it gives could not have come from those bytes.
pub fn formats(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    match first.wrapping_sub(b'a') % 6 {
        0 => drop(archive::parse(bytes)),
        1 => paths_are_bounded(bytes),
        2 => settings_are_there(bytes),
        3 => json_is_the_same_without_comments(bytes),
        4 => lines_are_there(bytes),
        _ => words_are_there(bytes),
    }
}

fn paths_are_bounded(bytes: &[u8]) {
    if let Ok(bookmark) = bookmark::parse(bytes) {
        let path = bookmark.path.map_or(0, |path| path.as_bytes().len());
        // A path is its names and a slash before each.
        assert!(
            path <= 2 * bytes.len() + 4096,
            "{path} bytes out of {}",
            bytes.len()
        );
    }
}

fn settings_are_there(bytes: &[u8]) {
    for ini in [ini::parse(bytes), ini::git(bytes)] {
        let count = i64::try_from(bytes.split(|byte| *byte == b'\n').count()).expect("some lines");
        let settings = ini.sections.iter().flat_map(|section| &section.settings);
        let mut last = 0;
        for setting in settings {
            assert!(
                (last..=count).contains(&setting.line),
                "line {} of {count}",
                setting.line
            );
            last = setting.line;
        }
    }
}

fn json_is_the_same_without_comments(bytes: &[u8]) {
    let plain = json::without_comments(bytes);
    assert_eq!(plain.len(), bytes.len(), "errors are at their places");
    if let Ok(value) = json::parse(bytes) {
        assert_eq!(json::parse(&plain).expect("no comments"), value);
    }
}

fn lines_are_there(bytes: &[u8]) {
    let read = || lines::read(bytes);
    let all = [
        read(),
        read().comments(b"#;").trimmed(),
        read().joined_by(b"").comments(b"#").comments_after_blanks(),
        read().joined_by(b" ").trimmed(),
    ];
    for lines in all {
        let mut last = 0;
        for line in lines {
            assert!(line.number > last && !line.text.is_empty(), "{line:?}");
            assert!(line.text.len() <= bytes.len() * 2);
            last = line.number;
        }
    }
}

/// A shell's words hold no more bytes than its line does.
fn words_are_there(bytes: &[u8]) {
    let words = split_words(bytes);
    let total: usize = words.iter().map(|word| word.text.as_bytes().len()).sum();
    assert!(total <= bytes.len(), "{words:?}");
    let commands = split_commands(bytes);
    assert!(commands.iter().all(|command| !command.words.is_empty()));
    let in_commands: usize = commands.iter().map(|command| command.words.len()).sum();
    assert!(in_commands <= words.len(), "{commands:?} of {words:?}");
}
