//! Directives of Apache, a line each in sections, and of nginx, up to `;` in blocks.

use super::{first_word, tidy};
use assay_sdk::lines;
use assay_sdk::secrets::hide_in;

/// A directive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// The blocks that it stands in.
    pub(crate) section: Vec<u8>,
    /// In lower case.
    pub(crate) name: Vec<u8>,
    /// Without passwords.
    pub(crate) arguments: Vec<u8>,
}

impl Directive {
    /// What it is called in its file.
    pub(crate) fn title(&self) -> Vec<u8> {
        let parts = [&self.section[..], &self.name, &self.arguments];
        let parts: Vec<&[u8]> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(&b' ')
    }
    /// Whether it makes the server load or run something, or hand requests to somebody else.
    pub(crate) fn is_code(&self) -> bool {
        let name = &self.name[..];
        let piped = self.arguments.starts_with(b"|") || self.arguments.starts_with(b"\"|");
        let tells = |sign: &[u8]| self.arguments.windows(sign.len()).any(|window| window == sign);
        CODE.contains(&name)
            || piped
            || BEGINNINGS.iter().any(|start| name.starts_with(start))
            || name.windows(6).any(|window| window == b"by_lua")
            || (name == b"rewritemap" && tells(b"prg:"))
            || (name == b"sslpassphrasedialog" && tells(b"exec:"))
            || (name == b"options" && tells(b"ExecCGI"))
            || (matches!(name, b"setenv" | b"env") && (tells(b"LD_") || tells(b"DYLD_")))
    }
    /// The command, or the file that it names.
    pub(crate) fn runs(&self) -> Option<Run> {
        let words = assay_sdk::split_words(&self.arguments);
        let word = |at: usize| words.get(at).map(|word| word.text.as_bytes().to_vec());
        match &self.name[..] {
            b"loadmodule" => word(1).map(Run::File),
            b"loadfile" | b"load_module" => word(0).map(Run::File),
            _ => {
                let first = word(0)?;
                let second = word(1).unwrap_or_default();
                if let Some(command) = first.strip_prefix(b"|") {
                    let command = command.strip_prefix(b"|").unwrap_or(command);
                    return Some(Run::Command(
                        command.strip_prefix(b"$").unwrap_or(command).to_vec(),
                    ));
                }
                let program = second
                    .strip_prefix(b"prg:")
                    .or_else(|| first.strip_prefix(b"exec:"));
                program.map(|program| Run::Command(program.to_vec()))
            }
        }
    }
}

/// What a directive runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Command(Vec<u8>),
    /// A library, below the folder of the server unless it is absolute.
    File(Vec<u8>),
}

const CODE: [&[u8]; 27] = [
    b"loadmodule",
    b"loadfile",
    b"load_module",
    b"include",
    b"includeoptional",
    b"scriptalias",
    b"scriptaliasmatch",
    b"sethandler",
    b"addhandler",
    b"addtype",
    b"action",
    b"script",
    b"extfilterdefine",
    b"alias",
    b"aliasmatch",
    b"documentroot",
    b"root",
    b"proxypass",
    b"proxypassmatch",
    b"proxy_pass",
    b"fastcgi_pass",
    b"uwsgi_pass",
    b"scgi_pass",
    b"grpc_pass",
    b"ssl_engine",
    b"cgi_pass",
    b"mdmessagecmd",
];
const BEGINNINGS: [&[u8]; 11] = [
    b"php_",
    b"wsgi",
    b"lua",
    b"perl",
    b"js_",
    b"fcgi",
    b"fastcgiserver",
    b"fastcgiexternal",
    b"passenger",
    b"exec",
    b"cgi",
];

/// Sections in sections that are told.
const MAX_DEPTH: usize = 16;
/// Bytes of what a section is called; many blocks in a long one would else be large together.
const MAX_SECTION: usize = 256;

/// Bytes of `${variable}`.
const MAX_VARIABLE: usize = 128;

fn section(above: &[Vec<u8>]) -> Vec<u8> {
    let named: Vec<&[u8]> = above
        .iter()
        .map(Vec::as_slice)
        .filter(|name| !name.is_empty())
        .collect();
    let mut name = named.join(&b' ');
    name.truncate(MAX_SECTION);
    name
}

/// Reads a file of Apache.
pub(crate) fn apache(text: &[u8]) -> Vec<Directive> {
    let (mut directives, mut above) = (Vec::new(), Vec::<Vec<u8>>::new());
    for line in lines::read(text).comments(b"#").joined_by(b" ").trimmed() {
        let line = &line.text[..];
        if line.starts_with(b"</") {
            above.pop();
        } else if line.starts_with(b"<") {
            if above.len() < MAX_DEPTH {
                above.push(tidy(line));
            }
        } else {
            let (name, arguments) = first_word(line);
            directives.push(Directive {
                section: section(&above),
                name: name.to_ascii_lowercase(),
                arguments: hide_in(&tidy(arguments)).into_owned(),
            });
        }
    }
    directives
}

