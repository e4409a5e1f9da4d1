//! What of the file system is in reach, by Landlock.

use anyhow::{Context as _, Result};
use assay_model::{Confine, Script, Text};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use object::{Endianness, ReadCache};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What a shared library, or a program, may need to be loaded, besides itself.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
];

/// Reading below the root, nothing else of the file system; no TCP, no signals to and no abstract sockets of
/// processes outside. A script may also be executed, by its interpreter, and read what that is made of.
pub(super) fn restrict(confine: &Confine) -> Result<RulesetStatus> {
    let abi = ABI::V6;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rule(PathBeneath::new(
            PathFd::new(&confine.root).context("open the root")?,
            reading(),
        ))?;
    for path in LIBRARIES {
        rules = readable(rules, Path::new(path))?;
    }
    rules = allow(rules, crate::module_file(), AccessFs::ReadFile)?;
    if let Some(script) = &confine.script {
        rules = script_too(rules, script)?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

fn allow(
    rules: RulesetCreated,
    file: impl AsFd,
    access: impl Into<BitFlags<AccessFs>>,
) -> Result<RulesetCreated> {
    Ok(rules.add_rule(PathBeneath::new(file, access))?)
}

/// What is below a folder, or a file; nothing when it is not there.
fn readable(rules: RulesetCreated, path: &Path) -> Result<RulesetCreated> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(rules);
    };
    let access = if path.is_dir() {
        reading()
    } else {
        AccessFs::ReadFile.into()
    };
    allow(rules, opened, access)
}

/// Executing one file and the loader that it names, and reading the interpreter's own library.
fn script_too(mut rules: RulesetCreated, script: &Script) -> Result<RulesetCreated> {
    let program = crate::program_file(script);
    rules = allow(rules, program, AccessFs::Execute | AccessFs::ReadFile)?;
    if let Some(loader) = loader(program).ok().flatten().and_then(|path| plain_file(&path)) {
        rules = allow(rules, loader, AccessFs::Execute | AccessFs::ReadFile)?;
    }
    let library = script.interpreter.as_ref().map(Text::as_path).and_then(prefix);
    for folder in ["lib", "lib64", "share"] {
        if let Some(prefix) = library {
            rules = readable(rules, &prefix.join(folder))?;
        }
    }
    match &script.python {
        Some(folder) => readable(rules, folder.as_path()),
        None => Ok(rules),
    }
}

/// `/opt/python` of `/opt/python/bin/python3.12`, which has its library beside `bin`.
fn prefix(program: &Path) -> Option<&Path> {
    let folder = program.parent().filter(|folder| folder.ends_with("bin"))?;
    folder.parent()
}

/// The program that the kernel starts in the place of a dynamically linked one, to load its libraries. A file that
/// cannot be understood must not keep Landlock from being built: without its loader it is just not executed.
fn loader(program: impl AsFd) -> Result<Option<PathBuf>> {
    let file = File::from(program.as_fd().try_clone_to_owned()?);
    let data = &ReadCache::new(file);
    // What is no 64-bit ELF file has no loader that could be named, and will not be executed.
    let Ok(header) = FileHeader64::<Endianness>::parse(data) else {
        return Ok(None);
    };
    let endian = header.endian()?;
    for segment in header.program_headers(endian, data)? {
        if let Some(path) = segment.interpreter(endian, data)? {
            return Ok(Some(OsStr::from_bytes(path).into()));
        }
    }
    Ok(None)
}

/// A file to make a rule for: a module that names a folder as its loader would get to read all that is in there.
fn plain_file(path: &Path) -> Option<PathFd> {
    let opened = PathFd::new(path).ok()?;
    let stat = rustix::fs::fstat(&opened).ok()?;
    let file_type = rustix::fs::FileType::from_raw_mode(stat.st_mode);
    (file_type == rustix::fs::FileType::RegularFile).then_some(opened)
}
