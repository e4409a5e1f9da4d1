//! `document.wflow`: the steps of an Automator workflow, with their parameters.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::secrets;

/// One action of a workflow.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Step {
    /// The name of the action.
    pub(crate) action: String,
    /// The program that the command is for.
    pub(crate) shell: Option<String>,
    /// A command, or a script in AppleScript or JavaScript.
    pub(crate) source: Option<String>,
}

impl Step {
    /// It as one line, without the secrets that a command may hold.
    pub(crate) fn shown(&self) -> String {
        let parts = [Some(&self.action), self.shell.as_ref(), self.source.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        String::from_utf8_lossy(&secrets::hide_in_code(parts.join(": ").as_bytes())).into_owned()
    }

    /// The commands in the language of a shell: its own, or those that an AppleScript gives to one.
    pub(crate) fn shell_commands(&self) -> Vec<String> {
        let Some(source) = &self.source else {
            return Vec::new();
        };
        match &self.shell {
            Some(shell) if shell.ends_with("sh") => vec![source.clone()],
            Some(_) => Vec::new(),
            None => source.split("do shell script \"").skip(1).map(quoted).collect(),
        }
    }
}

/// A text of AppleScript up to the quote that ends it.
fn quoted(rest: &str) -> String {
    let mut text = String::new();
    let mut signs = rest.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => text.extend(signs.next()),
            other => text.push(other),
        }
    }
    text
}

/// The steps in their order.
pub(crate) fn steps(bytes: &[u8]) -> Result<Vec<Step>, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let actions = plist
        .as_dictionary()
        .and_then(|plist| plist.get("actions")?.as_array());
    let actions = actions.ok_or("it lists no actions")?.iter();
    Ok(actions
        .filter_map(|action| action.as_dictionary()?.get("action")?.as_dictionary())
        .map(step)
        .collect())
}

fn step(action: &Dictionary) -> Step {
    let empty = Dictionary::new();
    let parameters = action
        .get("ActionParameters")
        .and_then(Plist::as_dictionary)
        .unwrap_or(&empty);
    let text = |name: &str| parameters.get(name).and_then(Plist::as_string).map(str::to_owned);
    let bundle = action
        .get("ActionBundlePath")
        .and_then(Plist::as_string)
        .unwrap_or_default();
    let name = bundle
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let given = action
        .get("ActionName")
        .and_then(Plist::as_string)
        .unwrap_or("an action");
    let name = name.strip_suffix(".action").unwrap_or(name);
    Step {
        action: if name.is_empty() { given } else { name }.to_owned(),
        shell: text("shell"),
        source: text("COMMAND_STRING").or_else(|| text("source")),
    }
}

/// The items that a bundle adds to the Services menu, sorted.
pub(crate) fn menu(info: &Dictionary) -> Vec<String> {
    let services = info.get("NSServices").and_then(Plist::as_array);
    let items = services.into_iter().flatten().filter_map(|service| {
        let item = service.as_dictionary()?.get("NSMenuItem")?.as_dictionary()?;
        item.get("default").map(plist::flat)
    });
    let mut items: Vec<String> = items.collect();
    items.sort();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_applescript_too() {
        let step = |shell: Option<&str>, source: &str| Step {
            action: String::new(),
            shell: shell.map(str::to_owned),
            source: Some(source.to_owned()),
        };
        assert_eq!(step(Some("/bin/zsh"), "/opt/x").shell_commands(), ["/opt/x"]);
        assert_eq!(
            step(Some("/usr/bin/python3"), "print(1)").shell_commands(),
            [""; 0]
        );
        let script = r#"on run
do shell script "/opt/x \"a b\" &"
do shell script "/opt/y
end"#;
        assert_eq!(
            step(None, script).shell_commands(),
            ["/opt/x \"a b\" &", "/opt/y\nend"]
        );
    }
}
