//! `sshd_config` and `ssh_config` with all that they include.

use crate::lister::{Budget, Lister, key};
use crate::parse::{self, Directive};
use assay_sdk::secrets::hide_in_code;
use assay_sdk::{Result, Text};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// As in OpenSSH.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 256;
const MAX_BYTES: usize = 4 << 20;
const MAX_SETTINGS: usize = 10_000;

/// One line that holds.
pub(crate) struct Setting {
    /// The `Host` or `Match` lines that it stands under, `host *`; empty when it holds for all.
    pub(crate) scope: Rc<Text>,
    /// In lower case; `match` and `host` for those lines themselves.
    pub(crate) keyword: String,
    /// What follows it, as written.
    pub(crate) rest: Vec<u8>,
    pub(crate) source: Rc<PathBuf>,
}

impl Setting {
    /// `NAME`, with the scope that it has.
    pub(crate) fn name(&self, name: &[u8]) -> Vec<u8> {
        if self.scope.is_empty() {
            return name.to_vec();
        }
        [name, b" (", self.scope.as_bytes(), b")"].concat()
    }
}

/// What is different between the files of the server, of the clients and of each user.
pub(crate) struct Config<'c> {
    /// Of entries that stand for a file that cannot be read.
    pub(crate) kind: &'static str,
    pub(crate) path: &'c Path,
    /// Where a relative `Include` leads.
    pub(crate) folder: &'c Path,
    /// Whose the file is.
    pub(crate) home: Option<&'c Path>,
}

impl Config<'_> {
    /// All settings in their order; the first of each keyword is the one that holds.
    pub(crate) fn read(&self, lister: &mut Lister<'_, '_>) -> Result<Vec<Setting>> {
        let mut reading = Reading {
            config: self,
            settings: Vec::new(),
            files: 0,
            bytes: 0,
            budget: Budget::default(),
            whole: true,
        };
        reading.file(lister, self.path.to_owned(), &Rc::new(Text::from("")), 0)?;
        if !reading.whole {
            lister.unparsable(self.kind, self.path, "it includes more than anybody writes")?;
        }
        Ok(reading.settings)
    }

    /// Text with the home that `~/`, `%d` and `${HOME}` stand for.
    pub(crate) fn at_home(&self, text: &[u8]) -> Vec<u8> {
        let Some(home) = self.home.map(|home| home.as_os_str().as_bytes()) else {
            return text.to_vec();
        };
        let mut done = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            let begins = done
                .last()
                .is_none_or(|byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'/');
            let homes: [(&[u8], bool); 3] = [
                (b"${HOME}", true),
                (b"%d", true),
                (b"~", begins && after.starts_with(b"/")),
            ];
            let found = homes
                .iter()
                .find_map(|(sign, holds)| rest.strip_prefix(*sign).filter(|_| *holds));
            if let Some(after) = found.filter(|_| done.len() < MAX_TEXT) {
                done.extend_from_slice(home);
                rest = after;
            } else {
                done.push(*first);
                rest = after;
            }
        }
        done
    }
}

/// Beyond that no home is put into a text any more, lest many of them make it huge.
const MAX_TEXT: usize = 64 << 10;

struct Reading<'c> {
    config: &'c Config<'c>,
    settings: Vec<Setting>,
    files: usize,
    bytes: usize,
    budget: Budget,
    whole: bool,
}

impl Reading<'_> {
    fn file(
        &mut self,
        lister: &mut Lister<'_, '_>,
        path: PathBuf,
        above: &Rc<Text>,
        depth: usize,
    ) -> Result<()> {
        self.files += 1;
        if depth > MAX_DEPTH || self.files > MAX_FILES || self.bytes > MAX_BYTES {
            self.whole = false;
            return Ok(());
        }
        let Some(text) = lister.content(self.config.kind, &path)? else {
            return Ok(());
        };
        self.bytes += text.len();
        let source = Rc::new(path);
        let mut scope = Rc::clone(above);
        for line in text.split(|byte| *byte == b'\n') {
            let Some(Directive { keyword, rest }) = parse::directive(line) else {
                continue;
            };
            if keyword == "include" {
                lister.named_by(&source, |lister| {
                    for path in self.included(lister, rest)? {
                        self.file(lister, path, &scope, depth + 1)?;
                    }
                    Ok(())
                })?;
                continue;
            }
            if keyword == "match" || keyword == "host" {
                scope = Rc::new(below(above, &keyword, rest));
            }
            if self.settings.len() >= MAX_SETTINGS {
                self.whole = false;
                return Ok(());
            }
            self.settings.push(Setting {
                scope: Rc::clone(&scope),
                keyword,
                rest: rest.to_vec(),
                source: Rc::clone(&source),
            });
        }
        Ok(())
    }

    fn included(&mut self, lister: &mut Lister<'_, '_>, rest: &[u8]) -> Result<Vec<PathBuf>> {
        let mut all = Vec::new();
        for written in parse::arguments(rest) {
            let mut pattern = self.config.at_home(&written);
            if !pattern.starts_with(b"/") {
                pattern = [self.config.folder.as_os_str().as_bytes(), b"/", &pattern].concat();
            }
            all.extend(lister.glob(&pattern, &mut self.budget)?);
        }
        Ok(all)
    }
}

/// A scope within another: what is included under a `Match` holds where both do.
fn below(above: &Text, keyword: &str, rest: &[u8]) -> Text {
    let words = if keyword == "match" {
        parse::criteria(rest)
    } else {
        parse::arguments(rest)
    };
    let mut scope = above.as_bytes().to_vec();
    if !scope.is_empty() {
        scope.extend_from_slice(b", ");
    }
    scope.extend_from_slice(keyword.as_bytes());
    for word in words {
        scope.push(b' ');
        scope.extend_from_slice(&word);
    }
    key(hide_in_code(&scope).into_owned())
}
