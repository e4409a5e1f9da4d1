//! What systemd is told of a service with `Type=notify`, sd_notify(3). launchd wants to know nothing.

use std::time::Duration;

#[cfg(target_os = "linux")]
fn notify(state: sd_notify::NotifyState<'_>) {
    // Nobody has to listen.
    _ = sd_notify::notify(&[state]);
}

/// Everything is watched.
pub(super) fn ready() {
    #[cfg(target_os = "linux")]
    notify(sd_notify::NotifyState::Ready);
}

/// It is about to end.
pub(super) fn stopping() {
    #[cfg(target_os = "linux")]
    notify(sd_notify::NotifyState::Stopping);
}

/// Tells the watchdog, if there is one, that this is alive; answers how soon it is to be told again.
pub(super) fn alive() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let limit = sd_notify::watchdog_enabled()?;
        notify(sd_notify::NotifyState::Watchdog);
        Some(limit / 2)
    }
    #[cfg(not(target_os = "linux"))]
    None
}
