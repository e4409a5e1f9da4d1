//! Rules of Mail that run a script.

use crate::parse::mail;
use assay_sdk::{Entry, Home, Keys, Result, Scan, Text, plist};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/Library/Mail/V*/MailData/{SyncedRules,UnsyncedRules,MessageRules,RulesActiveState}.plist",
    "~/Library/Mobile Documents/{com~apple~mail,com.apple.mail}/Data/V*/MailData/{SyncedRules,RulesActiveState}.plist",
];

const PLACES: &[&str] = &[
    "Library/Mail",
    "Library/Mobile Documents/com~apple~mail/Data",
    "Library/Mobile Documents/com.apple.mail/Data",
];
const RULES: &[&str] = &["SyncedRules.plist", "UnsyncedRules.plist", "MessageRules.plist"];
/// The only folder from which Mail runs scripts.
const SCRIPTS: &str = "Library/Application Scripts/com.apple.mail";
const LIMIT: u64 = 16 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        for place in PLACES {
            let place = home.path.join(place);
            let versions = scan
                .list(&place)
                .into_iter()
                .filter(|listed| listed.name.as_bytes().starts_with(b"V"));
            let folders: Vec<PathBuf> = versions
                .map(|listed| place.join(listed.name).join("MailData"))
                .collect();
            for folder in folders {
                let states = folder.join("RulesActiveState.plist");
                let states = scan
                    .content(&states, LIMIT)
                    .and_then(|content| plist::parse(&content.ok()?).ok());
                for name in RULES {
                    rules(scan, &home, &folder.join(name), states.as_ref())?;
                }
            }
        }
    }
    Ok(())
}

fn rules(scan: &mut Scan<'_>, home: &Home, path: &Path, states: Option<&plist::Value>) -> Result<()> {
    let rules = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(content) => content.and_then(|bytes| mail::rules(&bytes, states)),
    };
    let rules = match rules {
        Ok(rules) => rules,
        Err(why) => return scan.entry(Entry::new("mail_script_rule", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    for rule in rules {
        let key = [rule.id.as_bytes(), b" in ", path.as_os_str().as_bytes()].concat();
        let script = home.path.join(SCRIPTS).join(&rule.script);
        let programs = scan.programs().argv(&[Text::from(script.as_path())]);
        let entry = Entry::new("mail_script_rule", keys.unique(key.into()), path)
            .field("script", rule.script)
            .maybe("criteria", rule.criteria)
            .maybe("active", rule.active)
            .field("deletes", rule.deletes)
            .maybe("name", rule.name)
            .programs(programs);
        scan.entry(entry)?;
    }
    Ok(())
}
