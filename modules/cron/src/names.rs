//! What names mean to schedulers: files they leave out, variables that load code.

/// Variables that make the jobs below them load a file, as a shell, a start-up file or a library.
pub(crate) static LOADING: &[&[u8]] = &[
    b"SHELL",
    b"BASH_ENV",
    b"ENV",
    b"LD_PRELOAD",
    b"LD_AUDIT",
    b"DYLD_INSERT_LIBRARIES",
];

/// Letters, digits, `_` and `-`: what Debian's cron, its `run-parts` and that of busybox take.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    name.iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(*b, b'_' | b'-'))
}

/// Leftovers of editors and package managers, which cronie and the `run-parts` of `crontabs` leave out.
pub(crate) fn is_leftover(name: &[u8]) -> bool {
    let endings: [&[u8]; 8] = [
        b"~",
        b",",
        b".rpmsave",
        b".rpmorig",
        b".rpmnew",
        b".swp",
        b",v",
        b".cfsaved",
    ];
    name.starts_with(b".") || name.starts_with(b"#") || endings.iter().any(|ending| name.ends_with(ending))
}

/// What crontab(1) and busybox put in a spool for a moment: `tmp.Xa81Bc`, `cron.update`. No account has such a
/// name, or it would not be asked.
pub(crate) fn is_passing(name: &[u8]) -> bool {
    name == b"cron.update"
        || name
            .strip_prefix(b"tmp.")
            .is_some_and(|random| random.len() >= 6 && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_schedulers_leave_out() {
        for name in ["x~", ".x", "x.rpmsave", "x.swp", "#x#", "x,v"] {
            assert!(
                is_leftover(name.as_bytes()) && !is_plain(name.as_bytes()),
                "{name}"
            );
        }
        assert!(is_plain(b"e2scrub_all-2") && !is_plain(b"backup.sh") && !is_leftover(b"backup.sh"));
        assert!(is_passing(b"tmp.Xa81Bc") && is_passing(b"cron.update"));
        assert!(!is_passing(b"tmp.ana") && !is_passing(b"ana") && !is_passing(b"tmp.a/b.cd"));
    }
}
