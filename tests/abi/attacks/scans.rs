//! How scans end that harm the core rather than the machine: what the page says of them is what the tests of
//! `misbehaving.rs` expect.

use crate::misbehaving::{FAIL_IN_TIME, NEVER_END, NEVER_WORK};
use crate::page;

/// Functions of `modules/misbehaves.c`, and how the page calls them.
const SCANS: &[(&str, &str)] = &[
    (
        "endless_lines",
        "list without end, to fill memory or disk through the pipe",
    ),
    ("endless_records", "the same with the shortest records there are"),
    ("endless_line", "a line without end"),
    ("unfolds", "a few bytes on the wire that take much in memory"),
    ("too_deep", "objects nested without end"),
    (
        "complains_at_length",
        "a log message of 900 kB, with escape sequences",
    ),
    ("two_gigabytes", "take 2 GiB of memory"),
    ("stack_overflow", "recurse without end"),
    (
        "fork_bomb",
        "fork without end, each child in a session of its own",
    ),
    ("hangs", "hang"),
    (
        "hangs_on_load",
        "hang while it is loaded, before anybody asked it anything",
    ),
    (
        "drips",
        "list one entry every 10 ms, so that it never seems to hang",
    ),
    ("spins", "compute without end"),
    ("hangs_in_silence", "close its output and stay"),
    ("exits", "exit with success in the middle"),
    ("exits_on_load", "the same while it is loaded"),
    ("segfault", "crash"),
    ("forged_walls", "say which walls stand around it"),
    ("speaks_on_load", "say `hello` in the host's place"),
    ("other_name", "say that it is another module"),
    ("duplicate_keys", "list one key twice, to hide one of them"),
    ("unknown_kind", "list a kind that its manifest does not have"),
    ("relative_path", "name a file by a path that is not absolute"),
    ("early_done", "go on after `done`"),
    ("wrong_count", "list more than it counts"),
    ("goes_on_after_refusal", "go on after the host refused a record"),
];

#[test]
fn the_page_says_how_scans_end() {
    let tested = [FAIL_IN_TIME, NEVER_END, NEVER_WORK].concat();
    let rows = SCANS.iter().map(|(name, what)| {
        let (_, words) = tested.iter().find(|(tested, _)| tested == name).expect(name);
        Some(format!("| {what} | `module_failed`: {} |", words.join(" … ")))
    });
    let head = ["| what a module does | what is said |", "|---|---|"].map(|line| Some(line.to_owned()));
    page::assert_table("scans", &head.into_iter().chain(rows).collect::<Vec<_>>());
}
