//! Which settings of a unit are compared: those that decide what runs, when, as whom and whether.

use assay_sdk::{FieldKind, Kind};

/// How assignments of a setting add up; an empty one always takes back what was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Command lines, in the order they run.
    Commands,
    /// One item an assignment, in order.
    Lines,
    /// The words of all assignments, as a set.
    Words,
    /// One item an assignment, with its key, as a set.
    Keyed,
    /// `NAME=value` words; the last value of a name counts.
    Environment,
    /// `NAME:data`, of which the data is a secret.
    Secrets,
    /// The last assignment counts.
    Text,
    /// The last assignment counts, and it is yes or no.
    Flag,
}

/// A setting that is compared.
pub(crate) struct Setting {
    /// Where it is understood; nowhere named means anywhere.
    sections: &'static [&'static str],
    /// Its name, or with `*` at the end the names that begin so.
    key: &'static str,
    pub field: &'static str,
    pub shape: Shape,
    meaning: &'static str,
}

const fn setting(
    sections: &'static [&'static str],
    key: &'static str,
    field: &'static str,
    shape: Shape,
    meaning: &'static str,
) -> Setting {
    Setting {
        sections,
        key,
        field,
        shape,
        meaning,
    }
}

const UNIT: &[&str] = &["Unit"];
const INSTALL: &[&str] = &["Install"];
const SERVICE: &[&str] = &["Service"];
const SOCKET: &[&str] = &["Socket"];
const TIMER: &[&str] = &["Timer"];
const PATH: &[&str] = &["Path"];
const MOUNT: &[&str] = &["Mount"];
/// Sections of the unit types that start processes.
const RUNS: &[&str] = &["Service", "Socket", "Mount", "Swap"];
const MOUNTS: &[&str] = &["Mount", "Swap", "Automount"];
const STARTS: &[&str] = &["Service", "Socket"];
const ACTIVATES: &[&str] = &["Timer", "Path"];

use Shape::{Commands, Environment, Flag, Keyed, Lines, Secrets, Words};

