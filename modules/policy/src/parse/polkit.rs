//! polkit's actions.

use super::xml::{self, Piece};

/// What polkit answers when nothing else is said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) id: String,
    pub(crate) any: Option<String>,
    pub(crate) inactive: Option<String>,
    pub(crate) active: Option<String>,
    /// Keys and values.
    pub(crate) annotations: Vec<(String, String)>,
}

/// Reads the actions of a file. What they are called in which language is left out.
pub(crate) fn actions(bytes: &[u8]) -> Result<Vec<Action>, String> {
    let mut actions = Vec::new();
    let mut action: Option<Action> = None;
    let mut inside = String::new();
    let mut key = String::new();
    for piece in xml::pieces(bytes)? {
        match piece {
            Piece::Start { name, attributes } => {
                let of = |wanted: &str| {
                    attributes
                        .iter()
                        .find(|(name, _)| name == wanted)
                        .map(|(_, value)| value.clone())
                };
                if name == "action" {
                    let id = of("id").ok_or("an action without an id")?;
                    action = Some(Action {
                        id,
                        ..Action::default()
                    });
                }
                key = of("key").unwrap_or_default();
                inside = name;
            }
            Piece::Text(text) => {
                let Some(action) = &mut action else { continue };
                match inside.as_str() {
                    "allow_any" => action.any = Some(text),
                    "allow_inactive" => action.inactive = Some(text),
                    "allow_active" => action.active = Some(text),
                    "annotate" => action.annotations.push((std::mem::take(&mut key), text)),
                    _ => {}
                }
            }
            Piece::End { name } => {
                inside.clear();
                if name == "action" {
                    actions.extend(action.take());
                }
            }
        }
    }
    for action in &mut actions {
        action.annotations.sort();
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_annotations() {
        let text = b"<policyconfig><vendor>v</vendor><action id='org.x'><description xml:lang='de'>d</description>\
            <defaults><allow_any>no</allow_any><allow_active>yes</allow_active></defaults>\
            <annotate key='b'>/opt/x</annotate><annotate key='a'>1</annotate></action><action id='org.y'/></policyconfig>";
        let actions = actions(text).expect("actions");
        let [first, second] = &actions[..] else {
            panic!("{actions:?}")
        };
        assert_eq!(
            (
                first.any.as_deref(),
                first.inactive.as_deref(),
                first.active.as_deref()
            ),
            (Some("no"), None, Some("yes"))
        );
        assert_eq!(
            first.annotations,
            [
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "/opt/x".to_owned())
            ]
        );
        assert_eq!(second.id, "org.y");
        assert!(super::actions(b"<policyconfig><action/></policyconfig>").is_err());
    }
}
