//! Where shells look for what they run.

use assay_sdk::Os;

pub(crate) const WATCH: &[&str] = &[
    "/etc/{profile,profile.local,bash.bashrc,bash.bashrc.local,bash.bash_logout,bashrc,kshrc,mkshrc,ksh.kshrc,xonshrc}",
    "/etc/{zshenv,zprofile,zshrc,zlogin,zlogout}",
    "/etc/zsh/{zshenv,zprofile,zshrc,zlogin,zlogout}",
    "/etc/csh.{cshrc,login,logout}",
    "/{etc,usr/etc}/profile.d/*sh",
    "/etc/powershell/profile.ps1",
    "/etc/fish/{config.fish,conf.d/*.fish,functions/*.fish}",
    "/usr/share/fish/vendor_conf.d/*.fish",
    "/{etc,usr/etc}/skel/.{bash_profile,profile,bashrc,bash_logout,zshrc}",
    "/private/etc/{zshenv,zprofile,zshrc,zlogin,zlogout,profile,bashrc,csh.cshrc,csh.login,csh.logout,ksh.kshrc}",
    "/private/etc/{bashrc,zshrc}_Apple_Terminal",
    "/private/etc/{profile.d/*sh,fish/config.fish,fish/conf.d/*.fish}",
    "/{usr/local,opt/homebrew}/etc/{profile.d/*sh,fish/config.fish,fish/conf.d/*.fish}",
    "/opt/X11/etc/X11/xinit/{xinitrc,xinitrc.d/*,privileged_startx.d/*}",
    "/Library/Preferences/Xsan/.xsanrc",
    "~/.{profile,bashrc,bash_profile,bash_login,bash_logout,bash_aliases,bashrc.d/*,bash_profile.d/*}",
    "~/.{zshenv,zprofile,zshrc,zlogin,zlogout,zshrc_aliases,zshrc.d/*,zfunc/*}",
    "~/.{cshrc,tcshrc,login,logout,kshrc,mkshrc,shrc,shinit,xonshrc}",
    "~/.oh-my-zsh/custom/**",
    "~/.config/fish/{config.fish,conf.d/*.fish,functions/*.fish}",
    "~/.config/powershell/*profile.ps1",
    "~/.config/{elvish/rc.elv,nushell/env.nu,nushell/config.nu,oil/oshrc}",
    "~/.{xinitrc,xserverrc,xinitrc.d/*}",
];

/// Files and folders, in the order in which shells read them: what one sets holds for those after it.
pub(crate) struct Places {
    pub(crate) files: &'static [&'static str],
    pub(crate) folders: &'static [Folder],
}

/// A folder of which every file counts whose name ends in one of `endings`.
pub(crate) struct Folder {
    pub(crate) path: &'static str,
    pub(crate) endings: &'static [&'static str],
}

