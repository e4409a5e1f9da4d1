//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity, SourceCheck};

/// Boot or Logon Autostart Execution: Kernel Modules and Extensions.
const MODULE: &str = "T1547.006";
const LINK: &str = "where it leads, as written, when it is a link";
const MASK: &str = "true for a link to /dev/null: it switches off the file of that name in the other folders";
const BROKEN: &str = "where a link leads that cannot be followed";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "kernel_module_file",
            MODULE,
            "a module file that the kernel's package does not bring",
        )
        .severity(Severity::Critical)
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new(
            "kernel_module_index",
            MODULE,
            "the list of the modules that a kernel brings",
        )
        .source(SourceCheck::Content),
        Kind::new("kernel_module_load", MODULE, "a module that is loaded at boot")
            .compared("options", FieldKind::Text, "parameters it is given")
            .compared("mask", FieldKind::Bool, MASK)
            .compared("link_target", FieldKind::Text, BROKEN),
        Kind::new(
            "kernel_module_script",
            MODULE,
            "a script that loads modules at boot",
        )
        .compared(
            "inert",
            FieldKind::Bool,
            "true when it has no execute bit, so that it does not run",
        )
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new("modprobe_directive", MODULE, "a line of modprobe.d or depmod.d")
            .compared(
                "value",
                FieldKind::Text,
                "the command, options, modules or folders it names",
            )
            .compared("mask", FieldKind::Bool, MASK)
            .compared("link_target", FieldKind::Text, BROKEN),
        Kind::new(
            "dkms_module",
            MODULE,
            "a module built from source for every new kernel; its dkms.conf is sourced",
        )
        .severity(Severity::Medium)
        .compared(
            "hooks",
            FieldKind::List,
            "scripts and commands it runs when built and installed, sorted",
        ),
        Kind::new(
            "dkms_config",
            MODULE,
            "a file of /etc/dkms, sourced or run at every build",
        )
        .severity(Severity::Medium)
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new("loaded_module", MODULE, "a module in the running kernel")
            .source(SourceCheck::None)
            .compared(
                "taint",
                FieldKind::Text,
                "letters: O out of tree, E unsigned, F forced, P proprietary",
            )
            .compared(
                "hidden",
                FieldKind::Bool,
                "true when it is in /sys/module and not in /proc/modules",
            ),
        bundle("kext", "a kernel extension"),
        bundle("driver_extension", "a DriverKit driver"),
        Kind::new(
            "kernel_collection",
            MODULE,
            "extensions linked into one file that is booted",
        )
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new("system_extension", MODULE, "an installed system extension")
            .compared("state", FieldKind::Text, "activated_enabled when it runs")
            .compared("version", FieldKind::Text, "short version and build")
            .compared("categories", FieldKind::List, "what it extends, sorted")
            .compared("origin", FieldKind::Text, "the bundle it was copied from")
            .compared("container", FieldKind::Text, "the application that brought it"),
        Kind::new(
            "system_extension_policy",
            MODULE,
            "what a profile allows without asking the user",
        )
        .compared("value", FieldKind::Text, "its value, when it is no list"),
        Kind::new(
            "system_extension_settings",
            MODULE,
            "settings of the system extensions' database",
        )
        .compared(
            "developer_mode",
            FieldKind::Bool,
            "true when unsigned extensions load from anywhere",
        ),
        Kind::new(
            "kext_policy",
            MODULE,
            "a kernel extension that somebody approved or refused",
        )
        .compared("allowed", FieldKind::Bool, "whether it may load")
        .compared("developer", FieldKind::Text, "the name in its signature")
        .compared("flags", FieldKind::Int, "bits of the database"),
        Kind::new(
            "kext_policy_profile",
            MODULE,
            "a kernel extension that a profile allows",
        )
        .compared("allowed", FieldKind::Bool, "whether it may load")
        .shown("payload", FieldKind::Text, "the profile's payload"),
        Kind::new(
            "kext_load",
            MODULE,
            "a kernel extension that was loaded once, by its path",
        )
        .compared("team", FieldKind::Text, "the team that signed it")
        .compared("identifier", FieldKind::Text, "its bundle identifier"),
    ]
}

fn bundle(name: &str, summary: &str) -> Kind {
    Kind::new(name, MODULE, summary)
        .compared("identifier", FieldKind::Text, "its bundle identifier")
        .compared("version", FieldKind::Text, "its bundle version")
        .compared("executable", FieldKind::Text, "the file that it says it runs")
        .compared(
            "required",
            FieldKind::Text,
            "for which way of booting it is needed, so that it loads early",
        )
        .compared(
            "personalities",
            FieldKind::List,
            "what it matches, and so when it is loaded, sorted",
        )
        .compared("link_target", FieldKind::Text, LINK)
}
