//! What one run is to look at: everything, or what somebody who watches saw changing; and what that somebody is told
//! in return, to watch for the next change.

use assay_model::{Gap, Input, Text, What, Writer};
use std::collections::{BTreeMap, BTreeSet};

/// The name under which the core tells what it cannot watch, as a module tells its gaps.
pub const WATCH: &str = "watch";

/// What one run is to look at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Every file is read again, whatever its times say.
    pub full: bool,
    /// What may have changed since the run before; everything may when it is absent.
    pub touched: Option<Touched>,
    /// Who wrote last, by path.
    pub writers: BTreeMap<Text, Writer>,
    /// Of whoever watches: where changes are not seen, so that only a sweep finds them.
    pub unwatched: Option<Vec<Gap>>,
    /// Whoever asks wants to know where the next change may be.
    pub places: bool,
    /// To be said of Assay itself, each with what happened.
    pub about: Vec<(What, String)>,
    /// Sinks that were down at the run before are left alone.
    pub spare_sinks: bool,
}

impl Scope {
    /// Everything.
    #[must_use]
    pub fn everything(full: bool) -> Self {
        Self {
            full,
            ..Self::default()
        }
    }
}

/// What may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Modules that looked there.
    pub modules: BTreeSet<String>,
    /// Files that entries name.
    pub files: BTreeSet<Text>,
}

impl Touched {
    /// Whether there is anything to look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.files.is_empty()
    }
}

/// Where the next change may be.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Of the modules that were asked in this run; after a run over everything, of all.
    pub modules: BTreeMap<String, ModulePlaces>,
    /// Files that entries name.
    pub files: BTreeSet<Text>,
}

/// Where one module looks.
#[derive(Clone, Debug, Default)]
pub struct ModulePlaces {
    /// What it looked at; nothing when it does not tell.
    pub looked_at: Vec<Input>,
    /// What its manifest says that it looks at, as globs.
    pub patterns: Vec<String>,
}
