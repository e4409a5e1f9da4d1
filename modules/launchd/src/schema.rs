//! The keys of a launchd property list, as data: what each is read as, and what it means.

use assay_sdk::{FieldKind, Kind};

/// How the value of a key is read. launchd takes several keys in more forms than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// A boolean.
    Switch,
    /// A whole number.
    Number,
    /// Strings in an order that matters.
    Arguments,
    /// One string, or strings in no order.
    Names,
    /// A dictionary of anything.
    Table,
    /// A dictionary, or an array of them in no order.
    Times,
    /// A dictionary of strings, some of them secret.
    Environment,
    /// A boolean or number or string, or a dictionary that says when.
    Any,
}

/// A key that decides what runs, when, as whom or whether.
pub(crate) struct Key {
    /// As launchd.plist(5) spells it.
    pub(crate) name: &'static str,
    /// The field it becomes.
    pub(crate) field: &'static str,
    pub(crate) shape: Shape,
    meaning: &'static str,
}

const fn key(name: &'static str, field: &'static str, shape: Shape, meaning: &'static str) -> Key {
    Key {
        name,
        field,
        shape,
        meaning,
    }
}

pub(crate) const LABEL: &str = "label";
pub(crate) const PROGRAM: &str = "program";
pub(crate) const ARGUMENTS: &str = "program_arguments";
pub(crate) const BUNDLE_PROGRAM: &str = "bundle_program";
pub(crate) const ROOT_DIRECTORY: &str = "root_directory";
pub(crate) const WORKING_DIRECTORY: &str = "working_directory";

/// Every key that is compared.
#[rustfmt::skip]
pub(crate) const KEYS: &[Key] = &[
    // what runs
    key("Label", LABEL, Shape::Text, "the name launchd knows the job by"),
    key("Program", PROGRAM, Shape::Text, "the file that is executed, instead of the first argument"),
    key("ProgramArguments", ARGUMENTS, Shape::Arguments, "its arguments, the first being its name"),
    key("BundleProgram", BUNDLE_PROGRAM, Shape::Text, "the file that is executed, inside the application"),
    key("EnableGlobbing", "enable_globbing", Shape::Switch, "whether launchd expands the arguments"),
    key("RootDirectory", ROOT_DIRECTORY, Shape::Text, "folder that is the job's root"),
    key("WorkingDirectory", WORKING_DIRECTORY, Shape::Text, "folder it starts in"),
    key("EnvironmentVariables", "environment", Shape::Environment, "variables it is given, secrets hidden"),
    key("StandardInPath", "standard_in_path", Shape::Text, "file it reads: a shell reads commands there"),
    key("StandardOutPath", "standard_out_path", Shape::Text, "file its output is appended to"),
    key("StandardErrorPath", "standard_error_path", Shape::Text, "file its errors are appended to"),
    key("inetdCompatibility", "inetd_compatibility", Shape::Any, "one process for each connection"),
    // when
    key("RunAtLoad", "run_at_load", Shape::Switch, "whether it starts as soon as it is loaded"),
    key("KeepAlive", "keep_alive", Shape::Any, "whether, or when, it is started again"),
    key("OnDemand", "on_demand", Shape::Switch, "false is KeepAlive in the older spelling"),
    key("StartInterval", "start_interval", Shape::Number, "seconds between two starts"),
    key("StartCalendarInterval", "start_calendar_interval", Shape::Times, "times of day it starts at"),
    key("StartOnMount", "start_on_mount", Shape::Switch, "whether any mount starts it"),
    key("WatchPaths", "watch_paths", Shape::Names, "paths whose change starts it"),
    key("QueueDirectories", "queue_directories", Shape::Names, "folders that start it while not empty"),
    key("Sockets", "sockets", Shape::Table, "sockets on which launchd listens for it"),
    key("MachServices", "mach_services", Shape::Table, "services whose first message starts it"),
    key("RemoteServices", "remote_services", Shape::Table, "services for paired devices"),
    key("LaunchEvents", "launch_events", Shape::Table, "events that start it, by stream"),
    key("LaunchOnlyOnce", "launch_only_once", Shape::Switch, "whether it starts once in a boot"),
    // as whom
    key("UserName", "user_name", Shape::Text, "account it runs as (daemons only)"),
    key("GroupName", "group_name", Shape::Text, "group it runs as (daemons only)"),
    key("InitGroups", "init_groups", Shape::Switch, "whether it gets the account's other groups"),
    key("Umask", "umask", Shape::Any, "file mode bits it leaves off"),
    key("SessionCreate", "session_create", Shape::Switch, "whether it gets a security session of its own"),
    key("SandboxProfile", "sandbox_profile", Shape::Text, "sandbox it runs in"),
    key("SandboxContainer", "sandbox_container", Shape::Any, "sandbox container it runs in"),
    key("AssociatedBundleIdentifiers", "associated_bundle_identifiers", Shape::Names, "applications that System Settings shows as its owner"),
    key("AbandonProcessGroup", "abandon_process_group", Shape::Switch, "whether its children outlive it"),
    // whether
    key("Disabled", "disabled", Shape::Any, "whether it is kept from loading, unless overridden"),
    key("LimitLoadToSessionType", "limit_load_to_session_type", Shape::Names, "sessions it is loaded in"),
    key("LimitLoadFromSessionType", "limit_load_from_session_type", Shape::Names, "sessions it is not loaded in"),
    key("LimitLoadToHosts", "limit_load_to_hosts", Shape::Names, "machines it is loaded on"),
    key("LimitLoadFromHosts", "limit_load_from_hosts", Shape::Names, "machines it is not loaded on"),
    key("LimitLoadToHardware", "limit_load_to_hardware", Shape::Any, "hardware it is loaded on"),
    key("LimitLoadFromHardware", "limit_load_from_hardware", Shape::Any, "hardware it is not loaded on"),
    key("LimitLoadToVariant", "limit_load_to_variant", Shape::Any, "system variants it is loaded on"),
    key("LimitLoadFromVariant", "limit_load_from_variant", Shape::Any, "system variants it is not loaded on"),
    key("LimitLoadToBootMode", "limit_load_to_boot_mode", Shape::Any, "boot modes it is loaded in"),
    key("LimitLoadFromBootMode", "limit_load_from_boot_mode", Shape::Any, "boot modes it is not loaded in"),
    key("WaitForDebugger", "wait_for_debugger", Shape::Switch, "whether it waits for a debugger"),
];