/// The first that fits counts.
#[rustfmt::skip]
static SETTINGS: &[Setting] = &[
    // What runs.
    setting(SERVICE, "ExecCondition", "exec_condition", Commands, "commands that decide whether it starts"),
    setting(STARTS, "ExecStartPre", "exec_start_pre", Commands, "commands before it starts"),
    setting(SERVICE, "ExecStart", "exec_start", Commands, "what it runs, after every drop-in"),
    setting(STARTS, "ExecStartPost", "exec_start_post", Commands, "commands after it started"),
    setting(SERVICE, "ExecReload", "exec_reload", Commands, "commands that reload it"),
    setting(SERVICE, "ExecReloadPost", "exec_reload_post", Commands, "commands after a reload"),
    setting(SOCKET, "ExecStopPre", "exec_stop_pre", Commands, "commands before it stops"),
    setting(SERVICE, "ExecStop", "exec_stop", Commands, "commands that stop it"),
    setting(STARTS, "ExecStopPost", "exec_stop_post", Commands, "commands after it stopped"),
    setting(RUNS, "ExecSearchPath", "exec_search_path", Lines, "where bare program names are looked for"),
    setting(RUNS, "ExecPaths", "exec_paths", Words, "the only files that it may run"),
    setting(&[], "Exec*", "exec_other", Keyed, "other Exec settings, or known ones in a section where they mean nothing"),
    setting(SERVICE, "Type", "type", Shape::Text, "service type, or file system of a mount"),
    setting(MOUNT, "Type", "type", Shape::Text, ""),
    setting(SERVICE, "BusName", "bus_name", Shape::Text, "D-Bus name it takes"),
    setting(SERVICE, "Sockets", "sockets", Words, "sockets handed to it"),
    setting(SERVICE, "OpenFile", "open_file", Lines, "files opened for it"),
    setting(RUNS, "StandardInput", "standard_input", Shape::Text, "where its input comes from"),
    setting(RUNS, "StandardInputText", "standard_input_text", Lines, "text on its input: a script, for a shell"),
    setting(RUNS, "StandardInputData", "standard_input_data", Lines, "the same in base64"),
    setting(RUNS, "WorkingDirectory", "working_directory", Shape::Text, "folder it starts in"),
    setting(RUNS, "RootDirectory", "root_directory", Shape::Text, "folder that is `/` to it"),
    setting(RUNS, "RootImage", "root_image", Shape::Text, "disk image that is `/` to it"),
    setting(RUNS, "MountImages", "mount_images", Lines, "disk images mounted for it"),
    setting(RUNS, "ExtensionImages", "extension_images", Lines, "disk images laid over its `/usr`"),
    setting(RUNS, "ExtensionDirectories", "extension_directories", Words, "folders laid over its `/usr`"),
    setting(RUNS, "BindPaths", "bind_paths", Words, "files and folders mounted elsewhere for it"),
    setting(RUNS, "BindReadOnlyPaths", "bind_read_only_paths", Words, "the same, read-only"),
    setting(RUNS, "Environment", "environment", Environment, "its environment; values that may be secrets are hidden"),
    setting(RUNS, "EnvironmentFile", "environment_file", Lines, "files with more of its environment"),
    setting(RUNS, "PassEnvironment", "pass_environment", Words, "variables of the manager that it gets"),
    setting(RUNS, "UnsetEnvironment", "unset_environment", Words, "variables taken away"),
    setting(RUNS, "LoadCredential*", "load_credential", Keyed, "credentials read from files"),
    setting(RUNS, "ImportCredential", "import_credential", Words, "credentials taken from the system's"),
    setting(RUNS, "SetCredential*", "set_credential", Secrets, "credentials in the unit itself, without their data"),
    // As whom.
    setting(RUNS, "User", "user", Shape::Text, "account it runs as"),
    setting(RUNS, "Group", "group", Shape::Text, "group it runs as"),
    setting(RUNS, "SupplementaryGroups", "supplementary_groups", Words, "further groups"),
    setting(RUNS, "DynamicUser", "dynamic_user", Flag, "whether an account is made for it"),
    setting(RUNS, "PAMName", "pam_name", Shape::Text, "PAM service that opens a session for it"),
    setting(RUNS, "AmbientCapabilities", "ambient_capabilities", Words, "capabilities it is given"),
    setting(RUNS, "CapabilityBoundingSet", "capability_bounding_set", Lines, "capabilities it may have"),
    setting(RUNS, "NoNewPrivileges", "no_new_privileges", Flag, "whether set-id programs are powerless under it"),
    // When and whether.
    setting(SERVICE, "Restart", "restart", Shape::Text, "when it is started again"),
    setting(TIMER, "On*", "schedule", Keyed, "when the timer elapses"),
    setting(TIMER, "Persistent", "persistent", Flag, "whether a missed time is made up for"),
    setting(TIMER, "WakeSystem", "wake_system", Flag, "whether it wakes the machine"),
    setting(ACTIVATES, "Unit", "triggers", Shape::Text, "the unit that a timer, path or socket starts"),
    setting(SOCKET, "Service", "triggers", Shape::Text, ""),
    setting(PATH, "Path*", "watched_paths", Keyed, "files whose change starts the unit"),
    setting(PATH, "DirectoryNotEmpty", "watched_paths", Keyed, ""),
    setting(SOCKET, "Listen*", "listen", Keyed, "addresses, FIFOs and files that it listens on"),
    setting(SOCKET, "Accept", "accept", Flag, "whether each connection gets a service of its own"),
    setting(SOCKET, "SocketUser", "socket_user", Shape::Text, "owner of the socket"),
    setting(SOCKET, "SocketGroup", "socket_group", Shape::Text, "group of the socket"),
    setting(SOCKET, "SocketMode", "socket_mode", Shape::Text, "access to the socket"),
    setting(MOUNTS, "What", "what", Shape::Text, "what is mounted or swapped to"),
    setting(MOUNTS, "Where", "where", Shape::Text, "where it is mounted"),
    setting(MOUNTS, "Options", "options", Shape::Text, "mount options"),
    setting(UNIT, "Condition*", "conditions", Keyed, "what must hold, else it is skipped"),
    setting(UNIT, "Assert*", "asserts", Keyed, "what must hold, else it fails"),
    setting(UNIT, "OnFailure", "on_failure", Words, "units started when it fails"),
    setting(UNIT, "OnSuccess", "on_success", Words, "units started when it ends"),
    setting(UNIT, "Wants", "wants", Words, "units it starts"),
    setting(UNIT, "Requires", "requires", Words, "units it starts and needs"),
    setting(UNIT, "BindsTo", "binds_to", Words, "units it starts and ends with"),
    setting(UNIT, "Upholds", "upholds", Words, "units it keeps running"),
    setting(UNIT, "Requisite", "requisite", Words, "units that must run already"),
    setting(UNIT, "Conflicts", "conflicts", Words, "units it stops"),
    setting(INSTALL, "WantedBy", "wanted_by", Words, "units that start it once it is enabled"),
    setting(INSTALL, "RequiredBy", "required_by", Words, "the same, and that need it"),
    setting(INSTALL, "UpheldBy", "upheld_by", Words, "the same, and that keep it running"),
    setting(INSTALL, "Alias", "alias", Words, "other names once it is enabled"),
    setting(INSTALL, "Also", "also", Words, "units enabled with it"),
    setting(INSTALL, "DefaultInstance", "default_instance", Shape::Text, "instance that is enabled of a template"),
];

