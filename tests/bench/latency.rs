//! How soon a change is told, and what watching costs: `cargo bench -p assay-tests --bench latency`, as root, on a
//! quiet machine with rsyslog. Everything takes half an hour or more; one part is asked for by its name, with a count of its own:
//!
//! * `-- plants 1000`: so many changes, each when it is quiet: from just before the change to the line in the log;
//! * `-- burst 100000`: so many files, as fast as they can be written: until all are told;
//! * `-- idle 600 10000`: what it uses in so many seconds in which nothing happens, then in so many changes.
//!
//! `assay watch` has all modules and lists, on a root of its own with the folders of two dozen families. The floor is a
//! bare reader of inotify, which sends one datagram an event to the same rsyslogd: of the same changes, in the same run.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::print_stdout,
        reason = "a benchmark stops where it fails, and prints"
    )
)]

#[cfg(target_os = "linux")]
#[path = "latency/linux.rs"]
mod linux;

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}
