//! The root, and apt in it.

use super::places::{is_persistence, merged};
use super::say;
use crate::with_everything;
use assay_tests::{Scratch, built};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release's own mirror, or the one of this machine.
const RELEASE: &str = "bookworm";

/// What a server or a desktop has, and the smallest system has not. debootstrap does not know which packages provide
/// what others need, and leaves these to apt.
const INCLUDE: &[&str] = &[
    "cron",
    "at",
    "systemd",
    "systemd-sysv",
    "openssh-server",
    "sudo",
    "polkitd",
    "network-manager",
    "rsyslog",
];

/// In namespaces of its own, which take their mounts and processes with them, and with this machine's name servers: what
/// is behind the root, as if it were this machine.
const IN_ROOT: &str = "mount --bind /etc/resolv.conf \"$0/etc/resolv.conf\"; mount -t proc proc \"$0/proc\"; exec chroot \"$0\" \"$@\"";

pub(super) struct Debian {
    pub(super) scratch: Scratch,
}

impl Debian {
    pub(super) fn new() -> Self {
        let scratch = with_everything(Scratch::new());
        let root = scratch.path("root");
        fs::remove_dir_all(&root).unwrap();
        fs::create_dir(&root).unwrap();
        done(Command::new("tar").arg("-xf").arg(tarball()).arg("-C").arg(&root));
        let debian = Self { scratch };
        debian.apt(&["update"]);
        debian
    }

    /// Runs `apt-get` in the root, and starts no service.
    pub(super) fn apt(&self, arguments: &[&str]) {
        apt(&self.scratch.path("root"), arguments);
    }

    /// The packages that are installed.
    pub(super) fn packages(&self) -> BTreeSet<String> {
        self.ask(&["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${binary:Package}\n"])
            .filter_map(|line| Some(line.strip_prefix("ii ")?.to_owned()))
            .collect()
    }

    /// The files of these packages from which something starts, and the scripts that dpkg keeps of them.
    pub(super) fn persistence(&self, packages: &BTreeSet<String>) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        for package in packages {
            let listed = self.ask(&["dpkg", "-L", package]);
            let kept = self.ask(&["dpkg-query", "--control-path", package]);
            let kept = kept.filter(|path| {
                let script = ["preinst", "postinst", "prerm", "postrm", "config"];
                script.iter().any(|end| path.ends_with(&format!(".{end}")))
            });
            let there = listed.chain(kept).filter(|path| {
                fs::symlink_metadata(self.scratch.host(path)).is_ok_and(|there| !there.is_dir())
            });
            let starts = there.filter(|path| is_persistence(merged(path)) && self.may_run(path));
            files.extend(starts.map(|path| merged(&path).to_owned()));
        }
        files
    }

    /// Most rules of udev name or tag a device, and run nothing.
    fn may_run(&self, path: &str) -> bool {
        let of_udev = path.contains("/udev/rules.d/");
        let text = of_udev.then(|| fs::read_to_string(self.scratch.host(path)).unwrap());
        text.is_none_or(|text| {
            ["RUN", "PROGRAM", "{program}", "SYSTEMD_"]
                .iter()
                .any(|word| text.contains(word))
        })
    }

    fn ask(&self, command: &[&str]) -> impl Iterator<Item = String> + use<> {
        let output = done(&mut in_root(&self.scratch.path("root"), command));
        output.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
    }
}

/// What debootstrap makes, made once a build folder.
fn tarball() -> PathBuf {
    let scratch = built().join("scratch");
    let tarball = scratch.join("hosts-debian12.tar");
    if tarball.exists() {
        return tarball;
    }
    say("debootstrap, which takes some minutes");
    fs::create_dir_all(&scratch).unwrap();
    let folder = tempfile::Builder::new()
        .prefix("debian")
        .tempdir_in(&scratch)
        .unwrap();
    let root = folder.path().join("root");
    let mut make = private("debootstrap");
    make.args(["--variant=minbase", RELEASE])
        .arg(&root)
        .args(mirror());
    done(&mut make);
    // No service starts in a folder.
    let policy = root.join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n").unwrap();
    done(Command::new("chmod").arg("755").arg(policy));
    apt(&root, &["update"]);
    apt(&root, &[&["install"], INCLUDE].concat());
    apt(&root, &["clean"]);
    let new = folder.path().join("new.tar");
    done(
        Command::new("tar")
            .arg("-cf")
            .arg(&new)
            .arg("-C")
            .arg(&root)
            .arg("."),
    );
    fs::rename(new, &tarball).unwrap();
    tarball
}

fn apt(root: &Path, arguments: &[&str]) {
    let mut apt = vec!["apt-get", "-qq", "-y", "--no-install-recommends"];
    apt.extend(arguments);
    say(&apt.join(" "));
    done(&mut in_root(root, &apt));
}

fn in_root(root: &Path, command: &[&str]) -> Command {
    let mut whole = private("sh");
    whole.args(["-ec", IN_ROOT]).arg(root).args(command);
    whole
}

/// A command whose mounts nobody else sees, and whose processes end with it.
fn private(program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", program]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
        .env("LC_ALL", "C")
        .env("DEBIAN_FRONTEND", "noninteractive");
    for scheme in ["http", "https"] {
        let name = format!("{scheme}_proxy");
        let of_apt = asked(
            "apt-config",
            &["dump", "--format", "%v", &format!("Acquire::{scheme}::Proxy")],
        );
        let proxy = of_apt.or_else(|| std::env::var(&name).ok());
        command.envs(proxy.map(|proxy| (name, proxy)));
    }
    command
}

/// The mirror that apt takes here, if it has this release; else debootstrap knows one.
fn mirror() -> Option<String> {
    let all = asked(
        "apt-get",
        &[
            "indextargets",
            "--format",
            "$(CODENAME) $(REPO_URI)",
            "Created-By: Packages",
        ],
    )?;
    let of_release = all
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{RELEASE} ")));
    of_release.map(str::to_owned)
}

/// What a command of this machine says, if it has something to say.
fn asked(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn done(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout
}