const fn folder(path: &'static str, endings: &'static [&'static str]) -> Folder {
    Folder { path, endings }
}

const ANY: &[&str] = &[""];
const FISH: &[&str] = &[".fish"];
/// `.sh`, `.csh`, `.zsh` and the `sh.local` of Fedora; a README is none.
const SH: &[&str] = &["sh", "sh.local"];

pub(crate) fn of_system(os: Os) -> Places {
    match os {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    }
}

const LINUX: Places = Places {
    files: &[
        "/etc/zshenv",
        "/etc/zsh/zshenv",
        "/etc/profile",
        "/etc/profile.local",
        "/etc/bash.bashrc",
        "/etc/bash.bashrc.local",
        "/etc/bashrc",
        "/etc/bash.bash_logout",
        "/etc/zprofile",
        "/etc/zshrc",
        "/etc/zlogin",
        "/etc/zlogout",
        "/etc/zsh/zprofile",
        "/etc/zsh/zshrc",
        "/etc/zsh/zlogin",
        "/etc/zsh/zlogout",
        "/etc/csh.cshrc",
        "/etc/csh.login",
        "/etc/csh.logout",
        "/etc/ksh.kshrc",
        "/etc/kshrc",
        "/etc/mkshrc",
        "/etc/fish/config.fish",
        "/etc/powershell/profile.ps1",
        "/etc/xonshrc",
    ],
    folders: &[
        folder("/etc/profile.d", SH),
        folder("/usr/etc/profile.d", SH),
        folder("/etc/fish/conf.d", FISH),
        folder("/etc/fish/functions", FISH),
        folder("/usr/share/fish/vendor_conf.d", FISH),
    ],
};

const MACOS: Places = Places {
    files: &[
        "/private/etc/zshenv",
        "/private/etc/profile",
        "/private/etc/bashrc",
        "/private/etc/bashrc_Apple_Terminal",
        "/private/etc/zprofile",
        "/private/etc/zshrc",
        "/private/etc/zshrc_Apple_Terminal",
        "/private/etc/zlogin",
        "/private/etc/zlogout",
        "/private/etc/csh.cshrc",
        "/private/etc/csh.login",
        "/private/etc/csh.logout",
        "/private/etc/ksh.kshrc",
        "/private/etc/fish/config.fish",
        "/usr/local/etc/fish/config.fish",
        "/opt/homebrew/etc/fish/config.fish",
        "/opt/X11/etc/X11/xinit/xinitrc",
        "/Library/Preferences/Xsan/.xsanrc",
    ],
    folders: &[
        folder("/private/etc/profile.d", SH),
        folder("/usr/local/etc/profile.d", SH),
        folder("/opt/homebrew/etc/profile.d", SH),
        folder("/private/etc/fish/conf.d", FISH),
        folder("/usr/local/etc/fish/conf.d", FISH),
        folder("/opt/homebrew/etc/fish/conf.d", FISH),
        folder("/opt/X11/etc/X11/xinit/xinitrc.d", ANY),
        folder("/opt/X11/etc/X11/xinit/privileged_startx.d", ANY),
    ],
};

/// Below each home.
pub(crate) const OF_HOME: Places = Places {
    files: &[
        ".zshenv",
        ".bash_profile",
        ".bash_login",
        ".profile",
        ".bashrc",
        ".bash_aliases",
        ".bash_logout",
        ".zprofile",
        ".zshrc",
        ".zshrc_aliases",
        ".zlogin",
        ".zlogout",
        ".cshrc",
        ".tcshrc",
        ".login",
        ".logout",
        ".kshrc",
        ".mkshrc",
        ".shrc",
        ".shinit",
        ".xonshrc",
        ".config/fish/config.fish",
        ".config/powershell/profile.ps1",
        ".config/powershell/Microsoft.PowerShell_profile.ps1",
        ".config/elvish/rc.elv",
        ".config/nushell/env.nu",
        ".config/nushell/config.nu",
        ".config/oil/oshrc",
    ],
    folders: &[
        folder(".bashrc.d", ANY),
        folder(".bash_profile.d", ANY),
        folder(".zshrc.d", ANY),
        folder(".zfunc", ANY),
        folder(".oh-my-zsh/custom", &[".zsh"]),
        folder(".config/fish/conf.d", FISH),
        folder(".config/fish/functions", FISH),
    ],
};

/// What new homes begin with. The other files there are the business of a watch list, which leaves out these.
pub(crate) const SKELETONS: [&str; 2] = ["/etc/skel", "/usr/etc/skel"];
pub(crate) const OF_SKELETON: Places = Places {
    files: &[".bash_profile", ".profile", ".bashrc", ".bash_logout", ".zshrc"],
    folders: &[],
};

/// On a Mac XQuartz reads these; on Linux they belong to the desktop.
pub(crate) const OF_HOME_MACOS: Places = Places {
    files: &[".xinitrc", ".xserverrc"],
    folders: &[folder(".xinitrc.d", ANY)],
};

/// Folders in this one are plug-ins, each with files that zsh loads.
pub(crate) const PLUGINS: &str = ".oh-my-zsh/custom/plugins";
pub(crate) const PLUGIN_ENDINGS: &[&str] = &[".zsh", ".zsh-theme", ".sh"];

/// Of these bash reads the first that is there.
pub(crate) const LOGIN_FILES: [&str; 3] = [".bash_profile", ".bash_login", ".profile"];

/// What zsh reads in the folder that ZDOTDIR names.
pub(crate) const OF_ZDOTDIR: [&str; 5] = [".zshenv", ".zprofile", ".zshrc", ".zlogin", ".zlogout"];
