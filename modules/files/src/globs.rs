//! The paths of all watches, ready to be matched name by name.

use assay_sdk::watch::{NameGlob, Part, PathGlob, Watch};
use assay_sdk::{Error, Result};
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use std::ffi::OsString;

/// One path without braces.
pub(crate) struct Pattern {
    /// The watch it belongs to.
    pub(crate) watch: usize,
    /// Whether it is of those that are left out.
    pub(crate) excluded: bool,
    /// Whether it begins in every home.
    pub(crate) of_home: bool,
    /// The names on the way.
    pub(crate) steps: Vec<Step>,
}

/// A name on the way.
pub(crate) enum Step {
    Name(OsString),
    Glob(GlobMatcher),
    Deep,
}

/// Every path of every watch.
pub(crate) fn patterns(watches: &[Watch]) -> Result<Vec<Pattern>> {
    let mut patterns = Vec::new();
    for (index, watch) in watches.iter().enumerate() {
        for (paths, excluded) in [(&watch.paths, false), (&watch.exclude, true)] {
            for path in paths {
                add(&mut patterns, path, index, excluded)?;
            }
        }
    }
    Ok(patterns)
}

fn add(patterns: &mut Vec<Pattern>, path: &PathGlob, watch: usize, excluded: bool) -> Result<()> {
    for parts in path.alternatives() {
        patterns.push(Pattern {
            watch,
            excluded,
            of_home: path.is_of_home(),
            steps: parts.iter().map(step).collect::<Result<_>>()?,
        });
    }
    Ok(())
}

fn step(part: &Part) -> Result<Step> {
    Ok(match part {
        Part::Name(name) => Step::Name(name.into()),
        Part::Deep => Step::Deep,
        Part::Glob(glob) => {
            let built = GlobBuilder::new(glob)
                .backslash_escape(true)
                .empty_alternates(true)
                .build();
            Step::Glob(built.map_err(|error| unsound(&error))?.compile_matcher())
        }
    })
}

/// Globs over what an entry is called in its file. `*` stands for slashes too: these are lines and names, no paths.
pub(crate) fn names(globs: &[NameGlob]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let built = GlobBuilder::new(glob.as_str())
            .backslash_escape(true)
            .empty_alternates(true)
            .build();
        set.add(built.map_err(|error| unsound(&error))?);
    }
    set.build().map_err(|error| unsound(&error))
}

/// The core has checked them, so this is a core of another version.
fn unsound(error: &globset::Error) -> Error {
    Error::Other(format!("a watch list holds {error}"))
}
