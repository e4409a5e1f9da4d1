//! alpm-hooks(5): what pacman runs before or after a transaction.

use assay_sdk::{Text, Value, ini};

/// A hook.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) exec: Option<Text>,
    /// `PreTransaction` or `PostTransaction`.
    pub(crate) when: Option<Text>,
    /// Install, Upgrade, Remove; sorted.
    pub(crate) operations: Option<Value>,
    /// Packages or paths, sorted.
    pub(crate) targets: Option<Value>,
}

/// Reads a hook. Of `Exec` and `When` the last counts; triggers add up.
pub(crate) fn hook(text: &[u8]) -> Hook {
    let ini = ini::parse(text);
    let sorted = |key| {
        let mut values: Vec<Text> = ini.all("Trigger", key).cloned().collect();
        values.sort();
        (!values.is_empty()).then(|| values.into_iter().collect())
    };
    Hook {
        exec: ini.last("Action", "Exec").cloned(),
        when: ini.last("Action", "When").cloned(),
        operations: sorted("Operation"),
        targets: sorted("Target"),
    }
}

/// Folders of hooks besides the usual ones, by `HookDir` in pacman.conf.
pub(crate) fn hook_folders(pacman_conf: &[u8]) -> Vec<Text> {
    let ini = ini::parse(pacman_conf);
    ini.all("options", "HookDir").cloned().collect()
}
