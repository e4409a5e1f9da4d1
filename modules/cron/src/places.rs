//! Where schedulers keep their files: one table a system.

/// A folder of crontabs.
pub(crate) struct TabFolder {
    pub(crate) path: &'static str,
    /// Whether a file's name is the user its lines run as; otherwise each line names one.
    pub(crate) of_users: bool,
    /// Why nothing in it ever runs.
    pub(crate) inert: Option<&'static str>,
}

/// A folder whose files are run one after the other.
pub(crate) struct ScriptFolder {
    pub(crate) path: &'static str,
    pub(crate) period: &'static str,
    pub(crate) runner: Runner,
}

/// What runs the files of a folder, which decides the ones it leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `run-parts` of Debian, of the `crontabs` package, or of busybox.
    RunParts,
    /// `periodic(8)` of macOS: whatever the shell's `*` finds and is executable.
    Periodic,
    /// `999.local` of macOS, which hands the file to a shell: it needs no execute bit.
    Shell,
    /// Nothing.
    Nobody,
}

/// Everything the module looks at on one system.
pub(crate) struct Places {
    pub(crate) system_tabs: &'static [&'static str],
    pub(crate) tab_folders: &'static [TabFolder],
    pub(crate) anacrontabs: &'static [&'static str],
    pub(crate) script_folders: &'static [ScriptFolder],
    pub(crate) at_spools: &'static [&'static str],
    pub(crate) access_lists: &'static [&'static str],
}

const fn users(path: &'static str) -> TabFolder {
    TabFolder {
        path,
        of_users: true,
        inert: None,
    }
}
const fn drop_ins(path: &'static str, inert: Option<&'static str>) -> TabFolder {
    TabFolder {
        path,
        of_users: false,
        inert,
    }
}
const fn scripts(path: &'static str, period: &'static str, runner: Runner) -> ScriptFolder {
    ScriptFolder { path, period, runner }
}

pub(crate) static LINUX: Places = Places {
    system_tabs: &["/etc/crontab"],
    tab_folders: &[
        drop_ins("/etc/cron.d", None),
        // Vendors' twins of it, read by newer cronie.
        drop_ins("/usr/etc/cron.d", None),
        drop_ins("/usr/lib/cron.d", None),
        // Alpine; its /var/spool/cron/crontabs is a link to this.
        users("/etc/crontabs"),
        users("/var/spool/cron/crontabs"),
        users("/var/spool/cron/tabs"),
        users("/var/spool/cron"),
    ],
    anacrontabs: &["/etc/anacrontab"],
    script_folders: &[
        scripts("/etc/cron.hourly", "hourly", Runner::RunParts),
        scripts("/etc/cron.daily", "daily", Runner::RunParts),
        scripts("/etc/cron.weekly", "weekly", Runner::RunParts),
        scripts("/etc/cron.monthly", "monthly", Runner::RunParts),
        scripts("/etc/cron.yearly", "yearly", Runner::RunParts),
        scripts("/etc/periodic/15min", "15min", Runner::RunParts),
        scripts("/etc/periodic/hourly", "hourly", Runner::RunParts),
        scripts("/etc/periodic/daily", "daily", Runner::RunParts),
        scripts("/etc/periodic/weekly", "weekly", Runner::RunParts),
        scripts("/etc/periodic/monthly", "monthly", Runner::RunParts),
    ],
    at_spools: &[
        "/var/spool/cron/atjobs",
        "/var/spool/at",
        "/var/spool/atjobs",
        "/var/spool/atd",
    ],
    access_lists: &[
        "/etc/cron.allow",
        "/etc/cron.deny",
        "/etc/at.allow",
        "/etc/at.deny",
    ],
};

const NOT_APPLE: Option<&str> = Some("macOS does not read this folder");

pub(crate) static MACOS: Places = Places {
    system_tabs: &["/private/etc/crontab"],
    tab_folders: &[
        drop_ins("/private/etc/cron.d", NOT_APPLE),
        users("/private/var/at/tabs"),
        // A link to the folder above; whoever turns it elsewhere moves every tab.
        users("/usr/lib/cron/tabs"),
        users("/private/var/cron/tabs"),
    ],
    anacrontabs: &[],
    script_folders: &[
        scripts("/private/etc/periodic/daily", "daily", Runner::Periodic),
        scripts("/private/etc/periodic/weekly", "weekly", Runner::Periodic),
        scripts("/private/etc/periodic/monthly", "monthly", Runner::Periodic),
        scripts("/private/etc/daily.local", "daily", Runner::Shell),
        scripts("/private/etc/weekly.local", "weekly", Runner::Shell),
        scripts("/private/etc/monthly.local", "monthly", Runner::Shell),
        scripts("/private/etc/cron.hourly", "hourly", Runner::Nobody),
        scripts("/private/etc/cron.daily", "daily", Runner::Nobody),
        scripts("/private/etc/cron.weekly", "weekly", Runner::Nobody),
        scripts("/private/etc/cron.monthly", "monthly", Runner::Nobody),
    ],
    at_spools: &["/private/var/at/jobs", "/usr/lib/cron/jobs"],
    access_lists: &[
        "/private/var/at/cron.allow",
        "/private/var/at/cron.deny",
        "/private/var/at/at.allow",
        "/private/var/at/at.deny",
        "/usr/lib/cron/cron.allow",
        "/usr/lib/cron/cron.deny",
        "/usr/lib/cron/at.allow",
        "/usr/lib/cron/at.deny",
    ],
};

/// In the homes of users, who run `anacron -t` on it from their own tab.
pub(crate) static HOME_ANACRONTABS: &[&str] =
    &[".anacron/etc/anacrontab", ".anacron/anacrontab", ".anacrontab"];

/// Read by every script of `periodic(8)`, in this order.
pub(crate) static PERIODIC_CONFS: &[&str] = &[
    "/private/etc/defaults/periodic.conf",
    "/private/etc/periodic.conf",
    "/private/etc/periodic.conf.local",
];
/// Folders of further scripts, unless a periodic.conf says otherwise.
pub(crate) const LOCAL_PERIODIC: &str = "/usr/local/etc/periodic";
/// The folders that `periodic(8)` is started for.
pub(crate) static PERIODS: &[&str] = &["daily", "weekly", "monthly"];

/// All of it, for the manifest.
pub(crate) const WATCHED: [&str; 30] = [
    "/etc/crontab",
    "/etc/cron.d/*",
    "/usr/etc/cron.d/*",
    "/usr/lib/cron.d/*",
    "/etc/crontabs/*",
    "/var/spool/cron/**",
    "/etc/anacrontab",
    "~/.anacron/**",
    "~/.anacrontab",
    "/etc/cron.{hourly,daily,weekly,monthly,yearly}/*",
    "/etc/periodic/*/*",
    "/var/spool/at/*",
    "/var/spool/atjobs/*",
    "/var/spool/atd/*",
    "/etc/{cron,at}.{allow,deny}",
    "/private/etc/crontab",
    "/private/etc/cron.d/*",
    "/private/var/at/*",
    "/private/var/at/tabs/*",
    "/private/var/at/jobs/*",
    "/private/var/cron/tabs/*",
    "/usr/lib/cron/**",
    "/private/etc/periodic/*/*",
    "/usr/local/etc/periodic/*/*",
    "/private/etc/{daily,weekly,monthly}.local",
    "/private/etc/{daily,weekly,monthly}.local/*",
    "/private/etc/cron.{hourly,daily,weekly,monthly}/*",
    "/private/etc/defaults/periodic.conf",
    "/private/etc/periodic.conf",
    "/private/etc/periodic.conf.local",
];
