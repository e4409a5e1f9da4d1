//! sysctl.d: `key = value`.

use assay_sdk::lines;
use std::collections::BTreeMap;

/// Every setting of a file by its name with dots; of one that stands there twice, what counts, the last.
pub(crate) fn settings(text: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let lines = lines::read(text).comments(b"#;").trimmed();
    lines.filter_map(|line| setting(&line.text)).collect()
}

fn setting(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let equals = line.iter().position(|b| *b == b'=')?;
    let (name, value) = line.split_at(equals);
    // A minus lets it fail in silence.
    let name = name.strip_prefix(b"-").unwrap_or(name).trim_ascii();
    let value = value.get(1..)?.trim_ascii();
    (!name.is_empty()).then(|| (dotted(name), value.to_vec()))
}

/// `net/ipv4/conf/eth0.7/x` as `net.ipv4.conf.eth0/7.x`: the first of the two signs is what separates.
fn dotted(name: &[u8]) -> Vec<u8> {
    let first = name.iter().find(|b| matches!(b, b'/' | b'.'));
    let swapped = |b: &u8| match b {
        b'/' => b'.',
        b'.' => b'/',
        other => *other,
    };
    if first == Some(&b'/') {
        name.iter().map(swapped).collect()
    } else {
        name.to_vec()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_have_one_form_and_the_last_setting_counts() {
        let text = b"# no = 1\n; no = 2\nkernel.core_pattern=|/opt/x %p\n-net/ipv4/conf/eth0.7/log = 1\nvm.swappiness=1\nvm.swappiness = 60 \n-excluded\n= x\n";
        let read: Vec<_> = super::settings(text)
            .into_iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    String::from_utf8_lossy(&name),
                    String::from_utf8_lossy(&value)
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                "kernel.core_pattern=|/opt/x %p",
                "net.ipv4.conf.eth0/7.log=1",
                "vm.swappiness=60"
            ]
        );
    }
}
