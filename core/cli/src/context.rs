//! What every command needs: the configuration, the places, and where to write.

use crate::args::Common;
use anyhow::{Context as _, Result};
use assay_engine::config::Config;
use assay_engine::discover::Pins;
use assay_engine::store::Store;
use assay_engine::{Engine, Options, places};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Says what went wrong, on standard error.
pub(crate) fn complain(message: &str) {
    use std::io::Write as _;
    let red = anstyle::AnsiColor::Red.on_default().bold();
    // When standard error is gone there is nobody to tell.
    _ = writeln!(anstream::stderr(), "{red}assay:{red:#} {message}");
}

/// Whether a person reads standard output.
pub(crate) fn interactive() -> bool {
    std::io::stdout().is_terminal()
}

/// Prints a line to standard output, in colour only for a terminal.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        writeln!(anstream::stdout(), $($arg)*)
    }};
}
pub(crate) use say;

/// The configuration file in force, and whether somebody asked for just this one.
fn config_path(common: &Common) -> (PathBuf, bool) {
    common
        .config
        .clone()
        .map_or_else(|| (places::config(), false), |path| (path, true))
}

/// Reads the configuration.
pub(crate) fn config(common: &Common) -> Result<(Config, Vec<PathBuf>)> {
    let (path, asked) = config_path(common);
    Ok(Config::load(&path, asked)?)
}

/// Where digests of trusted modules are kept: beside the configuration.
pub(crate) fn pins_path(common: &Common) -> PathBuf {
    config_path(common).0.with_file_name("modules.lock")
}

/// Digests of trusted modules; none when there is no file.
pub(crate) fn pins(path: &Path) -> Result<Pins> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text)
            .with_context(|| format!("`{}` is not what `assay module trust` writes", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Pins::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// The root folder.
pub(crate) fn root(common: &Common) -> PathBuf {
    common.root.canonicalize().unwrap_or_else(|_| common.root.clone())
}

/// The state folder.
pub(crate) fn state(common: &Common) -> PathBuf {
    common
        .state
        .clone()
        .unwrap_or_else(|| places::state(&root(common)))
}

/// The engine, with every place where it is.
pub(crate) fn engine(common: &Common) -> Result<Engine> {
    let (config, _) = config(common)?;
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .context("find this program")?;
    let folders = match (common.modules.is_empty(), config.modules.folders.is_empty()) {
        (false, _) => common.modules.clone(),
        (true, false) => config.modules.folders.clone(),
        (true, true) => places::modules(&program),
    };
    let watch = match (common.watch.is_empty(), config.watch.folders.is_empty()) {
        (false, _) => common.watch.clone(),
        (true, false) => config.watch.folders.clone(),
        (true, true) => places::watch(&program),
    };
    let options = Options {
        root: root(common),
        watch,
        state: state(common),
        folders,
        host: places::host(&program),
        pins: pins(&pins_path(common))?,
        config,
    };
    Ok(Engine::new(options)?)
}

/// The state, to look at.
pub(crate) fn store(common: &Common) -> Result<Store> {
    let folder = state(common);
    let found =
        Store::open_to_read(&folder).with_context(|| format!("open the state in `{}`", folder.display()))?;
    found.with_context(|| {
        format!(
            "nothing is known yet in `{}`; start with `assay run`",
            folder.display()
        )
    })
}
