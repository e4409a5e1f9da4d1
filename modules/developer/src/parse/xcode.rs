//! Projects and schemes of Xcode.

use assay_sdk::plist::{Dictionary, Value};

/// Something that a build runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The project's number of it, or where it stands.
    pub id: String,
    /// What it is.
    pub what: &'static str,
    /// What the project calls it.
    pub name: Option<String>,
    /// What runs it.
    pub shell: Option<String>,
    /// Its text.
    pub text: String,
}

const MAX_SCRIPTS: usize = 5_000;

/// A project's text with quotes around every bare word that holds a slash: `shellPath = /bin/sh;` is how Xcode writes
/// it, and the reader of old property lists takes a slash for the beginning of a comment and eats it.
#[must_use]
pub fn with_quoted_paths(text: &[u8]) -> Vec<u8> {
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

/// The scripts of a `project.pbxproj`, sorted.
///
/// # Errors
/// When it has no objects.
pub fn project(project: &Value) -> Result<Vec<Script>, String> {
    let objects = project.as_dictionary().and_then(|project| project.get("objects"));
    let objects = objects
        .and_then(Value::as_dictionary)
        .ok_or("no Xcode project: it has no objects")?;
    let mut found: Vec<Script> = objects
        .iter()
        .filter_map(|(id, object)| one(id, object.as_dictionary()?))
        .take(MAX_SCRIPTS)
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

fn one(id: &str, object: &Dictionary) -> Option<Script> {
    let text = |name: &str| object.get(name).and_then(Value::as_string).map(str::to_owned);
    let script = |what, shell: Option<String>, script: String| Script {
        id: id.to_owned(),
        what,
        name: text("name"),
        shell,
        text: script,
    };
    match text("isa")?.as_str() {
        "PBXShellScriptBuildPhase" => Some(script("build phase", text("shellPath"), text("shellScript")?)),
        "PBXBuildRule" => Some(script("build rule", None, text("script")?)),
        "PBXLegacyTarget" => {
            let arguments = text("buildArgumentsString").unwrap_or_default();
            Some(script("external tool", text("buildToolPath"), arguments))
        }
        _ => None,
    }
}

/// The scripts that a scheme runs before and after its actions: attributes of its XML.
#[must_use]
pub fn scheme(xml: &str) -> Vec<Script> {
    let scripts = xml.split("scriptText").skip(1).take(MAX_SCRIPTS);
    let scripts = scripts.filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        let value = rest.get(1..)?;
        Some(unescape(value.get(..value.find(quote)?)?))
    });
    scripts
        .enumerate()
        .map(|(index, text)| Script {
            id: format!("action {}", index + 1),
            what: "scheme action",
            text,
            ..Script::default()
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let named = [
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    named
        .iter()
        .fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign))
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
