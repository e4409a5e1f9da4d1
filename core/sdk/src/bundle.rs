//! Bundles of macOS: folders with an `Info.plist`, and the program that it names.

use crate::plist::{self, Dictionary, Value};
use crate::scan::Scan;
use assay_model::Text;
use assay_root::{FileType, Last, Stat};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Graphics drivers list every card they know: some 500 KB.
const INFO_LIMIT: u64 = 4 << 20;
/// Where a Mac's bundle has its `Info.plist` and its programs, a flat one, and one of an iPad that runs on a Mac.
const LAYOUTS: &[(&str, &str)] = &[
    ("Contents/Info.plist", "Contents/MacOS"),
    ("Info.plist", ""),
    ("WrappedBundle/Info.plist", "WrappedBundle"),
];

/// A bundle, as [`Scan::bundle`] found it.
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::macos()
/// #     .file("/Library/Screen Savers/X.saver/Contents/Info.plist", "{ CFBundleExecutable = X; CFBundleVersion = 3; }")
/// #     .script("/Library/Screen Savers/X.saver/Contents/MacOS/X", "");
/// # fixture.scan(|scan| {
/// let bundle: assay_sdk::Bundle = scan.bundle("/Library/Screen Savers/X.saver".as_ref()).unwrap();
/// assert_eq!(bundle.program.as_ref().unwrap(), "/Library/Screen Savers/X.saver/Contents/MacOS/X");
/// assert_eq!(bundle.text("CFBundleVersion").as_deref(), Some("3"));
/// assert_eq!(bundle.broken, None);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Its `Info.plist`; the bundle itself when it has none.
    pub source: PathBuf,
    /// What the `Info.plist` says.
    pub info: Dictionary,
    /// The file that macOS loads or starts, links resolved.
    pub program: Option<Text>,
    /// Why it cannot be understood, for [`Entry::unparsable`](crate::Entry::unparsable).
    pub broken: Option<String>,
}

impl Bundle {
    /// What the `Info.plist` has under a name, as one line of text.
    ///
    /// ```
    /// # let fixture = assay_sdk::testkit::Fixture::macos().file("/X.app/Contents/Info.plist", "{ LSEnvironment = { A = b; }; }");
    /// # fixture.scan(|scan| {
    /// let bundle = scan.bundle("/X.app".as_ref()).unwrap();
    /// assert_eq!(bundle.text("LSEnvironment").as_deref(), Some("{A=b}"));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.info.get(name).map(plist::flat)
    }

    fn broken(source: &Path, why: &str) -> Self {
        Self {
            source: source.to_owned(),
            info: Dictionary::new(),
            program: None,
            broken: Some(why.to_owned()),
        }
    }
}