/// Keys that are known, and only tune how a job runs.
const TUNING: &[&str] = &[
    "Debug",
    "EnablePressuredExit",
    "EnableTransactions",
    "ExitTimeOut",
    "HardResourceLimits",
    "HopefullyExitsFirst",
    "HopefullyExitsLast",
    "JetsamProperties",
    "LegacyTimers",
    "LowPriorityBackgroundIO",
    "LowPriorityIO",
    "MaterializeDatalessFiles",
    "Nice",
    "POSIXSpawnType",
    "ProcessType",
    "ServiceDescription",
    "ServiceIPC",
    "SoftResourceLimits",
    "ThrottleInterval",
    "TimeOut",
];

/// What a key as it is written stands for.
pub(crate) enum Lookup {
    /// It decides something.
    Compared(&'static Key),
    /// The same, but for the case of its letters: older launchds took it, newer ones may not.
    Misspelled(&'static Key),
    /// It only tunes.
    Tuning,
    /// It is in no manual.
    Unknown,
}

pub(crate) fn lookup(written: &str) -> Lookup {
    if let Some(key) = KEYS.iter().find(|key| key.name == written) {
        return Lookup::Compared(key);
    }
    if TUNING.iter().any(|name| name.eq_ignore_ascii_case(written)) {
        return Lookup::Tuning;
    }
    let alike = KEYS.iter().find(|key| key.name.eq_ignore_ascii_case(written));
    alike.map_or(Lookup::Unknown, Lookup::Misspelled)
}

/// A kind whose entries are jobs: the fields of [`KEYS`], and those of the file.
pub(crate) fn job_kind(name: &str, technique: &str, summary: &str) -> Kind {
    let mut kind = Kind::new(name, technique, summary);
    for key in KEYS {
        let values = match key.shape {
            Shape::Text | Shape::Any => FieldKind::Text,
            Shape::Switch => FieldKind::Bool,
            Shape::Number => FieldKind::Int,
            Shape::Arguments | Shape::Names | Shape::Table | Shape::Times | Shape::Environment => {
                FieldKind::List
            }
        };
        kind = kind.compared(key.field, values, key.meaning);
    }
    kind.compared(
        "link_target",
        FieldKind::Text,
        "where the file leads, when it is a link",
    )
    .compared(
        "label_also_in",
        FieldKind::Text,
        "the first file that claims the same label: launchd loads only one of them",
    )
    .compared("unknown_keys", FieldKind::List, "keys that no manual names")
    .compared(
        "misspelled_keys",
        FieldKind::List,
        "keys in another case than the manual's; read as if spelled right",
    )
    .compared(
        "wrong_types",
        FieldKind::List,
        "keys whose value is of another type than the manual's, with the value",
    )
    .compared(
        "repeated_keys",
        FieldKind::Bool,
        "whether a key stands twice in one dictionary, so that readers may differ on what it says",
    )
    .shown(
        "place",
        FieldKind::Text,
        "whose folder it is in: apple, machine, managed, user or application",
    )
    .shown(
        "label_differs",
        FieldKind::Bool,
        "whether the file is not named after its label",
    )
    .shown(
        "inert",
        FieldKind::Bool,
        "whether launchd does not read this folder: daemons in a home",
    )
}
