//! Where modules find what is fuzzed. New places come at the end: a corpus names them by number.

/// The accounts of every Linux root.
pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nmia:x:1001:1002::/home/mia:/bin/sh\n";

/// A file that a module reads, in a root of one of the two systems.
#[derive(Clone, Copy)]
pub struct Place(pub System, pub &'static str);

/// The system of a root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Linux,
    Mac,
}
use System::{Linux, Mac};

/// Crontabs and their kin.
pub const CRON: &[Place] = &[
    Place(Linux, "/etc/crontab"),
    Place(Linux, "/var/spool/cron/crontabs/mia"),
    Place(Linux, "/etc/anacrontab"),
    Place(Linux, "/var/spool/cron/atjobs/a0000101c7b2f4"),
    Place(Linux, "/etc/cron.daily/job"),
    Place(Linux, "/etc/cron.allow"),
    Place(Mac, "/private/var/at/tabs/mia"),
    Place(Mac, "/private/etc/periodic.conf"),
    Place(Mac, "/private/etc/daily.local"),
    Place(Linux, "/etc/passwd"),
];

/// What makes the kernel load code.
pub const KERNEL: &[Place] = &[
    Place(Linux, "/etc/modules"),
    Place(Linux, "/etc/modprobe.d/x.conf"),
    Place(Linux, "/etc/modules-load.d/x.conf"),
    Place(Linux, "/etc/sysconfig/kernel"),
    Place(Linux, "/usr/src/x-1/dkms.conf"),
    Place(Linux, "/lib/modules/6.1.0/modules.dep"),
    Place(Linux, "/proc/modules"),
    Place(Mac, "/Library/Extensions/X.kext/Contents/Info.plist"),
    Place(Mac, "/Library/SystemExtensions/db.plist"),
    Place(Mac, "/private/var/db/SystemPolicyConfiguration/KextPolicy"),
];

/// Jobs of launchd.
pub const LAUNCHD: &[Place] = &[
    Place(Mac, "/Library/LaunchDaemons/x.plist"),
    Place(Mac, "/Users/mia/Library/LaunchAgents/x.plist"),
    Place(Mac, "/private/var/db/com.apple.xpc.launchd/disabled.plist"),
    Place(
        Mac,
        "/private/var/db/launchd.db/com.apple.launchd/overrides.plist",
    ),
    Place(Mac, "/private/etc/launchd.conf"),
    Place(Mac, "/private/var/db/com.apple.xpc.launchd/config/user.plist"),
];

/// Files of ssh: settings, keys, lists of hosts.
pub const SSH: &[Place] = &[
    Place(Linux, "/etc/ssh/sshd_config"),
    Place(Linux, "/home/mia/.ssh/authorized_keys"),
    Place(Linux, "/home/mia/.ssh/config"),
    Place(Linux, "/home/mia/.ssh/id_x"),
    Place(Linux, "/etc/ssh/ssh_known_hosts"),
    Place(Linux, "/home/mia/.rhosts"),
    Place(Linux, "/home/mia/.ssh/environment"),
    Place(Mac, "/private/etc/ssh/sshd_config"),
    Place(Mac, "/Users/mia/.ssh/config"),
];

/// What a boot runs before anything else.
pub const STARTUP: &[Place] = &[
    Place(Linux, "/etc/init.d/x"),
    Place(Linux, "/etc/inittab"),
    Place(Linux, "/etc/rc.local"),
    Place(Mac, "/private/etc/emond.d/emond.plist"),
    Place(Mac, "/private/etc/emond.d/rules/x.plist"),
    Place(Mac, "/Library/Preferences/com.apple.loginwindow.plist"),
    Place(Mac, "/Library/StartupItems/X/StartupParameters.plist"),
];

