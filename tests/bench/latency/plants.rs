//! What is planted: one file each of families that shipped modules and lists watch.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where a family has its files, and what one says; `{}` is what tells one plant from another.
pub(crate) struct Family(pub(crate) &'static str, pub(crate) &'static str);

/// Those with one file of a fixed name come last.
pub(crate) const FAMILIES: [Family; 24] = [
    Family("/etc/cron.d/{}", "5 4 * * * root /opt/{}\n"),
    Family(
        "/etc/systemd/system/{}.service",
        "[Service]\nExecStart=/opt/{}\n[Install]\nWantedBy=multi-user.target\n",
    ),
    Family(
        "/etc/systemd/system/known.service.d/{}.conf",
        "[Service]\nExecStartPre=/opt/{}\n",
    ),
    Family("/etc/sudoers.d/{}", "ana ALL=(root) NOPASSWD: /opt/{}\n"),
    Family("/etc/profile.d/{}.sh", "/opt/{}\n"),
    Family(
        "/etc/udev/rules.d/{}.rules",
        "ACTION==\"add\", RUN+=\"/opt/{}\"\n",
    ),
    Family("/etc/ld.so.conf.d/{}.conf", "/opt/{}\n"),
    Family(
        "/etc/apt/apt.conf.d/{}",
        "APT::Update::Pre-Invoke { \"/opt/{}\"; };\n",
    ),
    Family(
        "/etc/xdg/autostart/{}.desktop",
        "[Desktop Entry]\nType=Application\nName={}\nExec=/opt/{}\n",
    ),
    Family("/etc/modules-load.d/{}.conf", "{}\n"),
    Family("/etc/pam.d/{}", "session optional pam_exec.so /opt/{}\n"),
    Family("/etc/NetworkManager/dispatcher.d/{}", "#!/bin/sh\nexec /opt/{}\n"),
    Family("/etc/init.d/{}", "#!/bin/sh\nexec /opt/{}\n"),
    Family("/etc/tmpfiles.d/{}.conf", "C /etc/cron.d/x - - - - /opt/{}\n"),
    Family(
        "/etc/logrotate.d/{}",
        "/var/log/{}.log {\n  postrotate\n    /opt/{}\n  endscript\n}\n",
    ),
    Family("/etc/cron.daily/{}", "#!/bin/sh\nexec /opt/{}\n"),
    Family("/var/spool/cron/crontabs/ana", "5 4 * * * /opt/{}\n"),
    Family(
        "/home/ana/.ssh/authorized_keys",
        "command=\"/opt/{}\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIiH0N4BrmXGYKqsGr3bwzBFVZLrkL8HRjHZK1lWyM1K ana\n",
    ),
    Family("/home/ana/.bashrc", "/opt/{} &\n"),
    Family(
        "/home/ana/.config/autostart/known.desktop",
        "[Desktop Entry]\nType=Application\nName={}\nExec=/opt/{}\n",
    ),
    Family("/etc/rc.local", "#!/bin/sh\n/opt/{}\n"),
    Family("/etc/ld.so.preload", "/opt/{}.so\n"),
    // Programs that entries which are there run.
    Family("/opt/known", "#!/bin/sh\n# {}\n"),
    Family("/usr/local/bin/service", "#!/bin/sh\n# {}\n"),
];

impl Family {
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.replace("{}", name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.1.replace("{}", name)
    }

    pub(crate) fn folder(&self) -> &Path {
        Path::new(self.0).parent().unwrap()
    }

    /// What the line about a file of it names: a drop-in is part of its unit.
    pub(crate) fn told<'p>(&self, path: &'p str) -> &'p str {
        path.split_once(".d/").map_or(
            path,
            |(unit, _)| if unit.ends_with(".service") { unit } else { path },
        )
    }

    /// Of files that are run, and of those that nobody else may read.
    fn mode(&self) -> u32 {
        match self.0 {
            _ if self.1.starts_with("#!") => 0o755,
            path if path.contains("crontabs") => 0o600,
            path if path.contains("sudoers") => 0o440,
            _ => 0o644,
        }
    }
}

/// A root with the folders of all families, and a state of a machine that is in use.
pub(crate) fn populate(root: &Path) {
    let host = |path: &str| root.join(path.trim_start_matches('/'));
    fs::create_dir_all(aside(root).parent().unwrap()).unwrap();
    for folder in FAMILIES.iter().map(Family::folder) {
        fs::create_dir_all(host(folder.to_str().unwrap())).unwrap();
    }
    for (path, text) in [
        ("/etc/os-release", "ID=fixture\n"),
        (
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n",
        ),
        ("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
        ("/etc/sudoers", "@includedir /etc/sudoers.d\n"),
        ("/etc/cron.d/known", "5 4 * * * root /opt/known\n"),
        (
            "/etc/systemd/system/known.service",
            "[Service]\nExecStart=/usr/local/bin/service\n",
        ),
    ] {
        fs::write(host(path), text).unwrap();
    }
    for family in &FAMILIES {
        if !family.0.contains("{}") {
            continue;
        }
        for number in 0..5 {
            write(root, family, &format!("known{number}"), &format!("known{number}"));
        }
    }
}

/// A file in a folder that nobody watches, on the same file system.
fn aside(root: &Path) -> PathBuf {
    root.with_file_name("aside").join("file")
}

/// Writes the file that is called `name`, with `text` in it.
pub(crate) fn write(root: &Path, family: &Family, name: &str, text: &str) {
    let path = root.join(family.path(name).trim_start_matches('/'));
    fs::write(&path, family.text(text)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(family.mode())).unwrap();
}

/// What is done to a file, one after the other.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Deed {
    Create,
    Modify,
    Chmod,
    RenameIn,
    Delete,
}

/// In this order each is a change.
pub(crate) const DEEDS: [Deed; 5] = [
    Deed::Create,
    Deed::Modify,
    Deed::Chmod,
    Deed::RenameIn,
    Deed::Delete,
];

impl Deed {
    /// What is needed for it, which nobody watches.
    pub(crate) fn prepare(self, root: &Path, family: &Family, text: &str) {
        if self == Deed::RenameIn {
            let aside = aside(root);
            fs::write(&aside, family.text(text)).unwrap();
            fs::set_permissions(&aside, fs::Permissions::from_mode(family.mode())).unwrap();
        }
    }

    pub(crate) fn act(self, root: &Path, family: &Family, path: &str, text: &str) {
        let path = root.join(path.trim_start_matches('/'));
        match self {
            Deed::Create => {
                fs::write(&path, family.text(text)).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(family.mode())).unwrap();
            }
            Deed::Modify => fs::write(&path, family.text(text)).unwrap(),
            Deed::Chmod => fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap(),
            Deed::RenameIn => fs::rename(aside(root), &path).unwrap(),
            Deed::Delete => fs::remove_file(&path).unwrap(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Deed::Create => "create",
            Deed::Modify => "modify",
            Deed::Chmod => "chmod",
            Deed::RenameIn => "rename-in",
            Deed::Delete => "delete",
        }
    }
}
