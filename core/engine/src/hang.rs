//! File systems that may never answer: those of a network, and those that a process serves.
//!
//! Who asks one of them for a file may wait for ever in the kernel, where not even SIGKILL reaches. So a module that
//! runs out of time is asked once more with all of them avoided, and the processes that could not be ended are
//! remembered: as long as one of them waits, no run asks there again, lest each leave one more behind.

use rustix::process::getpid;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// File systems of a local disk, of memory, or of the kernel itself. Any other may be served by somebody.
const LOCAL: &[&str] = &[
    "bcachefs",
    "binfmt_misc",
    "bpf",
    "btrfs",
    "cgroup",
    "cgroup2",
    "configfs",
    "cramfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "fusectl",
    "hfs",
    "hfsplus",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "mqueue",
    "nilfs2",
    "nsfs",
    "ntfs3",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "reiserfs",
    "romfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "ubifs",
    "udf",
    "vfat",
    "xfs",
    "zfs",
];
/// Places that the kernel fills. systemd mounts an autofs of its own below /proc on every machine.
const OF_KERNEL: &[&str] = &["/proc", "/sys", "/dev"];

/// Names of the threads that look at files, which end with their work.
pub(crate) const THREADS: [&str; 2] = ["measure", "look"];

/// Whether there is any file system on this machine that may never answer; nothing is touched to find out.
#[must_use]
pub fn is_possible() -> bool {
    mounts(Path::new("/")).is_none_or(|mounts| !mounts.is_empty())
}

/// Where file systems that may never answer are mounted below `root`; `None` when the system does not tell.
#[must_use]
pub(crate) fn mounts(root: &Path) -> Option<Vec<PathBuf>> {
    let table = fs::read("/proc/self/mountinfo").ok()?;
    let found = table.split(|b| *b == b'\n').filter_map(mount);
    let may_hang = found.filter(|(place, kind)| {
        let of_kernel = OF_KERNEL.iter().any(|of_kernel| place.starts_with(of_kernel));
        place.starts_with(root) && place != root && !of_kernel && !LOCAL.contains(&kind.as_str())
    });
    Some(may_hang.map(|(place, _)| place).collect())
}

/// Mount point and type in a line of `/proc/self/mountinfo`, proc(5).
fn mount(line: &[u8]) -> Option<(PathBuf, String)> {
    let mut words = line.split(|b| *b == b' ');
    let place = unescape(words.nth(4)?);
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    // `fuse.sshfs` is a fuse, and no such name is local.
    Some((
        OsString::from_vec(place).into(),
        String::from_utf8_lossy(kind).into_owned(),
    ))
}

/// Mount point in such a line.
#[cfg(target_os = "linux")]
pub(crate) fn mount_point(line: &[u8]) -> Option<PathBuf> {
    mount(line).map(|(place, _)| place)
}

/// `\040` is a blank.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        let digits = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// Of the mounts that may never answer the one that holds `path`; both are paths below `root`.
pub(crate) fn mount_of(root: &Path, path: &Path) -> Option<PathBuf> {
    let below = |mount: PathBuf| Some(Path::new("/").join(mount.strip_prefix(root).ok()?));
    let holding = mounts(root)?
        .into_iter()
        .filter_map(below)
        .filter(|mount| path.starts_with(mount));
    holding.max_by_key(|mount| mount.as_os_str().len())
}

/// Processes of this run that wait where nothing ends them: children that outlived SIGKILL, and this one, when a
/// thread of it was left behind. Each as `PID STARTED`, which no later process shares.
pub(crate) fn stuck() -> BTreeSet<String> {
    let own = getpid().as_raw_nonzero().get().to_string();
    let mut stuck = BTreeSet::new();
    let tasks = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    for task in tasks {
        let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        stuck.extend(read("children").split_whitespace().filter_map(identity));
        let name = read("comm");
        if THREADS.contains(&name.trim_end()) {
            stuck.extend(identity(&own));
        }
    }
    stuck
}

/// Whether a process of [`stuck`] is still there.
pub(crate) fn is_stuck(process: &str) -> bool {
    let pid = process.split(' ').next().unwrap_or_default();
    identity(pid).as_deref() == Some(process)
}

fn identity(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(format!("{pid} {}", started(&stat)?))
}

/// The start time in a `/proc/PID/stat`, its 22nd word; the second, a name, may hold blanks and parentheses.
fn started(stat: &str) -> Option<&str> {
    stat.rsplit_once(") ")?.1.split(' ').nth(19)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_with_blanks_and_optional_fields() {
        let line = br"36 35 98:0 / /mnt/a\040b\134 rw,noatime master:1 shared:2 - fuse.sshfs host:/ rw";
        assert_eq!(mount(line), Some((r"/mnt/a b\".into(), "fuse.sshfs".to_owned())));
        assert_eq!(mount(b""), None);
        assert_eq!(unescape(br"a\04\9999\"), br"a\04\9999\");
    }

    #[test]
    fn a_process_is_told_from_a_later_one_of_its_number() {
        let own = std::process::id().to_string();
        let identity = identity(&own).unwrap();
        assert!(is_stuck(&identity));
        assert!(!is_stuck(&format!("{own} 1")) && !is_stuck("0 1") && !is_stuck(""));
        assert_eq!(
            started("7 (a) b) D 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"),
            Some("22")
        );
    }
}
