//! Linux: what the kernel was told since it runs.

use crate::parse;
use assay_sdk::{Entry, FileType, Result, Scan, Text, Value, split_words};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// For people and for `assay module check`; an image has nothing there that is looked at.
pub(crate) const WATCH: &[&str] = &[
    "/proc/sys/{kernel,fs/binfmt_misc}/*",
    "/sys/fs/{cgroup/*/release_agent,bpf/*}",
];

/// Files that hold the path of a program.
const HELPERS: &[&str] = &[
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hotplug",
    "/proc/sys/kernel/poweroff_cmd",
    "/sys/kernel/uevent_helper",
];
const CGROUPS: &str = "/sys/fs/cgroup";
const FORMATS: &str = "/proc/sys/fs/binfmt_misc";
const PINS: &str = "/sys/fs/bpf";
const ARGUMENTS: &str = "/proc/cmdline";
const LIMIT: u64 = 64 << 10;
/// Folders of pins, and how deep they are looked through.
const MAX_LEVELS: usize = 6;
const MAX_PINS: usize = 10_000;
/// Of what the boot loader says of the image that it took, which changes with every kernel.
const IMAGE: &[u8] = b"BOOT_IMAGE";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    helpers(scan)?;
    formats(scan)?;
    let mut left = MAX_PINS;
    pins(scan, Path::new(PINS), MAX_LEVELS, &mut left)?;
    arguments(scan)
}

fn helpers(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths: Vec<PathBuf> = HELPERS.iter().map(PathBuf::from).collect();
    // One for each hierarchy of the first version, whose programs run when the last task has left a group.
    for listed in scan.list(Path::new(CGROUPS)) {
        if listed.file_type == FileType::Directory {
            let path = Path::new(CGROUPS).join(listed.name).join("release_agent");
            paths.extend(scan.stat(&path).is_some().then_some(path));
        }
    }
    for path in paths {
        let Some(text) = scan.read(&path, LIMIT) else {
            continue;
        };
        let value = text.trim_ascii();
        if value.is_empty() {
            continue;
        }
        // A core pattern without `|` is a file name.
        let command = match value.strip_prefix(b"|") {
            Some(command) => command,
            None if path.ends_with("core_pattern") => b"",
            None => value,
        };
        let words: Vec<Text> = split_words(command).into_iter().map(|word| word.text).collect();
        let programs = scan.programs().argv(&words);
        let entry = Entry::new("running_helper", path.as_path(), &path).field("value", value);
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

fn formats(scan: &mut Scan<'_>) -> Result<()> {
    for path in scan.files(Path::new(FORMATS), |name| {
        name != b"register" && name != b"status"
    }) {
        let Some(text) = scan.read(&path, LIMIT) else {
            continue;
        };
        let format = parse::format(&text);
        let programs = scan.programs().argv(std::slice::from_ref(&format.interpreter));
        let name = path.file_name().unwrap_or_default().as_bytes();
        let flags = (!format.flags.is_empty()).then_some(format.flags);
        let entry = Entry::new("running_format", name, &path)
            .field("interpreter", format.interpreter)
            .field("enabled", format.enabled)
            .maybe("flags", flags);
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

fn pins(scan: &mut Scan<'_>, folder: &Path, levels: usize, left: &mut usize) -> Result<()> {
    for listed in scan.list(folder) {
        let path = folder.join(&listed.name);
        *left = left.saturating_sub(1);
        if *left == 0 {
            break;
        }
        match listed.file_type {
            FileType::Directory if levels > 0 => pins(scan, &path, levels - 1, left)?,
            FileType::Symlink | FileType::Directory => {}
            _ => scan.entry(Entry::new("pinned_bpf", path.as_path(), &path))?,
        }
    }
    Ok(())
}

fn arguments(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(ARGUMENTS);
    let Some(text) = scan.read(path, LIMIT) else {
        return Ok(());
    };
    for (name, values) in parse::arguments(&text) {
        if name == IMAGE || name == b"initrd" {
            continue;
        }
        let mut programs = Vec::new();
        if name == b"init" || name == b"rdinit" {
            programs = scan.programs().argv(&values);
        }
        let values = (!values.is_empty()).then(|| values.into_iter().collect::<Value>());
        let entry = Entry::new("running_argument", name, path).maybe("values", values);
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Copied;
    use assay_sdk::testkit::Fixture;

    #[test]
    fn a_kernel_that_was_told_much() {
        let guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
        let fixture = Fixture::new()
            .file(
                "/proc/sys/kernel/core_pattern",
                "|/usr/share/apport/apport -p%p\n",
            )
            .file("/proc/sys/kernel/modprobe", "/sbin/modprobe\n")
            .file("/sys/kernel/uevent_helper", "\n")
            .file("/sys/fs/cgroup/memory/release_agent", "/tmp/.agent\n")
            .file("/sys/fs/cgroup/unified/cgroup.procs", "")
            .file("/proc/sys/fs/binfmt_misc/register", "")
            .file(
                "/proc/sys/fs/binfmt_misc/qemu",
                "enabled\ninterpreter /usr/bin/qemu\nflags: F\n",
            )
            .file("/sys/fs/bpf/xdp/globals/map", "")
            .file(
                "/proc/cmdline",
                "BOOT_IMAGE=/vmlinuz-6.12 root=/dev/vda1 ro init=/opt/.i\n",
            )
            .file(
                &format!("/sys/firmware/efi/efivars/SecureBoot-{guid}"),
                [6, 0, 0, 0, 1],
            )
            .file(
                &format!("/sys/firmware/efi/efivars/BootOrder-{guid}"),
                [7, 0, 0, 0, 1, 0, 0, 0],
            )
            .file(
                &format!("/sys/firmware/efi/efivars/Boot0001-{guid}"),
                [7, 0, 0, 0, 1],
            )
            .file(
                &format!("/sys/firmware/efi/efivars/db-{guid}"),
                [7, 0, 0, 0, 1, 2, 3],
            )
            .file(
                &format!("/sys/firmware/efi/efivars/BootCurrent-{guid}"),
                [6, 0, 0, 0, 1, 0],
            );
        insta::assert_snapshot!(fixture.collect::<Copied>().snapshot());
    }
}