/// Units of systemd and what stands beside them.
pub const SYSTEMD: &[Place] = &[
    Place(Linux, "/etc/systemd/system/x.service"),
    Place(Linux, "/etc/systemd/system/x.timer"),
    Place(Linux, "/etc/systemd/system/x.service.d/y.conf"),
    Place(Linux, "/home/mia/.config/systemd/user/x.socket"),
    Place(Linux, "/etc/systemd/system.conf"),
    Place(Linux, "/etc/environment.d/x.conf"),
    Place(Linux, "/etc/systemd/system-generators/x"),
];

/// Accounts, groups, and what may log in.
pub const ACCOUNTS: &[Place] = &[
    Place(Linux, "/etc/passwd"),
    Place(Linux, "/etc/shadow"),
    Place(Linux, "/etc/group"),
    Place(Linux, "/etc/gshadow"),
    Place(Linux, "/etc/userdb/x.user"),
    Place(Linux, "/etc/shells"),
    Place(Mac, "/private/var/db/dslocal/nodes/Default/users/mia.plist"),
    Place(Mac, "/private/var/db/dslocal/nodes/Default/groups/admin.plist"),
    Place(Mac, "/private/etc/shells"),
];

/// Applications and plug-ins of a Mac.
pub const APPS: &[Place] = &[
    Place(Mac, "/Applications/X.app/Contents/Info.plist"),
    Place(
        Mac,
        "/Users/mia/Library/Spotlight/X.mdimporter/Contents/Info.plist",
    ),
    Place(
        Mac,
        "/Applications/X.app/Contents/PlugIns/X.appex/Contents/Info.plist",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Containers/com.apple.notificationcenterui/Data/Library/Preferences/com.apple.notificationcenterui.plist",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Preferences/ByHost/com.apple.screensaver.7C2D-41.plist",
    ),
    Place(Mac, "/Users/mia/Library/Preferences/com.apple.HIToolbox.plist"),
    Place(Mac, "/Applications/X.app/Contents/_CodeSignature/CodeResources"),
];

/// PAM, sudo and doas.
pub const AUTH: &[Place] = &[
    Place(Linux, "/etc/pam.d/su"),
    Place(Linux, "/etc/sudoers"),
    Place(Linux, "/etc/sudoers.d/x"),
    Place(Linux, "/etc/sudo.conf"),
    Place(Linux, "/etc/doas.conf"),
    Place(Linux, "/etc/doas.d/x.conf"),
    Place(Mac, "/private/etc/pam.d/su"),
    Place(Mac, "/private/etc/sudoers"),
];

/// What opens at a login to a Mac.
pub const LOGIN_ITEMS: &[Place] = &[
    Place(
        Mac,
        "/private/var/db/com.apple.backgroundtaskmanagement/BackgroundItems-v13.btm",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems.btm",
    ),
    Place(Mac, "/Users/mia/Library/Preferences/com.apple.loginitems.plist"),
    Place(
        Mac,
        "/Users/mia/Library/Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl2",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Preferences/ByHost/com.apple.loginwindow.7C2D-41.plist",
    ),
    Place(Mac, "/Users/mia/Library/Preferences/com.apple.dock.plist"),
];

/// What package managers run, and where they get packages.
pub const PACKAGES: &[Place] = &[
    Place(Linux, "/etc/apt/apt.conf.d/20x"),
    Place(Linux, "/etc/apt/sources.list.d/x.sources"),
    Place(Linux, "/etc/apt/preferences.d/x"),
    Place(Linux, "/etc/dpkg/dpkg.cfg"),
    Place(Linux, "/var/lib/dpkg/diversions"),
    Place(Linux, "/var/lib/dpkg/statoverride"),
    Place(Linux, "/etc/yum.repos.d/x.repo"),
    Place(Linux, "/etc/pacman.d/hooks/x.hook"),
    Place(Linux, "/etc/pacman.conf"),
];

