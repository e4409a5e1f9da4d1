//! Formats of Linux: module indexes, modules-load.d, modprobe.d, dkms.conf and `/proc/modules`.

use assay_sdk::lines;

/// A module's file name without `.xz`, `.zst` or `.gz`.
pub(crate) fn without_compression(name: &[u8]) -> &[u8] {
    let endings: [&[u8]; 3] = [b".xz", b".zst", b".gz"];
    endings
        .iter()
        .find_map(|ending| name.strip_suffix(*ending))
        .unwrap_or(name)
}

/// The files that `modules.order` (one a line) or `modules.dep` (before a colon) names.
pub(crate) fn module_index(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text
        .split(|b| *b == b'\n')
        .map(|line| line.split(|b| *b == b':').next().unwrap_or(line));
    lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(without_compression)
}

/// `snd-hda` and `snd_hda` are the same module; what an alias puts in brackets is a set of characters.
fn canonical(name: &[u8]) -> Vec<u8> {
    let mut bracket = false;
    let canonical = name.iter().map(|byte| {
        match byte {
            b'[' => bracket = true,
            b']' => bracket = false,
            _ => {}
        }
        if *byte == b'-' && !bracket { b'_' } else { *byte }
    });
    canonical.collect()
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// The first word, and the rest without blanks around it.
fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim_ascii())
}

/// A line of modules-load.d or `/etc/modules`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BootModule {
    pub(crate) name: Vec<u8>,
    pub(crate) options: Option<Vec<u8>>,
}

/// The modules that a file of modules-load.d names.
pub(crate) fn boot_modules(text: &[u8]) -> Vec<BootModule> {
    let lines = lines::read(text).comments(b"#;").trimmed();
    let modules = lines.map(|line| {
        let (name, rest) = split_word(&line.text);
        let options: Vec<&[u8]> = words(rest).take_while(|word| !word.starts_with(b"#")).collect();
        BootModule {
            name: canonical(name),
            options: (!options.is_empty()).then(|| options.join(&b' ')),
        }
    });
    modules.collect()
}

/// `MODULES_LOADED_ON_BOOT` of SUSE; the last assignment holds, as in a shell.
pub(crate) fn suse_boot_modules(text: &[u8]) -> Vec<Vec<u8>> {
    let last = assignments(text)
        .filter(|(name, _)| name == b"MODULES_LOADED_ON_BOOT")
        .last();
    last.map(|(_, value)| words(&value).map(canonical).collect())
        .unwrap_or_default()
}

/// A line of modprobe.d or depmod.d.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// `install`, `alias`, `override` …
    pub(crate) name: Vec<u8>,
    /// The module or pattern it is about; empty for `search`.
    pub(crate) subject: Vec<u8>,
    /// The rest.
    pub(crate) value: Vec<u8>,
}

impl Directive {
    /// What modprobe gives to a shell in place of loading or unloading the module.
    pub(crate) fn command(&self) -> Option<&[u8]> {
        matches!(&self.name[..], b"install" | b"remove").then_some(&self.value)
    }
}

/// The directives of a file, lines that end in a backslash joined with the next.
pub(crate) fn directives(text: &[u8]) -> Vec<Directive> {
    let lines = lines::read(text).joined_by(b" ");
    lines.filter_map(|line| directive(&line.text)).collect()
}

fn directive(line: &[u8]) -> Option<Directive> {
    let (name, rest) = split_word(line);
    if name.is_empty() || name.starts_with(b"#") {
        return None;
    }
    let (subject, value) = match name {
        b"search" | b"make_map_files" => (&b""[..], rest),
        _ => split_word(rest),
    };
    let value = match name {
        // Blanks may be quoted in there.
        b"install" | b"remove" => value.to_vec(),
        _ => words(value).collect::<Vec<_>>().join(&b' '),
    };
    Some(Directive {
        name: name.to_vec(),
        subject: canonical(subject),
        value,
    })
}

/// What a dkms.conf says: variables, as a shell would set them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DkmsConf {
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) version: Option<Vec<u8>>,
    /// Names of hooks with the script of the source folder that each runs.
    pub(crate) scripts: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names of variables with the command that each holds.
    pub(crate) commands: Vec<(Vec<u8>, Vec<u8>)>,
}

const SCRIPTS: &[&[u8]] = &[
    b"POST_ADD",
    b"POST_BUILD",
    b"POST_INSTALL",
    b"POST_REMOVE",
    b"PRE_BUILD",
    b"PRE_INSTALL",
];

/// Reads a dkms.conf.
pub(crate) fn dkms_conf(text: &[u8]) -> DkmsConf {
    let mut conf = DkmsConf::default();
    for (name, value) in assignments(text) {
        if SCRIPTS.contains(&&name[..]) {
            conf.scripts.push((name, value));
        } else if name == b"PACKAGE_NAME" {
            conf.name = Some(value);
        } else if name == b"PACKAGE_VERSION" {
            conf.version = Some(value);
        } else if name == b"MAKE" || name == b"CLEAN" || name.starts_with(b"MAKE[") || name == b"SIGN_TOOL" {
            conf.commands.push((name, value));
        }
    }
    conf
}

