//! Programs and rights: what is seen, and what each change looks like.

use assay_module_executables::Executables;
use assay_sdk::Last;
use assay_sdk::testkit::{Fixture, Seen};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Executables>()
}

fn with_mode(fixture: Fixture, path: &str, mode: u32) -> Fixture {
    fs::set_permissions(fixture.host(path), fs::Permissions::from_mode(mode)).expect(path);
    fixture
}

fn machine() -> Fixture {
    Fixture::new()
        .file(
            "/etc/passwd",
            "root:x:0:0::/root:/bin/sh\nana:x:1:1::/home/ana:/bin/sh\n",
        )
        .link("/bin", "usr/bin")
        .script("/usr/bin/ls", "ELF")
        .script("/usr/bin/vim.basic", "ELF")
        .link("/usr/bin/vi", "/etc/alternatives/vi")
        .link("/etc/alternatives/vi", "/usr/bin/vim.basic")
        .link("/usr/bin/jexec", "/opt/java/lib/jexec")
        .script("/opt/java/lib/jexec", "ELF")
        .file("/usr/bin/readme", "no program")
        .script("/usr/lib/git-core/git-remote", "ELF")
        .script("/usr/lib/python3/x/y.py", "#!")
        .script("/usr/lib/x86_64-linux-gnu/libz.so.1", "ELF")
        .script("/usr/local/bin/backup", "#!/bin/sh\n")
        .script("/home/ana/.local/bin/pipx", "#!")
        .folder("/opt/vendor")
}

/// Modes and owners are the core's to compare, so that a snapshot may leave them out.
#[test]
fn a_machine_as_it_is_installed() {
    insta::assert_snapshot!(scan(&machine()).snapshot());
}

#[test]
fn what_an_intruder_does_is_told() {
    let before = scan(&machine());
    let after = machine();
    fs::remove_file(after.host("/usr/bin/vi")).unwrap();
    let after = after
        .script("/usr/bin/ls.original", "ELF")
        .script("/usr/bin/nologin ", "#!")
        .link("/usr/bin/vi", "/dev/shm/vi")
        .script("/usr/local/bin/update", "#!")
        .script("/home/ana/.local/bin/ls", "#!")
        .script("/opt/vendor/bin/agent", "#!")
        .script("/grub-fix.sh", "#!");
    let after = with_mode(after, "/usr/bin/vim.basic", 0o4755);
    let after = with_mode(after, "/opt/vendor/bin/agent", 0o2755);
    insta::assert_snapshot!(scan(&after).changes_since(&before).join("\n"));
    assert_eq!(
        scan(&after).field("shadowing_program", "/home/ana/.local/bin/ls", "hides"),
        "/usr/bin/ls"
    );
    assert_eq!(
        scan(&after).field("setid_file", "/usr/bin/vim.basic", "mode"),
        "4755"
    );
}

#[test]
fn what_is_no_program_is_no_news() {
    let before = scan(&machine());
    let after = machine()
        .file("/usr/bin/notes", "")
        .file("/usr/local/bin/config", "")
        .link("/opt/vendor/current", "1.0")
        .script("/usr/lib/python3/z.py", "#!");
    let after = with_mode(after, "/usr/bin/readme", 0o2644);
    assert_eq!(scan(&after).changes_since(&before), [""; 0]);
}

#[test]
fn hostile_places_are_bounded() {
    let fixture = Fixture::new()
        .link("/usr/bin/self", "self")
        .link("/usr/bin/gone", "/nowhere")
        .fifo("/usr/bin/fifo")
        .link("/usr/sbin", "bin")
        .link("/opt/loop", ".")
        .file("/usr/local/bin", "no folder");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Only root may give a capability, and not every file system keeps it.
#[test]
fn a_capability_is_read() {
    let fixture = machine();
    let (file, _) = fixture
        .root()
        .open_file("/usr/bin/ls".as_ref(), Last::Keep)
        .unwrap();
    let bytes: Vec<u8> = [0x0200_0001_u32, 1 << 7, 0, 0, 0]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::fsetxattr(&file, "security.capability", &bytes, flags).is_err() {
        return;
    }
    assert_eq!(
        scan(&fixture).field("file_capability", "/usr/bin/ls", "capabilities"),
        "[setuid=ep]"
    );
    let after = scan(&fixture).changes_since(&scan(&machine()));
    assert_eq!(after, ["added file_capability /usr/bin/ls"]);
}

#[test]
fn a_mac_has_set_id_files_only() {
    let fixture = Fixture::macos()
        .script("/usr/local/bin/tool", "ELF")
        .script("/Library/Application Support/X/helper", "")
        .script("/Applications/V.app/Contents/MacOS/V", "")
        .script("/usr/bin/sudo", "");
    let fixture = with_mode(fixture, "/Library/Application Support/X/helper", 0o4755);
    let fixture = with_mode(fixture, "/Applications/V.app/Contents/MacOS/V", 0o2755);
    let fixture = with_mode(fixture, "/usr/bin/sudo", 0o4755);
    let seen = scan(&fixture);
    let mut keys = seen.keys("setid_file");
    keys.sort();
    assert_eq!(
        keys,
        [
            "/Applications/V.app/Contents/MacOS/V",
            "/Library/Application Support/X/helper"
        ]
    );
    assert_eq!(seen.entries.len(), 2);
}
