//! What the documents say is so: their commands run, their examples parse, their links lead somewhere.

mod alerts;
mod commands;
mod config;
mod deploy;
mod links;
mod walkthrough;
mod watch;

use assay_tests::needs;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

/// A path of the repository.
fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(repo(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The code blocks of one language in a document, without the indentation of the list that they stand in.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for line in document.lines() {
        let trimmed = line.trim_start();
        match &mut open {
            None => {
                if let Some(tag) = trimmed.strip_prefix("```") {
                    open = Some((line.len() - trimmed.len(), tag == language, String::new()));
                }
            }
            Some((_, wanted, block)) if trimmed.starts_with("```") => {
                if *wanted {
                    blocks.push(std::mem::take(block));
                }
                open = None;
            }
            Some((indent, _, block)) => {
                block.push_str(line.get(*indent..).unwrap_or(trimmed));
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a code block has no end");
    blocks
}

/// The words that a type is written with, from what serde says when it meets another.
fn words<T: Debug>(refused: Result<T, serde_json::Error>) -> Vec<String> {
    let message = refused.unwrap_err().to_string();
    let words: Vec<String> = message
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .filter(|word| word != "?")
        .collect();
    assert!(words.len() > 1, "{message}");
    words
}

/// [`words`] of a type that is written as one word.
macro_rules! words_of {
    ($type:ty) => {
        super::words(serde_json::from_str::<$type>("\"?\""))
    };
}
use words_of;

/// Asserts that a document names each word as code.
fn names_all<S: AsRef<str>>(document: &str, words: impl IntoIterator<Item = S>) {
    let text = read(document);
    for word in words {
        let code = format!("`{}`", word.as_ref());
        assert!(text.contains(&code), "{document} says nothing of {code}");
    }
}

/// Whether a program can be started.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
