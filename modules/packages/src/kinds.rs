//! What the module lists: one line of prose for every kind and field.

use crate::parse::repository;
use assay_sdk::FieldKind::{Bool, List, Text};
use assay_sdk::{Kind, Severity};

pub(crate) fn all() -> Vec<Kind> {
    vec![
        of_apt(Kind::new(
            "apt_command",
            "T1546.016",
            "a command or a program that apt runs",
        )),
        of_apt(
            Kind::new("apt_setting", "T1546.016", "an option of apt that runs nothing")
                .severity(Severity::Medium),
        ),
        source("apt_source", "a place that apt gets packages from")
            .compared("components", List, "parts of it, sorted")
            .compared(
                "options",
                List,
                "what else is said of it, such as trusted=yes, sorted",
            )
            .compared("disabled", Bool, "true when it is switched off")
            .compared("inert", Text, "why apt does not read it; absent when it does"),
        repository::FIELDS
            .into_iter()
            .fold(
                source("package_repository", "a repository of dnf, yum or zypper"),
                |kind, (name, meaning)| kind.compared(name, Text, meaning),
            )
            .compared("other", List, "what else is said of it, sorted"),
        Kind::new(
            "dpkg_setting",
            "T1546.016",
            "an option of dpkg, among them what it runs",
        )
        .compared("inert", Text, "why dpkg does not read it; absent when it does"),
        Kind::new(
            "dpkg_diversion",
            "T1546.016",
            "a file of a package that another one stands in for",
        )
        .compared("target", Text, "where the file of the package is put instead")
        .compared("by", Text, "the package that asked for it, or `:` for a person"),
        Kind::new(
            "pacman_hook",
            "T1546.016",
            "a command that pacman runs in its transactions",
        )
        .compared("exec", Text, "the command")
        .compared("when", Text, "PreTransaction or PostTransaction")
        .compared("operations", List, "Install, Upgrade, Remove; sorted")
        .compared("targets", List, "packages or paths that trigger it, sorted")
        .compared("link_target", Text, "where it leads, when it is a link"),
        Kind::new(
            "rpm_script",
            "T1546.016",
            "a script that rpm keeps, to run when its package or another comes or goes",
        )
        .compared(
            "interpreter",
            Text,
            "the program that runs it; <lua> is a part of rpm",
        )
        .compared("script", Text, "its text")
        .compared("vendor", Text, "whose package it is")
        .compared("unsigned", Bool, "true when nobody signed the package")
        .shown("version", Text, "version and release of the package"),
        source("rpm_key", "a key whose owner may sign packages of rpm").compared(
            "owner",
            Text,
            "whose key it says it is",
        ),
    ]
}

fn of_apt(kind: Kind) -> Kind {
    kind.compared("value", Text, "its value").compared(
        "inert",
        Text,
        "why apt does not read it; absent when it does",
    )
}

fn source(name: &str, summary: &str) -> Kind {
    Kind::new(name, "T1195.002", summary).severity(Severity::Medium)
}
