//! Passwords and tokens stay in their files: what an entry says goes into logs.
//!
//! A name must speak of a secret plainly, because what is hidden is not compared.
//!
//! ```
//! use assay_sdk::secrets;
//! assert!(secrets::is_secret(b"API_TOKEN") && !secrets::is_secret(b"Keymap"));
//! assert_eq!(&*secrets::hide_in(b"url = https://ana:pw@x.example/"), b"url = https://ana:<hidden>@x.example/");
//! ```

use std::borrow::Cow;

/// What stands for a secret.
///
/// ```
/// assert_eq!(assay_sdk::secrets::HIDDEN, b"<hidden>");
/// ```
pub const HIDDEN: &[u8] = b"<hidden>";

const ENDINGS: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "authkey",
];
const WORDS: [&str; 8] = [
    "pass",
    "pwd",
    "psk",
    "tokens",
    "credential",
    "credentials",
    "privatekey",
    "secretkey",
];
/// `key` is a secret after one of these; keyboards and indices have keys too.
const KEYS_OF: [&str; 7] = [
    "private",
    "secret",
    "api",
    "access",
    "preshared",
    "shared",
    "encryption",
];

/// What the name of a variable with a secret has somewhere, and names that have it and are none.
const PARTS: [&str; 6] = ["key", "token", "secret", "pass", "credential", "auth"];
const HARMLESS: [&str; 3] = ["ssh_auth_sock", "bypass", "compass"];

/// Whether a name says that its value is a secret.
///
/// ```
/// use assay_sdk::secrets::is_secret;
/// for name in ["PASSWORD", "_authToken", "private-key", "aws.secretAccessKey"] {
///     assert!(is_secret(name.as_bytes()), "{name}");
/// }
/// assert!(!is_secret(b"authorized_keys"));
/// ```
#[must_use]
pub fn is_secret(name: &[u8]) -> bool {
    let words = words(name);
    let ends =
        |word: &String| ENDINGS.iter().any(|end| word.ends_with(end)) || WORDS.contains(&word.as_str());
    let key = |pair: &[String]| pair[1] == "key" && KEYS_OF.contains(&pair[0].as_str());
    name == b"_auth" || words.iter().any(ends) || words.windows(2).any(key)
}

/// The same for a variable of an environment, whose words often run together, and where a key is no part of a keyboard.
/// What names a program or a library is none, whatever it is called.
///
/// ```
/// use assay_sdk::secrets::is_secret_variable;
/// assert!(is_secret_variable(b"SIGNING_KEY_B64") && is_secret_variable(b"DBPASS"));
/// assert!(!is_secret_variable(b"SSH_AUTH_SOCK") && !is_secret_variable(b"SSH_ASKPASS"));
/// ```
#[must_use]
pub fn is_secret_variable(name: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
    let loads = lower.ends_with("askpass") || lower.starts_with("ld_") || lower.contains("dyld_");
    let speaks = PARTS.iter().any(|part| lower.contains(part));
    let is_harmless = HARMLESS.iter().any(|end| lower.ends_with(end));
    !loads && (is_secret(name) || (speaks && !is_harmless))
}

/// The words of a name in lower case: `aws.secretAccessKey` has four.
fn words(name: &[u8]) -> Vec<String> {
    let (mut words, mut word, mut lower) = (Vec::new(), String::new(), false);
    for byte in name {
        let begins = byte.is_ascii_uppercase() && lower;
        if (begins || !byte.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if byte.is_ascii_alphanumeric() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        lower = byte.is_ascii_lowercase();
    }
    words.push(word);
    words
}

/// A value, or what stands for it when its name says that it is a secret.
///
/// ```
/// use assay_sdk::secrets::hide;
/// assert_eq!(&*hide(b"password", b"abc"), b"<hidden>");
/// assert_eq!(&*hide(b"url", b"ssh://git@host"), b"ssh://git@host");
/// ```
#[must_use]
pub fn hide<'a>(name: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
    if is_secret(name) && !value.is_empty() {
        HIDDEN.into()
    } else {
        hide_in(value)
    }
}

/// A text without the secrets in it: `password=…`, `token: …`, `https://user:…@host`.
///
/// ```
/// assert_eq!(&*assay_sdk::secrets::hide_in(b"run --token=abc --fast"), b"run --token=<hidden> --fast");
/// ```
#[must_use]
pub fn hide_in(text: &[u8]) -> Cow<'_, [u8]> {
    hidden(text, |_| false)
}

/// The same for code of a shell: there a value that holds a command is no secret, but what makes one, or what somebody
/// would like to be hidden.
///
/// ```
/// use assay_sdk::secrets::hide_in_code;
/// assert_eq!(&*hide_in_code(b"export API_TOKEN=abc"), b"export API_TOKEN=<hidden>");
/// assert_eq!(&*hide_in_code(b"API_TOKEN=\"x$(/opt/x)\""), b"API_TOKEN=\"x$(/opt/x)\"");
/// ```
#[must_use]
pub fn hide_in_code(text: &[u8]) -> Cow<'_, [u8]> {
    let is_command = |value: &[u8]| value.contains(&b'`') || value.windows(2).any(|pair| pair == b"$(");
    hidden(text, is_command)
}

