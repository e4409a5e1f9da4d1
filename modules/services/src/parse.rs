//! Formats of servers: bytes to structs.

pub(crate) mod logrotate;
pub(crate) mod mail;
pub(crate) mod pod;
pub(crate) mod syslog;
pub(crate) mod web;

/// Words with one blank between them.
fn tidy(text: &[u8]) -> Vec<u8> {
    let words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// The first word, and what comes after it.
fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    (&line[..end], line[end..].trim_ascii())
}