impl Scan<'_> {
    /// The bundle at a path; `None` when nothing is there.
    ///
    /// macOS takes the bundle's own name where `Info.plist` names no program, and where there is no `Info.plist`. So
    /// does this, when a file of that name is there.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::macos()
    ///     .script("/Bare.app/Contents/MacOS/Bare", "")
    ///     .link("/Lost.app", "gone")
    ///     .folder("/Hollow.app");
    /// fixture.scan(|scan| {
    ///     assert_eq!(scan.bundle("/Bare.app".as_ref()).unwrap().program.unwrap(), "/Bare.app/Contents/MacOS/Bare");
    ///     assert_eq!(scan.bundle("/Lost.app".as_ref()).unwrap().broken.unwrap(), "link leads nowhere");
    ///     assert_eq!(scan.bundle("/Hollow.app".as_ref()).unwrap().broken.unwrap(), "bundle without an Info.plist");
    ///     assert!(scan.bundle("/Absent.app".as_ref()).is_none());
    ///     Ok(())
    /// });
    /// ```
    pub fn bundle(&mut self, path: &Path) -> Option<Bundle> {
        for (info, programs) in LAYOUTS {
            let source = path.join(info);
            let parsed = match self.content(&source, INFO_LIMIT) {
                None => continue,
                Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
                Some(Err(why)) => Err(why),
            };
            return Some(match parsed {
                Ok(Value::Dictionary(info)) => self.bundle_of(path, source, info, programs),
                Ok(_) => Bundle::broken(&source, "its top level is no dictionary"),
                Err(why) => Bundle::broken(&source, &why),
            });
        }
        self.stat(path)?;
        match self.root().stat(path, Last::Follow) {
            Ok(Some(_)) => {}
            Ok(None) => return Some(Bundle::broken(path, "link leads nowhere")),
            Err(error) => return Some(Bundle::broken(path, &error.why.to_string())),
        }
        let bare = self.bundle_of(path, path.to_owned(), Dictionary::new(), "Contents/MacOS");
        Some(if bare.program.is_some() {
            bare
        } else {
            Bundle::broken(path, "bundle without an Info.plist")
        })
    }

    fn bundle_of(&self, path: &Path, source: PathBuf, info: Dictionary, programs: &str) -> Bundle {
        Bundle {
            program: self.bundle_program(path, &path.join(programs), &info),
            source,
            info,
            broken: None,
        }
    }

    fn bundle_program(&self, bundle: &Path, folder: &Path, info: &Dictionary) -> Option<Text> {
        let named = ["CFBundleExecutable", "NSExecutable"]
            .into_iter()
            .find_map(|key| info.get(key)?.as_string());
        if let Some(name) = named {
            let program = is_name(name).then(|| folder.join(name))?;
            let real = self.root().canonical(&program).unwrap_or(program);
            return Some(real.as_path().into());
        }
        let program = self.root().canonical(&folder.join(stem(bundle)?)).ok()?;
        let stat = self.root().stat(&program, Last::Keep).ok()??;
        let is_file = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        is_file(stat).then(|| program.as_path().into())
    }
}

/// Whether it names a file in a folder, and none elsewhere.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// A bundle's name without its ending.
fn stem(bundle: &Path) -> Option<&OsStr> {
    let name = bundle.file_name()?.as_bytes();
    let end = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0);
    name.get(..end.unwrap_or(name.len())).map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use crate::testkit::Fixture;
    use std::path::Path;

    #[test]
    fn a_bundle_names_no_program_outside_of_itself() {
        for name in ["../../../x", "/x", "..", "a/b", ""] {
            let info = format!("{{ CFBundleExecutable = \"{name}\"; }}");
            let fixture = Fixture::macos()
                .script("/x", "")
                .file("/B.app/Contents/Info.plist", info);
            fixture.scan(|scan| {
                let bundle = scan.bundle(Path::new("/B.app")).expect("there");
                assert_eq!((bundle.program, bundle.broken), (None, None), "{name}");
                Ok(())
            });
        }
    }

    #[test]
    fn other_layouts_and_odd_things_in_their_place() {
        let fixture = Fixture::macos()
            .file("/Flat.dext/Info.plist", "{ CFBundleExecutable = f; }")
            .file("/Pad.app/Wrapper/P.app/Info.plist", "{ CFBundleExecutable = P; }")
            .script("/Pad.app/Wrapper/P.app/P", "")
            .link("/Pad.app/WrappedBundle", "Wrapper/P.app")
            .fifo("/Fifo.app/Contents/Info.plist")
            .file("/Array.app/Contents/Info.plist", "( a, b, c )")
            .file("/File.app", "")
            .link("/Loop.app", "Loop.app");
        let seen = fixture.scan(|scan| {
            for (path, expected) in [
                ("/Flat.dext", "/Flat.dext/f"),
                ("/Pad.app", "/Pad.app/Wrapper/P.app/P"),
                ("/Fifo.app", "is a FIFO"),
                ("/Array.app", "its top level is no dictionary"),
                ("/File.app", "bundle without an Info.plist"),
                ("/Loop.app", "too many links"),
            ] {
                let bundle = scan.bundle(Path::new(path)).expect(path);
                let program = bundle.program.map(|program| program.to_string());
                assert_eq!(program.or(bundle.broken).as_deref(), Some(expected));
            }
            Ok(())
        });
        seen.assert_silent();
    }
}