/// The fields that hold command lines, in the order in which they run.
pub(crate) const COMMAND_FIELDS: &[&str] = &[
    "exec_condition",
    "exec_start_pre",
    "exec_start",
    "exec_start_post",
    "exec_reload",
    "exec_reload_post",
    "exec_stop_pre",
    "exec_stop",
    "exec_stop_post",
];

impl Setting {
    /// The setting that a key in a section stands for.
    pub(crate) fn find(section: &[u8], key: &[u8]) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.fits(section, key))
    }

    fn fits(&self, section: &[u8], key: &[u8]) -> bool {
        let named = match self.key.strip_suffix('*') {
            Some(begin) => key.starts_with(begin.as_bytes()),
            None => key == self.key.as_bytes(),
        };
        named && (self.sections.is_empty() || self.sections.iter().any(|s| s.as_bytes() == section))
    }

    fn kind(&self) -> FieldKind {
        match self.shape {
            Shape::Text => FieldKind::Text,
            Flag => FieldKind::Bool,
            _ => FieldKind::List,
        }
    }
}

/// Declares the fields of a kind whose entries are units.
pub(crate) fn declare(kind: Kind) -> Kind {
    // Where two settings share a field, the first says what it means.
    let settings = SETTINGS.iter().filter(|s| !s.meaning.is_empty());
    let kind = settings.fold(kind, |kind, s| kind.compared(s.field, s.kind(), s.meaning));
    kind.compared("masked", FieldKind::Bool, "whether it is made unable to start")
        .compared(
            "link_target",
            FieldKind::Text,
            "where the file leads, when it is a link",
        )
        .compared(
            "shadows",
            FieldKind::List,
            "weaker files of its name, which would count without it",
        )
        .compared(
            "drop_ins",
            FieldKind::List,
            "drop-ins that count, in the order they are applied in",
        )
        .shown("runs", FieldKind::List, "what the unit that it triggers runs")
        .shown("applies_to", FieldKind::List, "the units of a drop-in for many")
        .shown("description", FieldKind::Text, "what it calls itself")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn each_setting_is_known_by_one_shape_and_meaning_a_field() {
        let mut meanings = BTreeMap::new();
        for setting in SETTINGS.iter().filter(|s| !s.meaning.is_empty()) {
            assert!(
                meanings.insert(setting.field, setting.shape).is_none(),
                "{}",
                setting.field
            );
        }
        for setting in SETTINGS {
            assert_eq!(
                meanings.get(setting.field),
                Some(&setting.shape),
                "{}",
                setting.field
            );
        }
        for field in COMMAND_FIELDS {
            assert_eq!(meanings.get(field), Some(&Commands));
        }
    }
}