/// Who may do what: polkit, D-Bus, audit; grants, rules and certificates of a Mac.
pub const POLICY: &[Place] = &[
    Place(Linux, "/usr/share/polkit-1/actions/x.policy"),
    Place(Linux, "/usr/share/dbus-1/system-services/x.service"),
    Place(Linux, "/usr/share/dbus-1/system.d/x.conf"),
    Place(Linux, "/etc/audit/auditd.conf"),
    Place(Linux, "/etc/audit/rules.d/x.rules"),
    Place(Mac, "/private/var/db/auth.db"),
    Place(Mac, "/Library/Application Support/com.apple.TCC/TCC.db"),
    Place(Mac, "/private/var/db/SystemPolicyConfiguration/SystemPolicy"),
    Place(Mac, "/Library/Security/Trust Settings/Admin.plist"),
    Place(
        Mac,
        "/Library/Application Support/com.apple.TCC/MDMOverrides.plist",
    ),
];

/// What shells read when they start.
pub const SHELLRC: &[Place] = &[
    Place(Linux, "/etc/profile"),
    Place(Linux, "/home/mia/.bashrc"),
    Place(Linux, "/etc/zsh/zshenv"),
    Place(Linux, "/home/mia/.config/fish/config.fish"),
    Place(Mac, "/Users/mia/.zshenv"),
    Place(Mac, "/private/etc/paths"),
    Place(Mac, "/Users/mia/.config/fish/conf.d/x.fish"),
];

/// What a boot is told: menus, udev, sysctl, binary formats.
pub const BOOT: &[Place] = &[
    Place(Linux, "/etc/udev/rules.d/x.rules"),
    Place(Linux, "/boot/grub/grub.cfg"),
    Place(Linux, "/boot/grub/grubenv"),
    Place(Linux, "/etc/kernel/cmdline"),
    Place(Linux, "/boot/extlinux/extlinux.conf"),
    Place(Linux, "/boot/loader/entries/x.conf"),
    Place(Linux, "/etc/sysctl.d/x.conf"),
    Place(Linux, "/etc/binfmt.d/x.conf"),
];

/// Extensions of browsers.
pub const BROWSER: &[Place] = &[
    Place(Linux, "/home/mia/.config/chromium/Default/Preferences"),
    Place(Linux, "/home/mia/.config/chromium/Default/Secure Preferences"),
    Place(Linux, "/home/mia/.mozilla/firefox/x.default/extensions.json"),
    Place(
        Mac,
        "/Users/mia/Library/Application Support/Google/Chrome/Default/Secure Preferences",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Application Support/Google/Chrome/Default/Extensions/x/1_0/manifest.json",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Application Support/Firefox/Profiles/x/extensions.json",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Containers/com.apple.Safari/Data/Library/Safari/WebExtensions/Extensions.plist",
    ),
];

/// What a desktop starts, and its database of settings.
pub const DESKTOP: &[Place] = &[
    Place(Linux, "/home/mia/.config/autostart/x.desktop"),
    Place(Linux, "/usr/share/xsessions/x.desktop"),
    Place(Linux, "/home/mia/.local/share/applications/x.desktop"),
    Place(
        Linux,
        "/home/mia/.local/share/gnome-shell/extensions/x/metadata.json",
    ),
    Place(Linux, "/home/mia/.config/dconf/user"),
];

/// What tools of developers run.
pub const DEVELOPER: &[Place] = &[
    Place(Linux, "/home/mia/.gitconfig"),
    Place(Linux, "/home/mia/x/.venv/pyvenv.cfg"),
    Place(Linux, "/home/mia/.vscode/extensions/extensions.json"),
    Place(Linux, "/home/mia/.vscode/extensions/x/package.json"),
    Place(Linux, "/home/mia/x/.vscode/tasks.json"),
    Place(Linux, "/home/mia/.config/Code/User/settings.json"),
    Place(Linux, "/home/mia/.claude/settings.json"),
    Place(Mac, "/Users/mia/.claude.json"),
    Place(Mac, "/Users/mia/x/X.xcodeproj/project.pbxproj"),
    Place(Mac, "/Users/mia/.codex/config.toml"),
];

