//! File systems that a process serves: what it says of owner and mode is its own word.

use std::fs;
use std::os::fd::{AsFd, AsRawFd as _};

/// Whether an open file is on a file system that a process of another user than root and `me` serves.
///
/// An ordinary user may mount a FUSE file system on a folder of their own. Where `/etc/fuse.conf` has
/// `user_allow_other`, root sees it, and sees there whatever owners, modes and bytes that user likes, other ones at each
/// look. Only the kernel is asked: statfs(2), too, is answered by that process. macOS has no such file systems of its
/// own, and there the answer is no, as it is where no `/proc` is mounted, and for the root of a chroot, which no table lists.
pub(super) fn by_somebody(file: impl AsFd, me: u32) -> bool {
    mount(file.as_fd().as_raw_fd()).is_some_and(|(kind, options)| {
        let is_fuse = kind == "fuse" || kind == "fuseblk" || kind.starts_with("fuse.");
        let user = options
            .split(',')
            .find_map(|option| option.strip_prefix("user_id="));
        let user = user.and_then(|user| user.parse::<u32>().ok());
        is_fuse && !user.is_some_and(|user| user == 0 || user == me)
    })
}

/// Type and options of the file system that a descriptor is on, proc(5).
fn mount(descriptor: i32) -> Option<(String, String)> {
    let about = fs::read_to_string(format!("/proc/thread-self/fdinfo/{descriptor}")).ok()?;
    let number = about
        .lines()
        .find_map(|line| line.strip_prefix("mnt_id:"))?
        .trim();
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
