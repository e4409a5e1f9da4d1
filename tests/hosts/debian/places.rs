//! Where a package of Debian puts what starts by itself, as its manuals say and not as any module does.

const PLACES: &[&str] = &[
    "/etc/X11/Xsession.d/",
    "/etc/NetworkManager/dispatcher.d/",
    "/etc/apm/",
    "/etc/apparmor.d/",
    "/etc/apt/apt.conf.d/",
    "/etc/cron.d/",
    "/etc/cron.daily/",
    "/etc/cron.hourly/",
    "/etc/cron.monthly/",
    "/etc/cron.weekly/",
    "/etc/dbus-1/",
    "/etc/default/",
    "/etc/dhcp/",
    "/etc/init.d/",
    "/etc/kernel/",
    "/etc/ld.so.conf.d/",
    "/etc/logrotate.d/",
    "/etc/modprobe.d/",
    "/etc/modules-load.d/",
    "/etc/network/",
    "/etc/pam.d/",
    "/etc/ppp/",
    "/etc/profile.d/",
    "/etc/rsyslog.d/",
    "/etc/sudoers.d/",
    "/etc/systemd/",
    "/etc/udev/",
    "/etc/update-motd.d/",
    "/etc/xdg/autostart/",
    "/lib/NetworkManager/dispatcher.d/",
    "/lib/binfmt.d/",
    "/lib/environment.d/",
    "/lib/modprobe.d/",
    "/lib/modules-load.d/",
    "/lib/sysctl.d/",
    "/lib/systemd/",
    "/lib/sysusers.d/",
    "/lib/tmpfiles.d/",
    "/lib/udev/rules.d/",
    "/share/dbus-1/",
    "/share/initramfs-tools/",
    "/share/pam-configs/",
    "/share/polkit-1/",
    "/var/lib/dpkg/info/",
];

/// What stands in these places and starts nothing.
const NOT: &[&str] = &["/etc/init.d/README", "/.placeholder"];

/// A path as it is where `/bin`, `/lib` and `/sbin` lead into `/usr`.
pub(super) fn merged(path: &str) -> &str {
    path.strip_prefix("/usr").unwrap_or(path)
}

/// Whether a file of a package, by its [`merged`] path, is one from which something starts.
pub(super) fn is_persistence(path: &str) -> bool {
    PLACES.iter().any(|place| path.starts_with(place)) && !NOT.iter().any(|end| path.ends_with(end))
}
