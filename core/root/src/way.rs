//! What is passed on the way to a file: whoever owns some of it could have led the reader elsewhere.

use crate::{Result, Root, RootError, Stat, walk};
use std::path::{Path, PathBuf};

/// The way to what is at a path, as [`Root::way`] found it.
#[derive(Clone, Debug)]
pub struct Way {
    /// Each folder that was entered and each link that was followed, in that order, by its path without links; not the
    /// root folder.
    pub passed: Vec<(PathBuf, Stat)>,
    /// Where it ends, links resolved.
    pub real: PathBuf,
    /// What is there.
    pub stat: Stat,
}

impl Root {
    /// The way to what `path` leads to. Each step starts at the folder that the one before it opened, so that nothing can
    /// be swapped under it; and none is remembered by a trace.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().link("/etc/x", "/opt/y").file("/opt/y", "");
    /// let way = fixture.root().way("/etc/x".as_ref()).unwrap();
    /// let passed: Vec<_> = way.passed.iter().map(|(path, _)| path.to_str().unwrap()).collect();
    /// assert_eq!((passed, way.real.to_str()), (vec!["/etc", "/etc/x", "/opt"], Some("/opt/y")));
    /// ```
    ///
    /// # Errors
    /// As [`Root::canonical`].
    pub fn way(&self, path: &Path) -> Result<Way> {
        let mut passed = Vec::new();
        let mut visit = |above: &walk::Walked, name: &_, stat: &Stat| {
            passed.push((above.path_of(Some(name)), *stat));
        };
        let found = walk::follow(&self.place(), path, &mut visit);
        let (real, stat) = found.map_err(|errno| RootError::new(path, errno))?;
        Ok(Way { passed, real, stat })
    }
}
