//! The formats: what the kernel tells of itself, and variables of UEFI. Bytes in, structs out.

use assay_sdk::{Text, split_words};
use std::collections::BTreeMap;

/// A format as `binfmt_misc` shows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) enabled: bool,
    pub(crate) interpreter: Text,
    pub(crate) flags: Vec<u8>,
}

/// Reads `enabled`, `interpreter PATH`, `flags: CF` and lines that tell the bytes.
pub(crate) fn format(text: &[u8]) -> Format {
    let mut format = Format::default();
    for line in text.split(|b| *b == b'\n') {
        if line == b"enabled" {
            format.enabled = true;
        } else if let Some(path) = line.strip_prefix(b"interpreter ") {
            format.interpreter = path.into();
        } else if let Some(flags) = line.strip_prefix(b"flags:") {
            format.flags = flags.trim_ascii().to_vec();
        }
    }
    format
}

/// The words of a command line by their names, each with its values.
pub(crate) fn arguments(text: &[u8]) -> BTreeMap<Vec<u8>, Vec<Text>> {
    let mut all: BTreeMap<Vec<u8>, Vec<Text>> = BTreeMap::new();
    for word in split_words(text) {
        let word = word.text.as_bytes();
        let end = word.iter().position(|b| *b == b'=').unwrap_or(word.len());
        let (name, value) = word.split_at(end);
        let values = all.entry(name.to_vec()).or_default();
        values.extend(value.strip_prefix(b"=").map(Text::from));
    }
    all
}

const KEYS: [&[u8]; 6] = [b"PK", b"KEK", b"db", b"dbx", b"MokListRT", b"MokListXRT"];
const SETTINGS: [&[u8]; 5] = [
    b"BootOrder",
    b"SecureBoot",
    b"SetupMode",
    b"MokSBState",
    b"MokSBStateRT",
];

/// The name of a variable that matters here, without the `-` and the GUID after it.
pub(crate) fn variable(file: &[u8]) -> Option<&[u8]> {
    let name = file.get(..file.len().checked_sub(37)?)?;
    let number = name.strip_prefix(b"Boot").filter(|number| number.len() == 4);
    let is_entry = number.is_some_and(|number| number.iter().all(u8::is_ascii_hexdigit));
    (is_entry || KEYS.contains(&name) || SETTINGS.contains(&name)).then_some(name)
}

/// The numbers of entries in the order in which they are tried.
pub(crate) fn boot_order(data: &[u8]) -> String {
    let numbers = data
        .chunks_exact(2)
        .filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)));
    let names: Vec<_> = numbers.map(|number| format!("{number:04X}")).collect();
    names.join(" ")
}

/// An entry of the firmware's menu.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoadOption {
    pub(crate) title: String,
    pub(crate) active: bool,
    pub(crate) file: Option<String>,
}

/// Reads `EFI_LOAD_OPTION`: attributes, the length of the path, the title, and the path.
pub(crate) fn load_option(data: &[u8]) -> Option<LoadOption> {
    let attributes = u32::from_le_bytes(data.get(..4)?.try_into().ok()?);
    let length = usize::from(u16::from_le_bytes(data.get(4..6)?.try_into().ok()?));
    let rest = data.get(6..)?;
    let title = utf16(rest);
    let after = rest.chunks_exact(2).position(|pair| pair == [0, 0])? * 2 + 2;
    let path = rest.get(after..after.checked_add(length)?)?;
    Some(LoadOption {
        title,
        active: attributes & 1 == 1,
        file: file_of(path),
    })
}

/// The file of a device path, whose nodes say their type, what of it, and their length.
fn file_of(mut path: &[u8]) -> Option<String> {
    while let [node, kind, low, high, ..] = *path {
        let length = usize::from(u16::from_le_bytes([low, high]));
        let body = path.get(4..length)?;
        // A file of a medium.
        if (node, kind) == (4, 4) {
            return Some(utf16(body));
        }
        path = path.get(length..)?;
    }
    None
}

/// A text of 16 bits a sign, up to its end.
fn utf16(bytes: &[u8]) -> String {
    let signs = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let signs: Vec<u16> = signs.take_while(|sign| *sign != 0).collect();
    String::from_utf16_lossy(&signs)
}

/// FNV-1a: tells that something has changed, and not what. Whoever can write these variables needs no second key that
/// has the same sum.
pub(crate) fn checksum(data: &[u8]) -> String {
    let sum = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{sum:016x}, {} bytes", data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16()
            .chain([0])
            .flat_map(u16::to_le_bytes)
            .collect()
    }

    #[test]
    fn an_entry_of_the_firmware() {
        let file = wide("\\EFI\\debian\\shimx64.efi");
        let length = u8::try_from(file.len() + 4).expect("short");
        let path = [
            &[1, 1, 6, 0, 0, 0][..],
            &[4, 4, length, 0],
            &file,
            &[0x7f, 0xff, 4, 0],
        ]
        .concat();
        let path_length = u16::try_from(path.len()).expect("short").to_le_bytes();
        let data = [
            &1_u32.to_le_bytes()[..],
            &path_length,
            &wide("debian"),
            &path,
            b"optional",
        ]
        .concat();
        let expected = LoadOption {
            title: "debian".to_owned(),
            active: true,
            file: Some("\\EFI\\debian\\shimx64.efi".to_owned()),
        };
        assert_eq!(load_option(&data), Some(expected));
        for end in 0..data.len() - 8 {
            assert_eq!(load_option(&data[..end]), None, "{end}");
        }
        assert_eq!(file_of(&[1, 1, 0, 0, 4, 4, 4, 0]), None);
        assert_eq!(boot_order(&[1, 0, 0xa, 0, 9]), "0001 000A");
    }

    #[test]
    fn only_variables_that_say_what_is_started() {
        let guid = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";
        for (name, wanted) in [
            ("Boot000A", true),
            ("BootOrder", true),
            ("db", true),
            ("BootCurrent", false),
            ("Boot00G0", false),
            ("", false),
        ] {
            let file = format!("{name}{guid}");
            assert_eq!(
                variable(file.as_bytes()),
                wanted.then_some(name.as_bytes()),
                "{name}"
            );
        }
        assert_eq!(variable(b"short"), None);
    }

    #[test]
    fn a_format_as_the_kernel_shows_it() {
        let shown = format(b"enabled\ninterpreter /usr/bin/qemu-arm\nflags: OCF\noffset 0\nmagic 7f454c46\n");
        assert_eq!(
            (shown.enabled, shown.interpreter, &shown.flags[..]),
            (true, "/usr/bin/qemu-arm".into(), &b"OCF"[..])
        );
        let words = arguments(b"root=/dev/sda1 console=tty0 quiet console=ttyS0\n");
        assert_eq!(words[&b"console"[..]], ["tty0", "ttyS0"].map(Text::from));
    }
}