/// Interfaces, inetd, and filters of a Mac.
pub const NETWORK: &[Place] = &[
    Place(Linux, "/etc/network/interfaces"),
    Place(Linux, "/etc/inetd.conf"),
    Place(Linux, "/etc/xinetd.d/x"),
    Place(Mac, "/Library/Preferences/com.apple.alf.plist"),
    Place(Mac, "/Library/Preferences/com.apple.networkextension.plist"),
];

/// What services run: web, mail, logs, containers.
pub const SERVICES: &[Place] = &[
    Place(Linux, "/etc/logrotate.d/x"),
    Place(Linux, "/etc/apache2/apache2.conf"),
    Place(Linux, "/etc/nginx/nginx.conf"),
    Place(Linux, "/etc/aliases"),
    Place(Linux, "/etc/postfix/master.cf"),
    Place(Linux, "/home/mia/.forward"),
    Place(Linux, "/etc/rsyslog.conf"),
    Place(Linux, "/var/lib/docker/containers/x/config.v2.json"),
    Place(Linux, "/etc/containers/systemd/x.container"),
    Place(Linux, "/etc/kubernetes/manifests/x.yaml"),
    Place(Mac, "/private/etc/apache2/httpd.conf"),
];

/// What the dynamic linkers of both systems load.
pub const LOADER: &[Place] = &[
    Place(Linux, "/etc/ld.so.preload"),
    Place(Linux, "/etc/ld.so.conf"),
    Place(Linux, "/etc/ld.so.cache"),
    Place(Linux, "/etc/ld-musl-x86_64.path"),
    Place(Linux, "/usr/libexec/x"),
    Place(Mac, "/usr/local/bin/x"),
];

/// What a Mac does when something happens: alarms, folders, mail, services.
pub const AUTOMATION: &[Place] = &[
    Place(Mac, "/Users/mia/Library/Calendars/x.calendar/Events/x.ics"),
    Place(
        Mac,
        "/Users/mia/Library/Preferences/com.apple.FolderActionsDispatcher.plist",
    ),
    Place(
        Mac,
        "/Users/mia/Library/Services/X.workflow/Contents/document.wflow",
    ),
    Place(Mac, "/Users/mia/Library/Mail/V10/MailData/SyncedRules.plist"),
];

/// Configuration profiles of a Mac.
pub const PROFILES: &[Place] = &[
    Place(Mac, "/private/var/db/ConfigurationProfiles/Store/x.mobileconfig"),
    Place(Mac, "/Users/mia/Downloads/x.mobileconfig"),
];

/// What a running kernel was told, and what its firmware keeps.
pub const RUNNING: &[Place] = &[
    Place(Linux, "/proc/sys/kernel/core_pattern"),
    Place(Linux, "/sys/fs/cgroup/memory/release_agent"),
    Place(Linux, "/proc/sys/fs/binfmt_misc/x"),
    Place(Linux, "/proc/cmdline"),
    Place(
        Linux,
        "/sys/firmware/efi/efivars/Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    ),
    Place(
        Linux,
        "/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    ),
    Place(
        Linux,
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    ),
    Place(
        Linux,
        "/sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f",
    ),
];

/// Takes bytes apart: the place that the first of them names, and what is to be found there.
pub fn split<'a>(bytes: &'a [u8], places: &[Place]) -> Option<(Place, &'a [u8])> {
    let (first, content) = bytes.split_first()?;
    Some((
        places[usize::from(first.wrapping_sub(b'a')) % places.len()],
        content,
    ))
}

/// Where the content is that a watch list is to understand.
pub const LISTED: &[&str] = &[
    "/etc/x.conf",
    "/etc/d/e/f/x.json",
    "/home/mia/.x",
    "/opt/a b*.toml",
];

/// What stands between a watch list and that content.
const THEN: &str = "\n%%%\n";

/// Takes bytes apart: a watch list, and the content of what it finds.
pub fn split_list(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes
        .windows(THEN.len())
        .position(|bytes| bytes == THEN.as_bytes())?;
    let list = std::str::from_utf8(&bytes[..at]).ok()?;
    Some((list, &bytes[at + THEN.len()..]))
}
