//! Programs that are known to run others, by name.

/// Programs that run the program they are given as an argument.
pub(super) const WRAPPERS: &[&str] = &[
    "busybox",
    "caffeinate",
    "chronic",
    "chrt",
    "command",
    "cpulimit",
    "daemon",
    "doas",
    "env",
    "eval",
    "exec",
    "flock",
    "ionice",
    "nice",
    "nohup",
    "run-one",
    "runuser",
    "setpriv",
    "setsid",
    "stdbuf",
    "su",
    "sudo",
    "systemd-cat",
    "systemd-inhibit",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "unshare",
    "xargs",
];
/// Interpreters that take a command line after `-c`.
pub(super) const SHELLS: &[&str] = &[
    "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "yash", "zsh",
];
/// Interpreters whose first argument that is no option is a file they run.
pub(super) const INTERPRETERS: &[&str] = &[
    "awk",
    "expect",
    "gawk",
    "java",
    "lua",
    "node",
    "nodejs",
    "open",
    "osascript",
    "perl",
    "php",
    "python",
    "ruby",
    "tclsh",
    "wish",
];
/// Words of the shell itself; what follows them is no program, but for `.` and `source`.
pub(super) const BUILTINS: &[&str] = &[
    "[", "[[", ":", "alias", "break", "cd", "continue", "echo", "exit", "export", "false", "for", "function",
    "kill", "local", "printf", "read", "return", "set", "shift", "test", "trap", "true", "type", "ulimit",
    "umask", "unset", "wait",
];
