//! apt.conf(5): `Name::Sub "value";`, blocks in braces, lists; all of it may stand on one line.

use assay_sdk::secrets::hide_in;

/// An option with one value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name in full; `#include` and `#clear` are names too.
    pub(crate) name: Vec<u8>,
    /// Its value, without passwords.
    pub(crate) value: Vec<u8>,
    /// Whether it is one of a list, so that its value tells it from the others.
    pub(crate) listed: bool,
}

impl Setting {
    /// Whether apt hands the value to a shell, or runs the file that it names.
    pub(crate) fn is_command(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let last = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        matches!(
            last,
            b"pre-invoke"
                | b"post-invoke"
                | b"post-invoke-success"
                | b"post-invoke-stats"
                | b"pre-install-pkgs"
                | b"proxy-auto-detect"
                | b"proxyautodetect"
                | b"binary"
        ) || name.starts_with(b"dir::bin::")
    }
}

enum Token {
    Word { text: Vec<u8>, quoted: bool },
    Open,
    Close,
    End,
}

/// Blocks in blocks that a name is built of.
const MAX_DEPTH: usize = 32;

/// Reads a file of options.
pub(crate) fn settings(text: &[u8]) -> Vec<Setting> {
    let (mut settings, mut above, mut words) = (Vec::new(), Vec::<Vec<u8>>::new(), Vec::new());
    for token in tokens(text) {
        match token {
            Token::Word { text, quoted } => words.push((text, quoted)),
            Token::End => settings.extend(statement(&above, std::mem::take(&mut words))),
            Token::Open => {
                let words = std::mem::take(&mut words);
                let name = words.into_iter().next().map(|(name, _)| name).unwrap_or_default();
                if above.len() < MAX_DEPTH {
                    above.push(name);
                }
            }
            Token::Close => {
                settings.extend(statement(&above, std::mem::take(&mut words)));
                above.pop();
            }
        }
    }
    settings.extend(statement(&above, words));
    settings
}

fn statement(above: &[Vec<u8>], words: Vec<(Vec<u8>, bool)>) -> Option<Setting> {
    let mut words = words.into_iter().peekable();
    // A quoted word alone is one of the list that the block is.
    let is_item = words.peek()?.1;
    let own = if is_item { Vec::new() } else { words.next()?.0 };
    let value = words.map(|(text, _)| text).collect::<Vec<_>>().join(&b' ');
    let parts: Vec<&[u8]> = above.iter().chain([&own]).map(Vec::as_slice).collect();
    let mut name = parts.join(&b"::"[..]);
    let mut listed = is_item;
    while let Some(list) = name.strip_suffix(b"::") {
        listed = true;
        name.truncate(list.len());
    }
    Some(Setting {
        name,
        value: hide_in(&value).into_owned(),
        listed,
    })
}

fn tokens(text: &[u8]) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some((first, after)) = rest.split_first() {
        let (token, used) = match first {
            b'"' => {
                let end = after.iter().position(|byte| *byte == b'"').unwrap_or(after.len());
                let text = after[..end].to_vec();
                (Some(Token::Word { text, quoted: true }), end + 2)
            }
            b'{' => (Some(Token::Open), 1),
            b'}' => (Some(Token::Close), 1),
            b';' => (Some(Token::End), 1),
            _ if first.is_ascii_whitespace() => (None, 1),
            _ => match comment(rest) {
                Some(length) => (None, length),
                None => {
                    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"{};".contains(byte);
                    let end = rest.iter().position(ends).unwrap_or(rest.len());
                    let text = rest[..end].to_vec();
                    (Some(Token::Word { text, quoted: false }), end)
                }
            },
        };
        tokens.extend(token);
        rest = rest.get(used..).unwrap_or_default();
    }
    tokens
}

/// How long the comment is that begins here. `#include` and `#clear` are none.
fn comment(text: &[u8]) -> Option<usize> {
    let line = || text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    if text.starts_with(b"/*") {
        let end = text.windows(2).skip(2).position(|sign| sign == b"*/");
        return Some(end.map_or(text.len(), |at| at + 4));
    }
    let is_directive = text.starts_with(b"#include") || text.starts_with(b"#clear");
    (text.starts_with(b"//") || (text.starts_with(b"#") && !is_directive)).then(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let show = |setting: &Setting| {
            let sign = if setting.listed { "+=" } else { "=" };
            format!(
                "{} {sign} {}",
                String::from_utf8_lossy(&setting.name),
                String::from_utf8_lossy(&setting.value)
            )
        };
        settings(text.as_bytes()).iter().map(show).collect()
    }

    #[test]
    fn one_option_in_its_many_spellings() {
        let expected = ["DPkg::Post-Invoke += /x -q"];
        for text in [
            r#"DPkg::Post-Invoke { "/x -q"; };"#,
            r#"DPkg{Post-Invoke{"/x -q"}}"#,
            r#"DPkg::Post-Invoke:: "/x -q";"#,
            "DPkg\n{ # why\n  Post-Invoke:: /* and\n how */ \"/x -q\"; // so\n}",
        ] {
            assert_eq!(all(text), expected, "{text}");
        }
    }

    #[test]
    fn values_comments_and_directives() {
        let text = "APT::Periodic::Unattended-Upgrade \"0\"; Acquire::http::Proxy \"http://a:b@p:1/\";\n\
            #clear DPkg::Pre-Invoke;\n#include \"/opt/x.conf\";\n#comment\nDir::Bin::dpkg /opt/dpkg";
        let expected = [
            "APT::Periodic::Unattended-Upgrade = 0",
            "Acquire::http::Proxy = http://a:<hidden>@p:1/",
            "#clear = DPkg::Pre-Invoke",
            "#include = /opt/x.conf",
            "Dir::Bin::dpkg = /opt/dpkg",
        ];
        assert_eq!(all(text), expected);
    }

    #[test]
    fn broken_text_is_read_as_far_as_it_goes() {
        assert_eq!(all("}}} a \"b"), ["a = b"]);
        assert_eq!(all("/* never ends"), [""; 0]);
        assert_eq!(all("a { b { c \"d\""), ["a::b::c = d"]);
        assert_eq!(all(&"{".repeat(100_000)), [""; 0]);
    }

    #[test]
    fn what_apt_runs() {
        let runs = |text: &str| settings(text.as_bytes())[0].is_command();
        assert!(runs("Binary::apt::DPkg::POST-invoke:: \"x\""));
        assert!(runs("Acquire::http::Proxy-Auto-Detect \"x\""));
        assert!(runs("Dir::Bin::Methods \"x\""));
        assert!(!runs("DPkg::Options:: \"--force-all\""));
    }
}