/// Reads a file of nginx.
pub(crate) fn nginx(text: &[u8]) -> Vec<Directive> {
    let (mut directives, mut above, mut words) = (Vec::new(), Vec::<Vec<u8>>::new(), Vec::<u8>::new());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let begins = words.last().is_none_or(u8::is_ascii_whitespace);
        match byte {
            b'#' if begins => {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                rest = &rest[end..];
            }
            b'"' | b'\'' if begins => {
                let end = quoted(rest, *byte);
                words.push(*byte);
                words.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            b';' => directives.extend(statement(&above, &std::mem::take(&mut words))),
            // `${variable}` is no block.
            b'{' if !words.ends_with(b"$") => {
                let name = tidy(&std::mem::take(&mut words));
                if name.windows(6).any(|window| window == b"by_lua") {
                    let end = rest.iter().position(|byte| *byte == b'}').unwrap_or(rest.len());
                    let code = [&name[..], b" ", &rest[..end]].concat();
                    directives.extend(statement(&above, &code));
                    rest = rest.get(end + 1..).unwrap_or_default();
                } else if above.len() < MAX_DEPTH {
                    above.push(name);
                }
            }
            b'}' if !in_variable(&words) => {
                directives.extend(statement(&above, &std::mem::take(&mut words)));
                above.pop();
            }
            byte => words.push(*byte),
        }
    }
    directives.extend(statement(&above, &words));
    directives
}

fn in_variable(words: &[u8]) -> bool {
    // A name is short; a longer look back at each brace would take quadratic time.
    let end = &words[words.len().saturating_sub(MAX_VARIABLE)..];
    let word = end.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    let open = word.windows(2).rposition(|pair| pair == b"${");
    open.is_some_and(|at| !word[at..].contains(&b'}'))
}

/// How far a quoted text goes, its end included.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if *byte == b'\\' {
            escaped = true;
        } else if *byte == quote {
            return at + 1;
        }
    }
    text.len()
}

fn statement(above: &[Vec<u8>], words: &[u8]) -> Option<Directive> {
    let words = tidy(words);
    let (name, arguments) = first_word(&words);
    (!name.is_empty()).then(|| Directive {
        section: section(above),
        name: name.to_ascii_lowercase(),
        arguments: hide_in(arguments).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(directives: &[Directive]) -> Vec<String> {
        let show = |d: &Directive| {
            let sign = if d.is_code() { "!" } else { "" };
            let runs = d.runs().map(|run| {
                format!(
                    " => {}",
                    match run {
                        Run::Command(text) | Run::File(text) => String::from_utf8_lossy(&text).into_owned(),
                    }
                )
            });
            format!(
                "{sign}{}{}",
                String::from_utf8_lossy(&d.title()),
                runs.unwrap_or_default()
            )
        };
        directives.iter().map(show).collect()
    }

    #[test]
    fn apache_has_sections() {
        let text = b"# x\nServerRoot \"/etc/httpd\"\nLoadModule cache_module \\\n  modules/c.so\n<VirtualHost *:80>\n CustomLog \"|/opt/x -q\" combined\n\
            <Directory />\n  Options +ExecCGI\n </Directory>\n RewriteMap m prg:/opt/m\n</VirtualHost>\n</Stray>\nListen 80\n";
        let expected = [
            "serverroot \"/etc/httpd\"",
            "!loadmodule cache_module modules/c.so => modules/c.so",
            "!<VirtualHost *:80> customlog \"|/opt/x -q\" combined => /opt/x -q",
            "!<VirtualHost *:80> <Directory /> options +ExecCGI",
            "!<VirtualHost *:80> rewritemap m prg:/opt/m => /opt/m",
            "listen 80",
        ];
        assert_eq!(show(&apache(text)), expected);
    }

    #[test]
    fn nginx_has_blocks() {
        let text = b"load_module modules/x.so;\nhttp { # all\n server { listen 80; location /a { proxy_pass http://${h}:1; }\n\
            log_format main '$a {b};'\n   '$c';\n content_by_lua_block { os.execute('x') }\n } }\nuser www";
        let expected = [
            "!load_module modules/x.so => modules/x.so",
            "http server listen 80",
            "!http server location /a proxy_pass http://${h}:1",
            "http server log_format main '$a {b};' '$c'",
            "!http server content_by_lua_block os.execute('x')",
            "user www",
        ];
        assert_eq!(show(&nginx(text)), expected);
        assert_eq!(show(&nginx(b"}}{{{;'")), ["'"]);
    }
}
