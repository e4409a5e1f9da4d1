//! Libraries of programs of macOS, and what each change looks like.

use assay_module_loader::Loader;
use assay_sdk::testkit::{Fixture, Seen};

const LOAD: u32 = 0xc;
const WEAK: u32 = 0x8000_0018;
const REEXPORT: u32 = 0x8000_001f;
const RPATH: u32 = 0x8000_001c;
const PROGRAM: u32 = 2;
const LIBRARY: u32 = 6;

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Loader>()
}

/// A Mach-O file with these commands, each a number and a text.
fn macho(kind: u32, commands: &[(u32, &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (number, text) in commands {
        let at: u32 = if *number == RPATH { 12 } else { 24 };
        let length = (at as usize + text.len() + 1).next_multiple_of(8);
        let head = [*number, u32::try_from(length).expect("small"), at]
            .map(u32::to_le_bytes)
            .concat();
        let mut bytes = head;
        bytes.resize(at as usize, 0);
        bytes.extend(text.bytes());
        bytes.resize(length, 0);
        all.extend(bytes);
    }
    let count = u32::try_from(commands.len()).expect("small");
    let size = u32::try_from(all.len()).expect("small");
    let header = [0xfeed_facf, 0x0100_000c, 0, kind, count, size, 0, 0];
    [header.map(u32::to_le_bytes).concat(), all].concat()
}

fn mac() -> Fixture {
    let player = macho(
        PROGRAM,
        &[
            (LOAD, "/usr/lib/libSystem.B.dylib"),
            (LOAD, "@rpath/libswiftCore.dylib"),
            (LOAD, "@rpath/Codec.framework/Codec"),
            (WEAK, "@rpath/libopt.dylib"),
            (RPATH, "/usr/lib/swift"),
            (RPATH, "@executable_path/../PlugIns"),
            (RPATH, "@executable_path/../Frameworks"),
        ],
    );
    Fixture::macos()
        .file(
            "/Applications/Player.app/Contents/Info.plist",
            "{ CFBundleExecutable = Player; }",
        )
        .script("/Applications/Player.app/Contents/MacOS/Player", player)
        .script(
            "/Applications/Player.app/Contents/Frameworks/Codec.framework/Codec",
            macho(LIBRARY, &[(LOAD, "/usr/lib/libSystem.B.dylib")]),
        )
        .script(
            "/usr/local/Cellar/tool/1/bin/tool",
            macho(PROGRAM, &[(LOAD, "/usr/local/opt/z/lib/libz.dylib")]),
        )
        .link("/usr/local/bin/tool", "../Cellar/tool/1/bin/tool")
        .script("/usr/local/bin/script", "#!/bin/sh\n")
}

#[test]
fn a_mac_with_an_application_and_a_tool() {
    insta::assert_snapshot!(scan(&mac()).snapshot());
}

#[test]
fn what_an_intruder_does_is_told() {
    let before = scan(&mac());
    let player = "/Applications/Player.app/Contents";
    let after = mac()
        // Before the real one in the order of search, and where a weak one is missing.
        .script(&format!("{player}/PlugIns/Codec.framework/Codec"), macho(LIBRARY, &[]))
        .script(&format!("{player}/Frameworks/libopt.dylib"), macho(LIBRARY, &[]))
        .script(
            "/usr/local/Cellar/tool/1/bin/tool",
            macho(PROGRAM, &[(LOAD, "/usr/local/opt/z/lib/libz.dylib"), (LOAD, "/Users/Shared/.z.dylib")]),
        )
        .script(
            "/usr/local/opt/z/lib/libz.dylib",
            macho(LIBRARY, &[(REEXPORT, "@loader_path/libz_orig.dylib"), (REEXPORT, "/usr/lib/libz.1.dylib")]),
        );
    insta::assert_snapshot!(scan(&after).changes_since(&before).join("\n"));
}

#[test]
fn hostile_files_are_passed_over() {
    let fixture = mac()
        .fifo("/usr/local/bin/fifo")
        .link("/usr/local/bin/loop", "loop")
        .link("/usr/local/bin/nowhere", "gone")
        .script(
            "/usr/local/bin/cut",
            &macho(PROGRAM, &[(LOAD, "/opt/x.dylib")])[..50],
        )
        .script("/usr/local/bin/class", b"\xca\xfe\xba\xbe\0\0\0\x34")
        .folder("/Applications/Empty.app")
        .link("/Applications/Lost.app", "/gone");
    let keys = scan(&fixture).keys("linked_library");
    assert_eq!(keys, scan(&mac()).keys("linked_library"));
}
