//! Secrets in command lines and addresses, where a token stands alone: `https://TOKEN@host`, `--token TOKEN`.

use assay_sdk::secrets;

const HIDDEN: &str = "<hidden>";

/// Whether a name says that its value is a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    secrets::is_secret(name.as_bytes())
}

/// `NAME=value`, without the value when the name says that it is a secret.
#[must_use]
pub fn pair(name: &str, value: &str) -> String {
    let value = if is_secret(name) { HIDDEN } else { value };
    format!("{name}={}", text(value))
}

/// Arguments, without what follows a name of a secret.
#[must_use]
pub fn arguments(arguments: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut is_next = false;
    for argument in arguments {
        let hide = std::mem::take(&mut is_next);
        is_next = argument.starts_with('-') && !argument.contains('=') && is_secret(argument);
        let is_header = argument.to_ascii_lowercase().contains("bearer ");
        out.push(match argument.split_once('=') {
            _ if hide || is_header => HIDDEN.to_owned(),
            Some((name, _)) if is_secret(name) && !name.contains("://") => format!("{name}={HIDDEN}"),
            _ => text(argument),
        });
    }
    out
}

/// A text without the names and passwords in its addresses, and without `token=…` in them.
#[must_use]
pub fn text(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '`'))
            .unwrap_or(after.len());
        let (address, behind) = after.split_at(end);
        let host = address.find(['/', '?', '#']).unwrap_or(address.len());
        let (authority, path) = address.split_at(host);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(HIDDEN);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        out.push_str(&query(path));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn query(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, _)) if is_secret(name) || name.ends_with("key") => format!("{name}={HIDDEN}"),
        _ => part.to_owned(),
    });
    format!("{path}?{}", parts.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        for (said, shown) in [
            ("https://ana:pw@git.example/x", "https://<hidden>@git.example/x"),
            (
                "x https://t0k3n@h y://z/?api_key=1&b=2 q",
                "x https://<hidden>@h y://z/?api_key=<hidden>&b=2 q",
            ),
            ("ssh -i ~/.ssh/id host:path", "ssh -i ~/.ssh/id host:path"),
        ] {
            assert_eq!(text(said), shown);
        }
        let words: Vec<String> = [
            "run",
            "--token",
            "abc",
            "--api-key=x",
            "Authorization: Bearer y",
            "-v",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(
            arguments(&words),
            [
                "run",
                "--token",
                "<hidden>",
                "--api-key=<hidden>",
                "<hidden>",
                "-v"
            ]
        );
        assert_eq!(pair("GITHUB_TOKEN", "x"), "GITHUB_TOKEN=<hidden>");
        assert_eq!(pair("LD_PRELOAD", "/x.so"), "LD_PRELOAD=/x.so");
    }
}