/// `NAME=value` lines of a file that a shell sources, quotes taken off; nothing is expanded.
fn assignments(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let words = assay_sdk::split_words(text);
    words.into_iter().filter_map(|word| {
        let bytes = word.text.into_bytes();
        let equals = bytes.iter().position(|b| *b == b'=')?;
        let (name, value) = bytes.split_at(equals);
        let is_name = name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"_[]".contains(b))
            && !name.is_empty();
        is_name.then(|| (name.to_vec(), value.get(1..).unwrap_or_default().to_vec()))
    })
}

/// A line of `/proc/modules`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoadedModule<'a> {
    pub(crate) name: &'a [u8],
    /// The letters of its taint, as in `(OE)`.
    pub(crate) taint: Option<&'a [u8]>,
}

/// Reads `/proc/modules`: name, size, uses, users, state, address, taint. Only the first and the last do not
/// change by themselves.
pub(crate) fn loaded_modules(text: &[u8]) -> Vec<LoadedModule<'_>> {
    let lines = text.split(|b| *b == b'\n').filter_map(|line| {
        let mut words = words(line);
        let name = words.next()?;
        let taint = words
            .last()
            .and_then(|last| last.strip_prefix(b"(")?.strip_suffix(b")"));
        // `+` and `-` say that it is coming or going just now.
        let taint = taint.map(|taint| {
            taint
                .strip_suffix(b"+")
                .or(taint.strip_suffix(b"-"))
                .unwrap_or(taint)
        });
        Some(LoadedModule {
            name,
            taint: taint.filter(|taint| !taint.is_empty()),
        })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_name_files_whatever_their_compression() {
        let order = b"kernel/fs/ext4/ext4.ko\nkernel/net/a.ko.zst\n\n";
        let dep = b"kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz\nkernel/net/a.ko.gz:\n";
        let expected: [&[u8]; 2] = [b"kernel/fs/ext4/ext4.ko", b"kernel/net/a.ko"];
        assert_eq!(module_index(order).collect::<Vec<_>>(), expected);
        assert_eq!(module_index(dep).collect::<Vec<_>>(), expected);
        assert_eq!(without_compression(b"x.ko.bz2"), b"x.ko.bz2");
    }

    #[test]
    fn boot_modules_know_two_comments_and_one_spelling() {
        let text = b"# a\n; b\n\n  nvme-tcp \r\nloop max_loop=8   x=1 # c\n";
        let found: Vec<_> = boot_modules(text)
            .into_iter()
            .map(|m| {
                (
                    String::from_utf8(m.name).expect("text"),
                    m.options.map(|o| String::from_utf8(o).expect("text")),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("nvme_tcp".into(), None),
                ("loop".into(), Some("max_loop=8 x=1".into()))
            ]
        );
        let suse = b"MODULES_LOADED_ON_BOOT='old'\n# MODULES_LOADED_ON_BOOT=no\nMODULES_LOADED_ON_BOOT=\"br-a  tun\"\n";
        assert_eq!(suse_boot_modules(suse), [b"br_a".to_vec(), b"tun".to_vec()]);
        assert!(suse_boot_modules(b"").is_empty());
    }

    #[test]
    fn directives_of_both_programs() {
        let text = b"#c\ninstall usb-storage  /bin/sh -c 'a  b' \\\n  --x\nalias net-pf-[0-9] af-x\nblacklist a-b\r\n\
            search  updates   built-in\noverride e1000-x * extra\noptions\n";
        let found: Vec<_> = directives(text)
            .into_iter()
            .map(|d| {
                [d.name, d.subject, d.value]
                    .map(|part| String::from_utf8(part).expect("text"))
                    .join("|")
            })
            .collect();
        assert_eq!(
            found,
            [
                "install|usb_storage|/bin/sh -c 'a  b'    --x",
                "alias|net_pf_[0-9]|af-x",
                "blacklist|a_b|",
                "search||updates built-in",
                "override|e1000_x|* extra",
                "options||",
            ]
        );
    }

    #[test]
    fn dkms_variables_are_read_as_a_shell_would() {
        let conf = dkms_conf(b"PACKAGE_NAME=\"wire\" # x\nPACKAGE_VERSION='2.1'\nPOST_INSTALL=\"after.sh --now\"\nMAKE[0]=\"make -C src\"\nBUILT=a\n=x\n");
        assert_eq!(
            (conf.name, conf.version),
            (Some(b"wire".to_vec()), Some(b"2.1".to_vec()))
        );
        assert_eq!(
            conf.scripts,
            [(b"POST_INSTALL".to_vec(), b"after.sh --now".to_vec())]
        );
        assert_eq!(conf.commands, [(b"MAKE[0]".to_vec(), b"make -C src".to_vec())]);
    }

    #[test]
    fn only_taint_is_kept_of_a_loaded_module() {
        let text = b"tun 61440 2 - Live 0x0000000000000000\nwire 16384 0 - Live 0x0 (OE)\ncoming 1 1 tun, Loading 0x0 (O+)\nidle 1 0 - Unloading 0x0 (-)\n\n";
        let found: Vec<_> = loaded_modules(text)
            .iter()
            .map(|m| {
                format!(
                    "{}{:?}",
                    String::from_utf8_lossy(m.name),
                    m.taint.map(String::from_utf8_lossy)
                )
            })
            .collect();
        assert_eq!(
            found,
            ["tunNone", "wireSome(\"OE\")", "comingSome(\"O\")", "idleNone"]
        );
    }
}
