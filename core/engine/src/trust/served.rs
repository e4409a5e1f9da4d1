//! File systems that a process serves: what it says of owner and mode is its own word.

use rustix::fs::fstatfs;
use std::fs;
use std::os::fd::{AsFd, AsRawFd as _};

/// `FUSE_SUPER_MAGIC` of `linux/magic.h`.
const FUSE: u64 = 0x6573_5546;

/// Whether an open file is on a file system that a process of another user than root and `me` serves.
///
/// An ordinary user may mount a FUSE file system on a folder of their own. Where `/etc/fuse.conf` has
/// `user_allow_other`, root sees it, and sees there whatever owners, modes and bytes that user likes, other ones at each
/// look. Where the system does not tell who serves it, it counts as somebody else.
pub(super) fn by_somebody(file: impl AsFd, me: u32) -> bool {
    let file = file.as_fd();
    let is_fuse = fstatfs(file).is_ok_and(|about| u64::try_from(about.f_type).is_ok_and(|kind| kind == FUSE));
    is_fuse && !server(file.as_raw_fd()).is_some_and(|user| user == 0 || user == me)
}

/// The user who mounted the file system that a descriptor is on.
fn server(descriptor: i32) -> Option<u32> {
    let about = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
    let mount = about
        .lines()
        .find_map(|line| line.strip_prefix("mnt_id:"))?
        .trim();
    // proc(5): the number comes first, the options of the file system last.
    let table = fs::read("/proc/self/mountinfo").ok()?;
    let table = String::from_utf8_lossy(&table);
    let line = table.lines().find(|line| line.split(' ').next() == Some(mount))?;
    let mut options = line.rsplit(' ').next()?.split(',');
    options
        .find_map(|option| option.strip_prefix("user_id="))?
        .parse()
        .ok()
}