/// Without the values that speak of secrets, but for those that are not literal.
fn hidden(text: &[u8], shown: impl Fn(&[u8]) -> bool) -> Cow<'_, [u8]> {
    let mut spans = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        let span = match byte {
            b'=' => value_after(text, at),
            b':' if text[at..].starts_with(b"://") => user_info(text, at + 3),
            b':' => value_after(text, at),
            _ => None,
        };
        let span = span.filter(|(from, to)| !shown(&text[*from..*to]));
        // The parts are found from left to right; one inside another is hidden with it.
        if let Some((from, to)) = span
            && spans.last().is_none_or(|(_, end)| from >= *end)
        {
            spans.push((from, to));
        }
    }
    if spans.is_empty() {
        return text.into();
    }
    let (mut told, mut after) = (Vec::new(), 0);
    for (from, to) in spans {
        told.extend_from_slice(&text[after..from]);
        told.extend_from_slice(HIDDEN);
        after = to;
    }
    told.extend_from_slice(&text[after..]);
    told.into()
}

/// Bytes that a name before `=` may have.
const MAX_NAME: usize = 64;

fn value_after(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = text[..at].trim_ascii_end();
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'"' | b'\'');
    let length = before.iter().rev().take(MAX_NAME).take_while(is_name).count();
    if !is_secret(&before[before.len() - length..]) {
        return None;
    }
    let rest = &text[at + 1..];
    let from = at + 1 + (rest.len() - rest.trim_ascii_start().len());
    let value = &text[from..];
    let length = match value.first()? {
        quote @ (b'"' | b'\'') => value[1..]
            .iter()
            .position(|b| b == quote)
            .map_or(value.len(), |end| end + 2),
        _ => {
            let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b';' | b',' | b'&');
            value.iter().position(ends).unwrap_or(value.len())
        }
    };
    (length > 0).then_some((from, from + length))
}

/// The password in `user:password@host`; of the web, a lone user is a token.
fn user_info(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b',');
    let rest = &text[from..];
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let at = authority.iter().rposition(|b| *b == b'@')?;
    match authority[..at].iter().position(|b| *b == b':') {
        Some(colon) => Some((from + colon + 1, from + at)),
        None if text[..from].ends_with(b"http://") || text[..from].ends_with(b"https://") => {
            Some((from, from + at))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_speak_of_secrets() {
        for name in [
            "PASSWORD",
            "_authToken",
            "//registry/:_authToken",
            "private-key",
            "aws.secretAccessKey",
            "clientSecret",
            "PrivateKey",
            "DB_PASS",
            "api_key",
            "sslkeypassword",
            "PresharedKey",
            "_auth",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in [
            "author",
            "authorized_keys",
            "Keymap",
            "key",
            "signingkey",
            "passive",
            "compass",
            "tokenize",
            "bypass_url",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn variables_that_hold_secrets() {
        for name in [
            "API_TOKEN",
            "aws_secret_access_key",
            "PGPASSWORD",
            "BORG_KEY",
            "http_auth",
            "Credentials",
            "SIGNING_KEY_B64",
            "MYPASS",
            "AUTHORIZATION",
            "OAUTHTOKEN1",
            "WIFI_PSK",
        ] {
            assert!(is_secret_variable(name.as_bytes()), "{name}");
        }
        for name in [
            "PATH",
            "MAILTO",
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "SSH_AUTH_SOCK",
            "GIT_ASKPASS",
            "COMPASS",
            "K",
            "",
        ] {
            assert!(!is_secret_variable(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn nothing_but_the_secret_is_hidden() {
        for (text, shown) in [
            (
                "index-url = https://ana:pw@pypi.example/x:y@z",
                "index-url = https://ana:<hidden>@pypi.example/x:y@z",
            ),
            ("https://ghp_1@github.com/a", "https://<hidden>@github.com/a"),
            ("ssh://git@github.com/a", "ssh://git@github.com/a"),
            ("run --token=abc --url=x", "run --token=<hidden> --url=x"),
            ("password: \"a b\" # c", "password: <hidden> # c"),
            ("api_key=a,b", "api_key=<hidden>,b"),
            ("password = a;token=b", "password = <hidden>;token=<hidden>"),
            ("password=", "password="),
            ("a = 1; b: c", "a = 1; b: c"),
        ] {
            assert_eq!(String::from_utf8_lossy(&hide_in(text.as_bytes())), shown);
        }
        assert_eq!(hide(b"x.token", b"abc").as_ref(), HIDDEN);
        assert_eq!(hide(b"x", b"abc").as_ref(), b"abc");
    }
}
