//! The border between the core and modules that misbehave, and the bytes that cross it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test stops where it fails, and says why it did not begin"
)]

#[cfg(target_os = "linux")]
mod attacks;
mod bench;
mod conform;
mod frozen;
mod misbehaving;
#[cfg(target_os = "linux")]
mod page;
#[cfg(target_os = "linux")]
mod races;
#[cfg(target_os = "linux")]
mod reach;
mod scripts;
mod stable;
mod walls;
