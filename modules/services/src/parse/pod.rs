//! What a manifest of Kubernetes says that a defender asks first.
//!
//! This is no reader of YAML: it goes through lines of the usual form, `name: value`, whatever their depth. JSON is YAML, and
//! either may be written so that this finds nothing; then the bytes of the file still count.

use assay_sdk::lines;
use std::collections::BTreeSet;

/// A pod, or several.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pod {
    /// The first name in it.
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) images: BTreeSet<Vec<u8>>,
    /// Words of `command` and `args`.
    pub(crate) commands: Vec<Vec<u8>>,
    pub(crate) host_paths: BTreeSet<Vec<u8>>,
    /// `privileged`, `hostPID` and the like that are true, and capabilities that are added.
    pub(crate) rights: BTreeSet<Vec<u8>>,
}

const RIGHTS: [&[u8]; 5] = [
    b"privileged",
    b"hostPID",
    b"hostNetwork",
    b"hostIPC",
    b"allowPrivilegeEscalation",
];

/// Reads a manifest.
pub(crate) fn pod(text: &[u8]) -> Pod {
    let mut pod = Pod::default();
    // The list that items belong to, and how deep its name stands.
    let mut list = (Vec::new(), 0);
    for line in lines::read(text).comments(b"#") {
        let line = line.text.trim_ascii_end();
        let depth = line.len() - line.trim_ascii_start().len();
        let mut said = line.trim_ascii_start();
        let mut item = false;
        while let Some(inside) = said.strip_prefix(b"- ") {
            said = inside.trim_ascii_start();
            item = true;
        }
        let colon = said.windows(2).position(|pair| pair == b": ");
        let colon = colon.or_else(|| said.ends_with(b":").then(|| said.len() - 1));
        match colon {
            Some(at) => {
                let (name, value) = (unquoted(&said[..at]), said[at + 1..].trim_ascii());
                pod.member(&list.0, name, value);
                if value.is_empty() {
                    list = (name.to_vec(), depth);
                }
            }
            None if item && depth >= list.1 => pod.item(&list.0, unquoted(said)),
            None => {}
        }
    }
    pod
}

impl Pod {
    fn member(&mut self, above: &[u8], name: &[u8], value: &[u8]) {
        let plain = unquoted(value.strip_suffix(b",").unwrap_or(value));
        match name {
            b"name" if self.name.is_none() && above == b"metadata" => self.name = Some(plain.to_vec()),
            b"image" if !plain.is_empty() => _ = self.images.insert(plain.to_vec()),
            b"path" if above == b"hostPath" => _ = self.host_paths.insert(plain.to_vec()),
            _ if RIGHTS.contains(&name) && plain == b"true" => _ = self.rights.insert(name.to_vec()),
            // `command: ["/bin/sh", "-c"]`
            b"command" | b"args" | b"add" if value.starts_with(b"[") => {
                let inside = value.strip_prefix(b"[").unwrap_or(value);
                let inside = inside.strip_suffix(b"]").unwrap_or(inside);
                let words = inside
                    .split(|byte| *byte == b',')
                    .map(|word| unquoted(word.trim_ascii()));
                words.for_each(|word| self.item(name, word));
            }
            _ => {}
        }
    }

    fn item(&mut self, list: &[u8], word: &[u8]) {
        match list {
            b"command" | b"args" => self.commands.push(word.to_vec()),
            b"add" => _ = self.rights.insert(word.to_vec()),
            _ => {}
        }
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inside = |quote: &[u8]| value.strip_prefix(quote)?.strip_suffix(quote);
    inside(b"\"").or_else(|| inside(b"'")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_asks_for() {
        let text = b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: relay\nspec:\n  hostPID: true\n  containers:\n  - name: x\n    image: \"reg.example/x:1\"\n\
            \x20   command:\n    - /bin/sh\n    - -c\n    args: [\"/opt/x\", '-q']\n    securityContext:\n      privileged: true\n      capabilities:\n\
            \x20       add: [SYS_ADMIN]\n  volumes:\n  - hostPath:\n      path: /\n    name: root\n";
        let pod = pod(text);
        let words = |words: &mut dyn Iterator<Item = &Vec<u8>>| {
            words
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(pod.name.as_deref(), Some(&b"relay"[..]));
        assert_eq!(words(&mut pod.images.iter()), "reg.example/x:1");
        assert_eq!(words(&mut pod.commands.iter()), "/bin/sh -c /opt/x -q");
        assert_eq!(words(&mut pod.host_paths.iter()), "/");
        assert_eq!(words(&mut pod.rights.iter()), "SYS_ADMIN hostPID privileged");
    }

    #[test]
    fn anything_else_says_nothing() {
        assert_eq!(
            super::pod(b"{\"kind\":\"Pod\"}\n- - - x\n:\n: \n\xff"),
            Pod::default()
        );
    }
}
