use assay_sdk::{lines, split_commands, split_words};

/// Lines of any file, and the words and commands that a shell makes of them.
///
/// # Panics
/// When a line or a word holds what does not stand there.
pub fn lines(bytes: &[u8]) {
    lines_are_there(bytes);
    words_are_there(bytes);
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
