//! As much of XML as settings are written in: elements, attributes, text. No entity is expanded but the five that
//! every reader knows, nothing is fetched, and what makes no sense is an error.

/// A piece of a file, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Start {
        name: String,
        attributes: Vec<(String, String)>,
    },
    End {
        name: String,
    },
    Text(String),
}

/// Pieces of one file; its size is bounded by whoever read it.
const MAX_DEPTH: usize = 64;

/// Takes a file apart.
pub(crate) fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut pieces = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if !before.trim().is_empty() {
            pieces.push(Piece::Text(unescaped(before.trim())));
        }
        if let Some((ending, after)) = skipped(tag) {
            rest = after.ok_or_else(|| format!("no `{ending}` ends what begins there"))?;
            continue;
        }
        let (inside, after) = tag_of(tag).ok_or("a tag that does not end")?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let name = name.trim();
            if open.pop() != Some(name) {
                return Err(format!("`</{name}>` ends nothing"));
            }
            pieces.push(Piece::End {
                name: name.to_owned(),
            });
            continue;
        }
        let (inside, closed) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        pieces.push(Piece::Start {
            name: name.to_owned(),
            attributes: attributes_of(attributes)?,
        });
        if closed {
            pieces.push(Piece::End {
                name: name.to_owned(),
            });
        } else if open.len() < MAX_DEPTH {
            open.push(name);
        } else {
            return Err(format!("nested deeper than {MAX_DEPTH}"));
        }
    }
    if open.is_empty() && rest.trim().is_empty() && !pieces.is_empty() {
        Ok(pieces)
    } else {
        Err("no XML, or it ends too early".to_owned())
    }
}

/// What says nothing here: comments, declarations, instructions; and what comes after it.
fn skipped(tag: &str) -> Option<(&'static str, Option<&str>)> {
    let kinds = [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")];
    let (begin, end) = kinds.into_iter().find(|(begin, _)| tag.starts_with(begin))?;
    let after = tag.get(begin.len()..)?;
    Some((end, after.find(end).and_then(|at| after.get(at + end.len()..))))
}

/// What stands between `<` and the `>` that ends the tag, and what follows; quotes may hold a `>`.
fn tag_of(tag: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let end = tag.find(|sign| {
        match (quote, sign) {
            (None, '"' | '\'') => quote = Some(sign),
            (Some(open), sign) if open == sign => quote = None,
            (None, '>') => return true,
            _ => {}
        }
        false
    })?;
    Some((tag.get(1..end)?, tag.get(end + 1..)?))
}

fn attributes_of(mut text: &str) -> Result<Vec<(String, String)>, String> {
    let mut attributes = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(attributes);
        }
        let parts = text.split_once('=').and_then(|(name, after)| {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
            let (value, after) = after.get(1..)?.split_once(quote)?;
            Some((name.trim(), value, after))
        });
        let (name, value, after) = parts.ok_or("an attribute without a value in quotes")?;
        attributes.push((name.to_owned(), unescaped(value)));
        text = after;
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let known = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    known
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text() {
        let text = b"<?xml version='1.0'?><!DOCTYPE a [x]>\n<!-- <no> --><a b = \"1 > 0\" c='&lt;'>x &amp; y<d/></a>\n";
        let start = |name: &str, attributes: &[(&str, &str)]| Piece::Start {
            name: name.to_owned(),
            attributes: attributes
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        };
        let end = |name: &str| Piece::End {
            name: name.to_owned(),
        };
        let expected = vec![
            start("a", &[("b", "1 > 0"), ("c", "<")]),
            Piece::Text("x & y".to_owned()),
            start("d", &[]),
            end("d"),
            end("a"),
        ];
        assert_eq!(pieces(text), Ok(expected));
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in [
            "",
            "x",
            "<a>",
            "</a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c/>",
            "<a",
            "<!--",
            "<a/>x",
            "<![CDATA[",
            "<a b='>",
        ] {
            assert!(pieces(text.as_bytes()).is_err(), "{text}");
        }
        assert!(pieces("<a>".repeat(100_000).as_bytes()).is_err());
        assert!(pieces("<a b='&amp;' ".repeat(50_000).as_bytes()).is_err());
    }
}
