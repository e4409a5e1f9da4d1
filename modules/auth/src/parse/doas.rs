//! doas.conf: `permit|deny [options] identity [as target] [cmd command [args …]]`.

use assay_sdk::{Text, lines, split_words};

/// A rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// A user, or a group after a colon; nothing when the line makes no sense.
    pub(crate) identity: Option<Text>,
    /// The whole rule, with single blanks.
    pub(crate) text: Text,
    pub(crate) command: Option<Text>,
}

/// Reads the rules in their order.
pub(crate) fn rules(text: &[u8]) -> Vec<Rule> {
    let lines = lines::read(text).comments(b"#").joined_by(b" ");
    lines
        .map(|line| rule(&line.text))
        .filter(|rule| !rule.text.is_empty())
        .collect()
}

fn rule(line: &[u8]) -> Rule {
    let words: Vec<Text> = split_words(line).into_iter().map(|word| word.text).collect();
    let text = words.iter().map(Text::as_bytes).collect::<Vec<_>>().join(&b' ');
    let mut rest = words.iter();
    let is_rule = rest
        .next()
        .is_some_and(|word| *word == "permit" || *word == "deny");
    let mut in_braces = false;
    let identity = rest.find(|word| {
        let word = word.as_bytes();
        let inside = in_braces || word.starts_with(b"{");
        in_braces = inside && !word.ends_with(b"}");
        !inside && !matches!(word, b"nopass" | b"nolog" | b"persist" | b"keepenv" | b"setenv")
    });
    let command = rest.skip_while(|word| **word != "cmd").nth(1);
    Rule {
        identity: identity.filter(|_| is_rule).cloned(),
        command: command.cloned(),
        text: text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_rule_is_about() {
        for (line, identity, command) in [
            ("permit nopass ana", Some("ana"), None),
            (
                "permit  setenv { A=b -C } persist :wheel as root cmd /opt/x args -y # z",
                Some(":wheel"),
                Some("/opt/x"),
            ),
            (
                "deny setenv {A B} \"bob\" \\\n cmd reboot",
                Some("bob"),
                Some("reboot"),
            ),
            ("permit nopass", None, None),
            ("allow ana", None, None),
            ("permit setenv { ana", None, None),
        ] {
            let rule = rules(line.as_bytes()).remove(0);
            let text = |text: Option<Text>| text.map(|text| text.to_string());
            assert_eq!(
                (text(rule.identity).as_deref(), text(rule.command).as_deref()),
                (identity, command),
                "{line}"
            );
        }
        assert_eq!(rules(b"# permit ana\n\n").len(), 0);
    }
}
