//! Plant, run, read the alert.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod cli;
mod damage;
mod docs;
mod doctor;
#[cfg(target_os = "linux")]
mod faults;
mod groups;
mod heartbeat;
#[cfg(target_os = "linux")]
mod hostile;
mod install;
mod kill;
mod promises;
mod receivers;
mod scenarios;
mod sinks;
mod techniques;
mod verify;
#[cfg(target_os = "linux")]
mod watching;
