//! File systems that a process serves: what it says of owner and mode is its own word.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

/// A mount by its number, and the device that its files say they are on.
type Mount = (u64, (u32, u32));

/// Mounts of block devices that are known not to be served by anybody: those only root mounts. Without such a device both
/// numbers may be given to another mount as soon as the first is gone.
static SOUND: Mutex<BTreeSet<Mount>> = Mutex::new(BTreeSet::new());

/// Whether an open file is on a file system that a process of another user than root and `me` serves.
///
/// An ordinary user may mount a FUSE file system on a folder of their own. Where `/etc/fuse.conf` has
/// `user_allow_other`, root sees it, and sees there whatever owners, modes and bytes that user likes, other ones at each
/// look. Only the kernel is asked: statfs(2), too, is answered by that process. macOS has no such file systems of its
/// own, and there the answer is no, as it is where no `/proc` is mounted, and for the root of a chroot, which no table lists.
pub(super) fn by_somebody(file: impl AsFd, me: u32) -> bool {
    let file = file.as_fd();
    let Some(mount) = mount(file) else {
        return false;
    };
    let sound = || SOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if sound().contains(&mount) {
        return false;
    }
    let served = described(mount.0).is_some_and(|(kind, options)| {
        let is_fuse = kind == "fuse" || kind == "fuseblk" || kind.starts_with("fuse.");
        let user = options
            .split(',')
            .find_map(|option| option.strip_prefix("user_id="));
        let user = user.and_then(|user| user.parse::<u32>().ok());
        is_fuse && !user.is_some_and(|user| user == 0 || user == me)
    });
    let is_of_block_device = mount.1.0 != 0;
    if !served && is_of_block_device {
        sound().insert(mount);
    }
    served
}

/// The mount that a descriptor is on, statx(2); from proc(5) before Linux 5.8.
#[cfg(target_os = "linux")]
fn mount(file: BorrowedFd<'_>) -> Option<Mount> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, StatxFlags, statx};
    let stat = statx(
        file,
        "",
        AtFlags::EMPTY_PATH,
        StatxFlags::from_bits_retain(MNT_ID),
    )
    .ok()?;
    let device = (stat.stx_dev_major, stat.stx_dev_minor);
    if stat.stx_mask & MNT_ID != 0 {
        return Some((stat.stx_mnt_id, device));
    }
    let about = fs::read_to_string(format!("/proc/thread-self/fdinfo/{}", file.as_raw_fd())).ok()?;
    let number = about.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
    Some((number.trim().parse().ok()?, device))
}

/// `STATX_MNT_ID` of `linux/stat.h`.
#[cfg(target_os = "linux")]
const MNT_ID: u32 = 0x1000;

#[cfg(not(target_os = "linux"))]
fn mount(_: BorrowedFd<'_>) -> Option<Mount> {
    None
}

/// Type and options of a mount, proc(5).
fn described(number: u64) -> Option<(String, String)> {
    let number = number.to_string();
    let table = fs::read("/proc/thread-self/mountinfo").ok()?;
    let line = table
        .split(|b| *b == b'\n')
        .find(|line| line.split(|b| *b == b' ').next() == Some(number.as_bytes()))?;
    let line = String::from_utf8_lossy(line);
    // The fields before the dash are many or few, those after it three.
    let mut last = line.split(" - ").last()?.split(' ');
    let kind = last.next()?.to_owned();
    Some((kind, last.nth(1)?.to_owned()))
}
