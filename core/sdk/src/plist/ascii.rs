//! The old ASCII form of property lists, as OpenStep had it.

/// A property list in the old form with quotes around every bare word that holds a slash: `shellPath = /bin/sh;` is how Xcode writes
/// it, and the plist crate takes a slash for the beginning of a comment, and eats it.
pub(super) fn with_quoted_paths(text: &[u8]) -> Vec<u8> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$/:.-".contains(byte);
    let mut out = Vec::with_capacity(text.len() + 1024);
    let mut rest = text;
    while let Some(first) = rest.first() {
        let length = match first {
            b'"' | b'\'' => quoted(rest, *first),
            b'/' if rest.starts_with(b"//") => {
                rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
            }
            b'/' if rest.starts_with(b"/*") => rest
                .windows(2)
                .position(|pair| pair == b"*/")
                .map_or(rest.len(), |at| at + 2),
            byte if is_word(byte) => rest.iter().position(|byte| !is_word(byte)).unwrap_or(rest.len()),
            _ => 1,
        };
        let (part, after) = rest.split_at(length.clamp(1, rest.len()));
        let is_path = part.contains(&b'/') && part.iter().all(is_word) && !part.starts_with(b"//");
        if is_path {
            out.push(b'"');
        }
        out.extend_from_slice(part);
        if is_path {
            out.push(b'"');
        }
        rest = after;
    }
    out
}

/// How long the quoted text is that begins here.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let ends = *byte == quote && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_paths_are_quoted_and_nothing_else() {
        let text = b"// a/b\n{ a = /bin/sh; /* c/d */ \"e/\\\"f\" = g; h = 'i/j'; k = usr/l; }";
        let quoted = with_quoted_paths(text);
        assert_eq!(
            String::from_utf8_lossy(&quoted),
            "// a/b\n{ a = \"/bin/sh\"; /* c/d */ \"e/\\\"f\" = g; h = 'i/j'; k = \"usr/l\"; }"
        );
        for end in 0..text.len() {
            _ = with_quoted_paths(&text[..end]);
        }
    }
}
