//! The border between the core and modules that misbehave, and the bytes that cross it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test stops where it fails, and says why it did not begin"
)]

mod attacks;
mod bench;
mod conform;
mod frozen;
mod misbehaving;
mod page;
mod races;
mod reach;
mod scripts;
mod stable;
mod walls;
