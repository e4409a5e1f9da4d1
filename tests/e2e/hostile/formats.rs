//! Property lists, crontabs and units that were written to break their readers.

use super::{Watched, told};
use assay_tests::Scratch;
use plist::{Dictionary, Value};

const DAEMONS: &str = "/Library/LaunchDaemons";

fn job(label: &str) -> Value {
    let mut job = Dictionary::new();
    job.insert("Label".to_owned(), label.into());
    job.insert(
        "ProgramArguments".to_owned(),
        Value::Array(vec!["/bin/sh".into(), "-c".into(), "/opt/x".into()]),
    );
    job.insert("RunAtLoad".to_owned(), true.into());
    Value::Dictionary(job)
}

fn binary(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.to_writer_binary(&mut bytes).unwrap();
    bytes
}

/// A binary property list of these objects, the first on top, each below 256 bytes in.
fn assembled(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.extend(*object);
    }
    let table = bytes.len() as u64;
    bytes.extend(&offsets);
    trailer(&mut bytes, [1, 1], [objects.len() as u64, 0, table]);
    bytes
}

fn trailer(bytes: &mut Vec<u8>, sizes: [u8; 2], numbers: [u64; 3]) {
    bytes.extend([0; 6]);
    bytes.extend(sizes);
    bytes.extend(numbers.iter().flat_map(|n| n.to_be_bytes()));
}

/// With the trailer's sizes and numbers replaced.
fn with_trailer(sizes: [u8; 2], numbers: [u64; 3]) -> Vec<u8> {
    let mut bytes = binary(&job("trailer"));
    bytes.truncate(bytes.len() - 32);
    trailer(&mut bytes, sizes, numbers);
    bytes
}

/// Bytes without any order, the same every time.
fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect()
}

fn nested_xml(open: &str, close: &str, depth: usize) -> String {
    format!(
        "<plist><dict><key>Label</key>{}{}</dict></plist>",
        open.repeat(depth),
        close.repeat(depth)
    )
}

