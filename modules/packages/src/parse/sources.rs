//! sources.list(5): one line each, or stanzas as in deb822(5).

use assay_sdk::lines;
use assay_sdk::secrets::hide_in;

/// A place that apt gets packages from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// `deb` or `deb-src`, the place, and what of it: `deb https://deb.example stable`.
    pub(crate) name: Vec<u8>,
    /// Sorted.
    pub(crate) components: Vec<Vec<u8>>,
    /// Everything else that is said of it, as `name=value`, names in lower case, sorted.
    pub(crate) options: Vec<Vec<u8>>,
    pub(crate) disabled: bool,
}

/// Bytes that the sources of one file may unfold to: a stanza names types × places × suites.
const MAX_BYTES: usize = 4 << 20;

/// Reads a `.list`.
pub(crate) fn one_line(text: &[u8]) -> Vec<Source> {
    let lines = lines::read(text).comments(b"#").comments_after_blanks().trimmed();
    lines.map(|line| source(&line.text)).collect()
}

fn source(line: &[u8]) -> Source {
    let mut words = words(line).into_iter().peekable();
    let kind = words.next().unwrap_or_default();
    let options = words.next_if(|word| word.starts_with(b"["));
    let place = words.next().unwrap_or_default();
    let suite = words.next().unwrap_or_default();
    let options = options.unwrap_or_default();
    let mut source = Source {
        name: [&kind[..], &hide_in(&place), &suite]
            .join(&b' ')
            .trim_ascii_end()
            .to_vec(),
        components: words.collect(),
        options: options
            .split(|byte| byte.is_ascii_whitespace() || b"[]".contains(byte))
            .filter(|option| !option.is_empty())
            .map(lower_name)
            .collect(),
        disabled: false,
    };
    source.components.sort();
    source.options.sort();
    source
}

/// What stands between brackets is one word: options, and names of discs.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut words, mut word, mut in_brackets) = (Vec::new(), Vec::new(), false);
    for byte in line {
        match byte {
            b'[' => in_brackets = true,
            b']' => in_brackets = false,
            _ => {}
        }
        if byte.is_ascii_whitespace() && !in_brackets {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else {
            word.push(*byte);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn lower_name(option: &[u8]) -> Vec<u8> {
    let end = option
        .iter()
        .position(|byte| *byte == b'=')
        .unwrap_or(option.len());
    [&option[..end].to_ascii_lowercase(), &option[end..]].concat()
}

/// Reads a `.sources`; none when they unfold to too much.
pub(crate) fn deb822(text: &[u8]) -> Option<Vec<Source>> {
    let (mut sources, mut room) = (Vec::new(), MAX_BYTES);
    for stanza in stanzas(text) {
        unfold(&stanza, &mut sources, &mut room)?;
    }
    Some(sources)
}

/// Fields by their names in lower case; a value of several lines is joined by blanks.
type Stanza = Vec<(Vec<u8>, Vec<u8>)>;

fn stanzas(text: &[u8]) -> Vec<Stanza> {
    let (mut stanzas, mut stanza) = (Vec::new(), Stanza::new());
    for line in text.split(|byte| *byte == b'\n') {
        let said = line.trim_ascii();
        if line.starts_with(b"#") {
            continue;
        }
        if said.is_empty() {
            stanzas.push(std::mem::take(&mut stanza));
        } else if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some((_, value)) = stanza.last_mut() {
                value.push(b' ');
                value.extend_from_slice(said);
            }
        } else {
            let colon = said.iter().position(|byte| *byte == b':').unwrap_or(said.len());
            let value = said.get(colon + 1..).unwrap_or_default().trim_ascii();
            stanza.push((said[..colon].to_ascii_lowercase(), value.to_vec()));
        }
    }
    stanzas.push(stanza);
    stanzas.retain(|stanza| !stanza.is_empty());
    stanzas
}

fn unfold(stanza: &Stanza, sources: &mut Vec<Source>, room: &mut usize) -> Option<()> {
    let all = |name: &str| {
        let values = stanza.iter().filter(|(field, _)| field == name.as_bytes());
        let words = values.flat_map(|(_, value)| value.split(u8::is_ascii_whitespace));
        let words = words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        words.collect::<Vec<_>>()
    };
    let or_none = |words: Vec<Vec<u8>>| if words.is_empty() { vec![Vec::new()] } else { words };
    let mut components = all("components");
    components.sort();
    let mut options: Vec<Vec<u8>> = stanza
        .iter()
        .filter(|(name, _)| {
            !matches!(
                &name[..],
                b"types" | b"uris" | b"suites" | b"components" | b"enabled"
            )
        })
        .map(|(name, value)| [name, &b"="[..], value].concat())
        .collect();
    options.sort();
    let disabled = all("enabled")
        .first()
        .is_some_and(|value| value.eq_ignore_ascii_case(b"no"));
    let size: usize = stanza.iter().map(|(name, value)| name.len() + value.len()).sum();
    for kind in or_none(all("types")) {
        for place in or_none(all("uris")) {
            for suite in or_none(all("suites")) {
                *room = room.checked_sub(size)?;
                let parts = [&kind[..], &hide_in(&place), &suite];
                sources.push(Source {
                    name: parts.join(&b' ').trim_ascii_end().to_vec(),
                    components: components.clone(),
                    options: options.clone(),
                    disabled,
                });
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(sources: &[Source]) -> Vec<String> {
        let join = |words: &[Vec<u8>]| String::from_utf8_lossy(&words.join(&b'|')).into_owned();
        let show = |source: &Source| {
            format!(
                "{} / {} / {}{}",
                String::from_utf8_lossy(&source.name),
                join(&source.components),
                join(&source.options),
                if source.disabled { " (off)" } else { "" }
            )
        };
        sources.iter().map(show).collect()
    }

    #[test]
    fn lines_with_options_discs_and_passwords() {
        let text = b"deb [ Trusted=yes arch=amd64 ] https://u:p@h/debian stable main contrib # why\n\
            deb cdrom:[Disk 1 of 2]/ bookworm main\n#deb x y z\ndeb-src [signed-by=/k] http://h ./\n";
        let expected = [
            "deb https://u:<hidden>@h/debian stable / contrib|main / arch=amd64|trusted=yes",
            "deb cdrom:[Disk 1 of 2]/ bookworm / main / ",
            "deb-src http://h ./ /  / signed-by=/k",
        ];
        assert_eq!(show(&one_line(text)), expected);
    }

    #[test]
    fn a_stanza_stands_for_each_type_place_and_suite() {
        let text = b"# ours\nTypes: deb deb-src\nURIs: https://h/a\n https://h/b\nSuites: stable\nComponents: main\n\
            Trusted: yes\nEnabled: No\n\n\nTypes: deb\nURIs: https://c/\nSuites: ./\n";
        let expected = [
            "deb https://h/a stable / main / trusted=yes (off)",
            "deb https://h/b stable / main / trusted=yes (off)",
            "deb-src https://h/a stable / main / trusted=yes (off)",
            "deb-src https://h/b stable / main / trusted=yes (off)",
            "deb https://c/ ./ /  / ",
        ];
        assert_eq!(show(&deb822(text).expect("some")), expected);
        let many = format!("Types: {0}\nURIs: {0}\nSuites: {0}\n", "x ".repeat(1000));
        assert_eq!(deb822(many.as_bytes()), None);
    }
}
