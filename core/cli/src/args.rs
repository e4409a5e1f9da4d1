//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Watches the places from which code starts itself again, and says so when one changes.
///
/// The first run learns what is there; each later run sends one alert for each thing that was added, changed or
/// removed since, and says nothing when nothing was.
///
/// Exit codes: 0 done; 1 could not do its job, or not all of it; 2 changes were found (only with `run --exit-code`).
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Common {
    /// Configuration file; `conf.d/*.toml` beside it are read too [default: /etc/assay/assay.toml]
    #[arg(long, global = true, value_name = "FILE", env = "ASSAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the database [default: /var/lib/assay, or your own state folder when you are not root]
    #[arg(long, global = true, value_name = "DIR", env = "ASSAY_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// Folder to load modules from, instead of the configured ones; may be given more than once
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ASSAY_MODULES",
        value_delimiter = ':'
    )]
    pub(crate) modules: Vec<PathBuf>,
    /// Folder to read watch lists from, instead of the configured ones; may be given more than once
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ASSAY_WATCH",
        value_delimiter = ':'
    )]
    pub(crate) watch: Vec<PathBuf>,
    /// Root folder to look at: a mounted disk, an image or a fixture
    #[arg(long, global = true, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
    /// Write JSON for programs instead of tables for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at everything once, and alert what changed
    Run(Run),
    /// Stay, and alert what changes as soon as it does
    ///
    /// Everything is looked at first, and every `verify.sweep_every` again. SIGHUP reads the configuration anew, SIGTERM
    /// ends it. On Linux fanotify is used where it can be had (as root), which also tells who wrote, otherwise inotify;
    /// on macOS FSEvents.
    Watch,
    /// The last run, what is open, what could not be read, what waits to be sent
    Status,
    /// What is there now
    List {
        /// Only entries of this kind; see `assay kinds`
        kind: Option<String>,
    },
    /// One entry: its fields, what it runs with hashes, and its history
    Show {
        /// The entry's key, or the path of a file that entries name
        key: String,
    },
    /// Alerts, oldest first
    Alerts(Alerts),
    /// Accept deviations as known
    Accept(Accept),
    /// Check the stored alerts, and a log server's copy of them
    ///
    /// Says which alert is the first that is missing, altered or in another's place. Exits with 1 when one is.
    Verify(Verify),
    /// Have Assay run again and again, and try whether its alerts arrive
    ///
    /// Writes what cron, systemd or launchd reads, puts it in force, and sends an alert `test` to every sink. Takes away
    /// what it wrote for another way. Exits with 1 when no sink took the alert.
    Install(Install),
    /// Take away what `install` wrote; the state stays
    Uninstall {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// What is wrong with how Assay runs here, and what mends it; exits with 1 when something is
    Doctor,
    /// What each module watches
    Kinds,
    /// Modules: which there are, and which may be loaded
    Module {
        #[command(subcommand)]
        command: ModuleCommand,
    },
    /// The configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// Read every file again, whatever its times say
    #[arg(long)]
    pub(crate) full: bool,
    /// Exit with 2 when changes were found
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Alerts {
    /// Only alerts since a time (`2026-11-24T10:00:00Z`) or for a while (`90m`, `24h`, `7d`)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only alerts of deviations that are still open
    #[arg(long)]
    pub(crate) open: bool,
    /// Wait for new ones
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, ClapArgs)]
#[group(id = "selection", required = true, multiple = true)]
pub(crate) struct Accept {
    /// Numbers or ids of alerts
    #[arg(group = "selection", conflicts_with_all = ["all", "module"])]
    pub(crate) id: Vec<String>,
    /// Everything that is open
    #[arg(long, group = "selection", conflicts_with = "module")]
    pub(crate) all: bool,
    /// Everything that is open of one module
    #[arg(long, group = "selection", value_name = "NAME")]
    pub(crate) module: Option<String>,
    /// Why; kept with the time and your name
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// A copy of the alerts to check against them: lines of syslog with any header, or JSON lines; `-` for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// The sink that the copy is from: what it has not taken yet is not missed [default: the one that took most]
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) sink: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Install {
    /// What is to run it [default: launchd on macOS, systemd-timer where systemd runs, else cron]
    #[arg(long = "as", value_name = "WAY")]
    pub(crate) way: Option<Way>,
    /// How often: `30s`, `10m`, `1h` [default: 10m]
    #[arg(long, value_name = "TIME", conflicts_with = "resident")]
    pub(crate) every: Option<String>,
    /// Have it stay and watch, with `assay watch`, instead of running now and then
    #[arg(long)]
    pub(crate) resident: bool,
    /// Only say what would be written and run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// A timer that starts it
    SystemdTimer,
    /// A service that stays, with `assay watch`
    SystemdService,
    /// A job of launchd's
    Launchd,
    /// A line in `/etc/cron.d`
    Cron,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// Which there are, and which are refused, with the reason
    List,
    /// Pin a module file by its digest in `modules.lock`, for `modules.trust = "pinned"`
    ///
    /// With `modules.trust = "signed"` nothing is pinned: it says whether the file is signed with one of
    /// `modules.keys`, and if not, how to sign it.
    Trust {
        /// The module file
        path: PathBuf,
    },
    /// Write a module that works, with a test, to start from
    New(New),
    /// Try whether a module keeps what every module must: hostile files, stable keys, nothing written
    ///
    /// Keys are compared over two scans of `--root`; everything else happens in scratch folders. Exits with 1 when a
    /// check failed.
    Check {
        /// The module: a shared library, a script or a watch list
        path: PathBuf,
    },
    /// Run a module once and print what it lists; nothing is kept
    Run {
        /// The module: a shared library, a script or a watch list
        path: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct New {
    /// Its name: one word of a-z, 0-9 and _
    pub(crate) name: String,
    /// What it is written in; a watch list needs no code
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Language,
    /// Folder to make the module's own folder in
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// For Rust: the folder of the SDK [default: that of the source tree this program was built in]
    #[arg(long, value_name = "DIR", env = "ASSAY_SDK")]
    pub(crate) sdk: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A shared library
    Rust,
    /// A script, for Python 3.8 and later
    Python,
    /// A shared library
    C,
    /// A watch list: globs in TOML
    Watch,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the configuration is sound
    Check,
    /// Print the configuration that is in force
    Show,
}
