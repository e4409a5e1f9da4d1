//! The linker of Linux: what is seen, and what each change looks like.

use assay_module_loader::Loader;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Loader>()
}

/// A cache of the linker that names these libraries.
fn cache(libraries: &[(&str, &str)]) -> Vec<u8> {
    let start = 48 + libraries.len() * 24;
    let (mut entries, mut strings) = (Vec::new(), Vec::new());
    for (name, path) in libraries {
        entries.extend(3_u32.to_le_bytes());
        for text in [name, path] {
            entries.extend(u32::try_from(start + strings.len()).expect("small").to_le_bytes());
            strings.extend(text.bytes().chain([0]));
        }
        entries.extend([0; 12]);
    }
    let count = u32::try_from(libraries.len()).expect("small").to_le_bytes();
    let header = [&b"glibc-ld.so.cache1.1"[..], &count, &[0; 24]].concat();
    [header, entries, strings].concat()
}

fn machine() -> Fixture {
    Fixture::new()
        .link("/lib", "usr/lib")
        .link("/lib64", "usr/lib64")
        .script("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "ELF")
        .link(
            "/usr/lib64/ld-linux-x86-64.so.2",
            "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        )
        .file("/usr/lib/x86_64-linux-gnu/libz.so.1.3", "ELF")
        .link("/usr/lib/x86_64-linux-gnu/libz.so.1", "libz.so.1.3")
        .file("/usr/lib/os-release", "")
        .file("/usr/local/lib/deep/er/libq.so", "ELF")
        .file("/usr/local/lib/python3.11/dist-packages/x.so", "ELF")
        .file("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
        .file("/etc/ld.so.conf.d/libc.conf", "# defaults\n/usr/local/lib\n")
        .file(
            "/etc/ld.so.cache",
            cache(&[
                ("libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1"),
                (
                    "libm.so.6",
                    "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libm.so.6",
                ),
                ("libq.so", "/usr/local/lib/libq.so"),
            ]),
        )
}

#[test]
fn a_machine_as_it_is_installed() {
    insta::assert_snapshot!(scan(&machine()).snapshot());
}

#[test]
fn what_an_intruder_does_is_told() {
    let before = scan(&machine());
    let after = machine()
        .file("/etc/ld.so.preload", "/usr/lib/libaudit-x.so ${LIB}/y.so\n")
        .file("/usr/lib/libaudit-x.so", "ELF")
        .file("/usr/lib64/ld-linux-x86-64.so.2.bak", "ELF")
        .file("/etc/ld.so.conf.d/00.conf", "/opt/.lib\n")
        .file(
            "/etc/ld.so.cache",
            cache(&[
                ("libz.so.1", "/lib/x86_64-linux-gnu/.z/libz.so.1"),
                ("libm.so.6", "/usr/lib/libm-other.so"),
                ("libo.so", "/opt/.lib/libo.so"),
            ]),
        );
    insta::assert_snapshot!(scan(&after).changes_since(&before).join("\n"));
}

#[test]
fn changes_that_mean_nothing_are_silent() {
    let before = scan(&machine());
    let after = machine()
        .file("/etc/ld.so.conf", "# first\ninclude ld.so.conf.d/*.conf\n\n")
        .file("/etc/ld.so.conf.d/libc.conf", "/usr/local/lib # local\n")
        .file(
            "/etc/ld.so.cache",
            cache(&[("libz.so.1", "/usr/lib/x86_64-linux-gnu/libz.so.1")]),
        )
        .file("/usr/lib/x86_64-linux-gnu/pkgconfig/z.pc", "");
    assert_eq!(scan(&after).changes_since(&before), [""; 0]);
}

#[test]
fn whatever_stands_where_a_file_belongs_is_an_entry() {
    let fixture = Fixture::new()
        .folder("/etc/ld.so.preload")
        .fifo("/etc/ld.so.conf")
        .file("/etc/ld.so.cache", "no cache")
        .file("/etc/ld-musl-x86_64.path", "/lib:/opt/lib\n/x")
        .link("/usr/lib/libx.so", "libx.so")
        .fifo("/usr/lib/liby.so")
        .script("/usr/bin/a", [b"\x7fELF".as_slice(), &[0xff; 200]].concat());
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// An include that includes itself ends.
#[test]
fn includes_in_a_ring_end() {
    let fixture = Fixture::new()
        .file("/etc/ld.so.conf", "include ld.so.conf\ninclude x.conf\n")
        .file("/etc/x.conf", "include ld.so.conf\n/opt/x\n");
    assert_eq!(scan(&fixture).keys("library_folder"), ["/opt/x (/etc/x.conf)"]);
}
