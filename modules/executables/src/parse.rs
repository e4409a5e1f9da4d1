//! The attribute `security.capability`: which of root's rights a file gives.

use std::collections::BTreeSet;

/// Bits of the first number: the version, and whether the rights count from the start.
const VERSION: u32 = 0xff00_0000;
const EFFECTIVE: u32 = 1;

/// By their numbers, from 0.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Rights that a file gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Capability {
    /// Each as `setuid=ep`.
    pub(crate) capabilities: BTreeSet<String>,
    /// The user that is root in the namespace where they count.
    pub(crate) root_user: Option<u32>,
}

/// Reads the attribute: its versions 1, 2 and 3; `None` when it is of no known form.
pub(crate) fn capability(bytes: &[u8]) -> Option<Capability> {
    let number = |at: usize| {
        Some(u32::from_le_bytes(
            bytes.get(at * 4..at * 4 + 4)?.try_into().ok()?,
        ))
    };
    let magic = number(0)?;
    let halves = match magic & VERSION {
        0x0100_0000 => 1,
        0x0200_0000 | 0x0300_0000 => 2,
        _ => return None,
    };
    let mut capabilities = BTreeSet::new();
    for half in 0..halves {
        let (permitted, inheritable) = (number(1 + half * 2)?, number(2 + half * 2)?);
        for bit in 0..32 {
            let (p, i) = (permitted >> bit & 1 == 1, inheritable >> bit & 1 == 1);
            if p || i {
                let e = magic & EFFECTIVE == EFFECTIVE;
                let flags = [(e, 'e'), (i, 'i'), (p, 'p')];
                let flags = flags.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag);
                capabilities.insert(format!("{}={}", name(half * 32 + bit), flags.collect::<String>()));
            }
        }
    }
    Some(Capability {
        capabilities,
        root_user: if magic & VERSION == 0x0300_0000 {
            Some(number(5)?)
        } else {
            None
        },
    })
}

fn name(number: usize) -> String {
    NAMES
        .get(number)
        .map_or_else(|| number.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(numbers: &[u32]) -> Option<String> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let read = capability(&bytes)?;
        let capabilities: Vec<_> = read.capabilities.into_iter().collect();
        Some(format!("{} {:?}", capabilities.join(" "), read.root_user))
    }

    #[test]
    fn rights_of_every_version() {
        let v2 = [0x0200_0001, 1 << 7 | 1 << 13, 1 << 13, 1 << 7, 0];
        assert_eq!(read(&v2).as_deref(), Some("bpf=ep net_raw=eip setuid=ep None"));
        assert_eq!(
            read(&[0x0300_0000, 1, 0, 0, 1 << 31, 1000]).as_deref(),
            Some("63=i chown=p Some(1000)")
        );
        assert_eq!(
            read(&[0x0100_0001, 2, 0]).as_deref(),
            Some("dac_override=ep None")
        );
        for wrong in [
            &[][..],
            &[0x0200_0001, 1],
            &[0x0400_0000, 0, 0, 0, 0],
            &[0x0300_0000, 1, 0, 0, 0],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
