//! Linux: modules that DKMS builds from source as root whenever a kernel is installed.

use crate::parse;
use assay_sdk::{Entry, FileType, Keys, Result, Scan, Text, Value, split_words};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/usr/src/*/dkms.conf",
    "/var/lib/dkms/*/*/source/dkms.conf",
    "/etc/dkms/**",
];

const LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    modules(scan)?;
    for folder in ["/etc/dkms", "/etc/dkms/framework.conf.d"].map(Path::new) {
        for path in scan.files(folder, |_| true) {
            if let Some(own) = scan.own_program("dkms_config", &path) {
                scan.entry(own.entry)?;
            }
        }
    }
    Ok(())
}

fn modules(scan: &mut Scan<'_>) -> Result<()> {
    let mut sources = folders(scan, Path::new("/usr/src"));
    for module in folders(scan, Path::new("/var/lib/dkms")) {
        // `source` is a link to the folder in /usr/src, which is then the same file.
        sources.extend(
            folders(scan, &module)
                .into_iter()
                .map(|version| version.join("source")),
        );
    }
    let mut real = HashSet::new();
    let mut keys = Keys::default();
    for source in sources {
        let path = source.join("dkms.conf");
        if scan
            .root()
            .canonical(&path)
            .is_ok_and(|canonical| !real.insert(canonical))
        {
            continue;
        }
        match scan.content(&path, LIMIT) {
            Some(Ok(text)) => {
                let entry = module(scan, &source, &path, &text, &mut keys);
                scan.entry(entry)?;
            }
            Some(Err(why)) => {
                scan.entry(Entry::new("dkms_module", path.as_path(), &path).unparsable(why))?;
            }
            None => {}
        }
    }
    Ok(())
}

fn module(scan: &mut Scan<'_>, source: &Path, path: &Path, text: &[u8], keys: &mut Keys) -> Entry {
    let conf = parse::dkms_conf(text);
    let key = match (&conf.name, &conf.version) {
        (Some(name), Some(version)) => [name, &b"/"[..], version].concat().into(),
        _ => Text::from(source),
    };
    // dkms sources the file, so the file itself is a program, whatever else it holds.
    let mut programs = scan.programs().argv(&[path.into()]);
    for (_, script) in &conf.scripts {
        // `PRE_BUILD="x.sh args"` runs x.sh of the source folder.
        if let Some(word) = split_words(script).first() {
            let program = source.join(word.text.as_path());
            let program = scan.root().canonical(&program).unwrap_or(program);
            programs.push(program.as_path().into());
        }
    }
    let mut hooks: Vec<Text> = conf
        .scripts
        .into_iter()
        .chain(conf.commands)
        .map(|(name, value)| [&name, &b"="[..], &value].concat().into())
        .collect();
    hooks.sort();
    let entry = Entry::new("dkms_module", keys.unique(key), path).programs(programs);
    entry.maybe("hooks", (!hooks.is_empty()).then_some(Value::List(hooks)))
}

fn folders(scan: &mut Scan<'_>, folder: &Path) -> Vec<PathBuf> {
    let listed = scan.list(folder).into_iter();
    let folders = listed.filter(|l| matches!(l.file_type, FileType::Directory | FileType::Symlink));
    folders.map(|l| folder.join(l.name)).collect()
}