fn hostile_plists() -> Vec<(&'static str, Vec<u8>)> {
    let dict = |body: &str| format!("<plist version=\"1.0\"><dict>{body}</dict></plist>").into_bytes();
    let entity = "<!DOCTYPE plist [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c SYSTEM \"file:///etc/shadow\">]>";
    let mut doubled: Vec<Vec<u8>> = (1..=40).map(|next| vec![0xa2, next, next]).collect();
    doubled.push(vec![0x09]);
    let doubled: Vec<&[u8]> = doubled.iter().map(Vec::as_slice).collect();
    vec![
        ("empty", Vec::new()),
        ("zeroes", vec![0; 4096]),
        ("noise", noise(4096)),
        ("script", b"#!/bin/sh\nexec /opt/evil\n".to_vec()),
        ("magic-only", b"bplist00".to_vec()),
        ("other-version", b"bplist15 what Apple never published".to_vec()),
        ("top-array", binary(&Value::Array(vec![job("in-array")]))),
        ("top-string", binary(&"a string".into())),
        ("cycle-array", assembled(&[&[0xa1, 0]])),
        ("cycle-dict", assembled(&[&[0xd1, 1, 0], b"\x55Label"])),
        ("cycle-key", assembled(&[&[0xd1, 0, 0]])),
        ("key-no-string", assembled(&[&[0xd1, 1, 1], &[0x09]])),
        ("explodes", assembled(&doubled)),
        ("index-out", assembled(&[&[0xa1, 200]])),
        (
            "length-out",
            assembled(&[&[0xaf, 0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]),
        ),
        ("string-out", assembled(&[&[0x5f, 0x12, 0x7f, 0xff, 0xff, 0xff]])),
        (
            "utf16-odd",
            assembled(&[&[0xd1, 1, 1], &[0x62, 0xd8, 0x00, 0xd8, 0x00]]),
        ),
        ("objects-max", with_trailer([1, 1], [u64::MAX, 0, 8])),
        ("top-out", with_trailer([1, 1], [4, 4_000_000_000, 8])),
        ("table-out", with_trailer([1, 1], [4, 0, u64::MAX])),
        ("sizes-zero", with_trailer([0, 0], [4, 0, 8])),
        ("sizes-odd", with_trailer([255, 17], [4, 0, 8])),
        (
            "deep-array",
            nested_xml("<array>", "</array>", 100_000).into_bytes(),
        ),
        (
            "deep-dict",
            nested_xml("<dict><key>a</key>", "</dict>", 100_000).into_bytes(),
        ),
        ("deep-open", nested_xml("<array>", "", 100_000).into_bytes()),
        ("ascii-deep", "(".repeat(200_000).into_bytes()),
        (
            "ascii-string",
            [b"{ Label = \"".to_vec(), vec![b'\\'; 100_000]].concat(),
        ),
        (
            "entities",
            [
                entity.as_bytes(),
                &dict("<key>Label</key><string>&b;&c;</string>"),
            ]
            .concat(),
        ),
        (
            "int-huge",
            dict("<key>StartInterval</key><integer>99999999999999999999999999</integer>"),
        ),
        (
            "date-odd",
            dict("<key>Label</key><date>0000-00-00T99:99:99Z</date>"),
        ),
        (
            "wrong-types",
            dict(
                "<key>Label</key><array/><key>ProgramArguments</key><true/><key>KeepAlive</key><data>AA==</data>",
            ),
        ),
        (
            "key-twice",
            dict("<key>Program</key><string>/a</string><key>Program</key><string>/b</string>"),
        ),
        ("nul", dict("<key>Label</key><string>a\0b</string>")),
        (
            "escapes",
            dict("<key>Label</key><string>a&#10;change=none&#27;[2J\u{9b}\u{202e}</string>"),
        ),
        (
            "not-utf8",
            [
                b"<plist><dict><key>Label</key><string>\xff".to_vec(),
                b"</string></dict></plist>".to_vec(),
            ]
            .concat(),
        ),
        (
            "many-keys",
            dict(
                &(0..50_000)
                    .map(|n| format!("<key>k{n}</key><true/>"))
                    .collect::<String>(),
            ),
        ),
        (
            "many-arguments",
            dict(&format!(
                "<key>ProgramArguments</key><array>{}</array>",
                "<string>/x</string>".repeat(60_000)
            )),
        ),
        (
            "long-label",
            dict(&format!(
                "<key>Label</key><string>{}</string>",
                "l".repeat(2 << 20)
            )),
        ),
    ]
}

#[test]
fn every_hostile_property_list_is_one_entry() {
    let watched = Watched::new(Scratch::macos());
    let hostile = hostile_plists();
    for (name, bytes) in &hostile {
        watched.scratch.file(&format!("{DAEMONS}/{name}.plist"), bytes);
    }
    let giant = format!("{DAEMONS}/giant.plist");
    watched.scratch.file(&giant, "");
    std::fs::File::options()
        .write(true)
        .open(watched.scratch.host(&giant))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let mut said = watched.told();
    let of_giant: Vec<String> = said.extract_if(.., |said| said.contains(&giant)).collect();
    assert_eq!(
        of_giant,
        [
            format!("added launch_daemon {giant} (larger than 4194304 bytes)"),
            format!(
                "gap_opened {giant} (too_big: 1099511627776 bytes, more than verify.max_size; its size is compared)"
            ),
        ]
    );
    for (name, _) in &hostile {
        let start = format!("added launch_daemon {DAEMONS}/{name}.plist");
        let ours = said.iter().filter(|said| {
            said.strip_prefix(&start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        });
        assert_eq!(ours.count(), 1, "{name}: {said:#?}");
    }
    assert_eq!(said.len(), hostile.len(), "{said:#?}");
    assert_eq!(watched.told_now(), [""; 0]);
}

/// Both forms, cut off at each byte.
#[test]
fn a_property_list_cut_at_any_byte_is_one_entry() {
    let watched = Watched::new(Scratch::macos());
    let mut xml = Vec::new();
    job("cut").to_writer_xml(&mut xml).unwrap();
    let mut count = 0;
    for (form, whole) in [("bin", binary(&job("cut"))), ("xml", xml)] {
        for length in 0..whole.len() {
            watched
                .scratch
                .file(&format!("{DAEMONS}/{form}{length:04}.plist"), &whole[..length]);
            count += 1;
        }
    }
    let said = watched.told();
    assert_eq!(said.len(), count);
    // All that may be missing of the XML form is its last tags and line end.
    let fine = said.iter().filter(|said| !said.ends_with(')')).count();
    assert!(
        fine <= "</dict>\n</plist>\n".len(),
        "{fine} cut ones were taken for whole"
    );
    assert_eq!(watched.told_now(), [""; 0]);
}

/// The same in every place on a Mac that is no launchd job.
#[test]
fn hostile_databases_neither_hang_nor_fail_a_module() {
    let places = [
        "/private/var/db/com.apple.xpc.launchd/disabled.plist",
        "/private/var/db/dslocal/nodes/Default/users/eve.plist",
        "/Library/Preferences/com.apple.loginwindow.plist",
        "/Library/SystemExtensions/db.plist",
        "/Library/Extensions/x.kext/Contents/Info.plist",
        "/Library/StartupItems/X/StartupParameters.plist",
        "/private/etc/emond.d/rules/x.plist",
        "/Users/ana/Library/Preferences/com.apple.loginwindow.plist",
        "/Applications/X.app/Contents/Library/LaunchAgents/x.plist",
    ];
    let watched = Watched::new(Scratch::macos());
    for (name, bytes) in hostile_plists() {
        for place in places {
            watched.scratch.file(place, &bytes);
        }
        let said = watched.told();
        assert!(
            said.iter().all(|said| !said.starts_with("module_failed")),
            "{name}: {said:#?}"
        );
    }
}

#[test]
fn hostile_crontabs_are_told_line_by_line_or_as_a_whole() {
    let watched = Watched::new(Scratch::new());
    let tabs: &[(&str, Vec<u8>, &[&str])] = &[
        (
            "long-line",
            [
                b"1 2 3 4 5 root /bin/x ".to_vec(),
                vec![b'x'; (1 << 20) - 100],
                b"\n6 7 * * * root /bin/y\n".to_vec(),
            ]
            .concat(),
            &[
                "added cron_job long-line: 6 7 * * * root /bin/y",
                "added cron_table long-line (a line longer than 32768 bytes)",
            ],
        ),
        (
            "too-large",
            vec![b'\n'; (1 << 20) + 1],
            &["added cron_table too-large (larger than 1048576 bytes)"],
        ),
        (
            "nul",
            b"1 2 3 4 5 root /bin/x\0y\n\0\n6 7 * * * root /bin/y\n".to_vec(),
            &[
                "added cron_job nul: 1 2 3 4 5 root /bin/x\\x00y",
                "added cron_job nul: 6 7 * * * root /bin/y",
                "added cron_line nul: \\x00",
            ],
        ),
        (
            "crlf",
            b"1 2 3 4 5 root /bin/x\r\n".to_vec(),
            &["added cron_job crlf: 1 2 3 4 5 root /bin/x\\r"],
        ),
        (
            "same-lines",
            b"1 2 3 4 5 root /x\n1 2 3 4 5 root /x\n".to_vec(),
            &[
                "added cron_job same-lines: 1 2 3 4 5 root /x",
                "added cron_job same-lines: 1 2 3 4 5 root /x #2",
            ],
        ),
        (
            "no-end",
            b"1 2 3 4 5 root /x".to_vec(),
            &["added cron_job no-end: 1 2 3 4 5 root /x"],
        ),
    ];
    for (name, text, expected) in tabs {
        watched.scratch.file(&format!("/etc/cron.d/{name}"), text);
        let said: Vec<String> = watched
            .told()
            .iter()
            .map(|said| said.replace("/etc/cron.d/", ""))
            .collect();
        assert_eq!(said, *expected, "{name}");
    }
    // More lines than are listed one by one: the rest is watched by the bytes of the file.
    let lines: String = (0..100_000).map(|n| format!("* * * * * u /{n}\n")).collect();
    let lines = &lines[..(1 << 20) - 20];
    watched.scratch.file("/etc/cron.d/many", lines);
    let said = watched.told();
    assert_eq!(said.len(), 10_001);
    assert_eq!(
        said.last().map(String::as_str),
        Some("added cron_table /etc/cron.d/many (more than 10000 lines)")
    );
    // Beyond them, of the same length.
    watched
        .scratch
        .file("/etc/cron.d/many", lines.replace("/50000\n", "/5000x\n"));
    let alerts = watched.run(0, &mut watched.command());
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        ["changed opaque /etc/cron.d/many"]
    );
}

#[test]
fn hostile_units_are_one_entry_each() {
    let watched = Watched::new(Scratch::new());
    let service = |text: &str| format!("[Service]\n{text}\n").into_bytes();
    let units: Vec<(&str, Vec<u8>)> = vec![
        ("nul", service("ExecStart=/bin/x\0y")),
        ("crlf", service("ExecStart=/bin/x\r\nUser=root\r")),
        ("no-section", b"ExecStart=/bin/x\n".to_vec()),
        ("open-section", b"[Service\nExecStart=/bin/x\n".to_vec()),
        ("continued", service(&"ExecStart=/bin/x \\\n".repeat(1000))),
        (
            "long-line",
            service(&format!("ExecStart=/bin/x {}", "x".repeat(30_000))),
        ),
        ("many-lines", service(&"ExecStartPre=/b\n".repeat(1900))),
        ("too-large", service(&"#\n".repeat(40_000))),
        (
            "specifiers",
            service("ExecStart=%%%i%n%N%t%h%s%%n\nEnvironment=%"),
        ),
        (
            "escapes",
            service("ExecStart=/bin/x \x1b[2J \u{202e} \u{9b} \"change=none\""),
        ),
        ("quotes", service("ExecStart=/bin/x \"unended 'both")),
        (
            "includes-itself",
            b".include /etc/systemd/system/includes-itself.service\n[Service]\nExecStart=/x\n".to_vec(),
        ),
        ("noise", noise(9000)),
    ];
    for (name, text) in &units {
        watched
            .scratch
            .file(&format!("/etc/systemd/system/{name}.service"), text);
    }
    // Drop-ins of one that is not there, and one whose own folder is a loop.
    watched.scratch.file(
        "/etc/systemd/system/absent.service.d/x.conf",
        "[Service]\nExecStart=/bin/x\n",
    );
    watched
        .scratch
        .link("/etc/systemd/system/nul.service.d", "nul.service.d");
    let said = watched.told();
    for (name, _) in &units {
        let start = format!("added systemd_unit {name}.service");
        assert_eq!(
            said.iter().filter(|said| said.starts_with(&start)).count(),
            1,
            "{name}: {said:#?}"
        );
    }
    assert!(
        said.contains(&"gap_opened /etc/systemd/system/nul.service.d (io: too many links)".to_owned()),
        "{said:#?}"
    );
    assert!(
        said.contains(&"added systemd_drop_in absent.service.d".to_owned()),
        "{said:#?}"
    );
    assert_eq!(said.len(), units.len() + 2);
    assert_eq!(watched.told_now(), [""; 0]);
}
