//! Rules of Mail, a list of dictionaries; whether each is on is kept in a file beside it.

use assay_sdk::plist::{self, Dictionary, Value as Plist};

/// A rule that runs a script.
#[derive(Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) script: String,
    pub(crate) criteria: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) deletes: bool,
}

/// The rules with a script, and by `states` whether they are on.
pub(crate) fn rules(bytes: &[u8], states: Option<&Plist>) -> Result<Vec<Rule>, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let rules = match &plist {
        Plist::Array(rules) => Some(rules),
        Plist::Dictionary(plist) => plist.get("rules").and_then(Plist::as_array),
        _ => None,
    };
    let rules = rules
        .ok_or("it lists no rules")?
        .iter()
        .filter_map(Plist::as_dictionary);
    Ok(rules.filter_map(|dictionary| rule(dictionary, states)).collect())
}

fn rule(rule: &Dictionary, states: Option<&Plist>) -> Option<Rule> {
    let text = |name: &str| rule.get(name).map(plist::flat);
    let is_on = |value: &Plist| {
        matches!(
            plist::flat(value).to_ascii_lowercase().as_str(),
            "true" | "1" | "yes"
        )
    };
    let script = rule
        .get("AppleScript")?
        .as_string()
        .filter(|script| !script.is_empty())?;
    let id = text("RuleId")
        .or_else(|| text("RuleName"))
        .unwrap_or_else(|| "without identifier".to_owned());
    let state = states
        .and_then(|states| states.as_dictionary()?.get(&id))
        .or_else(|| rule.get("Active"));
    let all = rule.get("AllCriteriaMustBeSatisfied").is_some_and(is_on);
    let criteria = rule.get("Criteria").map(|criteria| {
        let of = if all { "all of" } else { "any of" };
        format!("{of} {}", plist::flat(&without_ids(criteria)))
    });
    Some(Rule {
        name: text("RuleName"),
        script: script.to_owned(),
        criteria,
        active: state.map(is_on),
        deletes: rule.get("Deletes").is_some_and(is_on),
        id,
    })
}

/// Each criterion has an identifier, which says nothing.
fn without_ids(criteria: &Plist) -> Plist {
    let criteria = criteria.as_array().into_iter().flatten().map(|criterion| {
        let mut criterion = criterion.clone();
        if let Some(criterion) = criterion.as_dictionary_mut() {
            criterion.remove("CriterionUniqueId");
        }
        criterion
    });
    Plist::Array(criteria.collect())
}
