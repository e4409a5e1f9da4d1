//! VPNs, content filters, DNS proxies and relays of macOS: what sees traffic before it leaves.
//!
//! The file is an archive: at its top each configuration stands under its identifier, an `NEConfiguration` whose fields
//! name the parts that it has. VPN clients write it anew at each connection; what is compared stays the same.

use crate::{content, unparsable};
use assay_sdk::archive::{self, Content, Object};
use assay_sdk::{Entry, Keys, Result, Scan, Text, Value};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const PATH: &str = "/Library/Preferences/com.apple.networkextension.plist";
const KIND: &str = "network_extension";
const MAX_PLIST: u64 = 8 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(PATH);
    let Some(bytes) = content(scan, KIND, path, MAX_PLIST)? else {
        return Ok(());
    };
    let top = match archive::parse(&bytes) {
        Ok(top) => top,
        Err(error) => return unparsable(scan, KIND, path, &error.to_string()),
    };
    let mut keys = Keys::default();
    for (name, object) in members(&top) {
        if object.class == "NEConfiguration" {
            let configuration = Configuration::of(name, object);
            let list =
                |words: BTreeSet<String>| (!words.is_empty()).then(|| words.into_iter().collect::<Value>());
            let entry = Entry::new(KIND, keys.unique(configuration.name), path)
                .maybe("application", configuration.application)
                .maybe("parts", list(configuration.parts))
                .maybe("providers", list(configuration.providers))
                .maybe("servers", list(configuration.servers));
            scan.entry(entry)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Configuration {
    name: Text,
    application: Option<Text>,
    parts: BTreeSet<String>,
    providers: BTreeSet<String>,
    servers: BTreeSet<String>,
}

impl Configuration {
    fn of(identifier: &str, object: &Object) -> Self {
        let text = |name: &str| member(object, name).and_then(Object::as_text);
        let mut configuration = Self {
            name: text("name").unwrap_or(identifier).into(),
            application: text("application").map(Text::from),
            ..Self::default()
        };
        for (name, part) in members(object) {
            let is_part = matches!(part.content, Content::Fields(_)) && !part.class.starts_with("NS");
            if is_part {
                let off = member(part, "enabled").and_then(Object::as_bool) == Some(false);
                let state = if off { " off" } else { "" };
                configuration.parts.insert(format!("{name}{state}"));
                configuration.look_into(part);
            }
        }
        configuration
    }

    /// Providers and servers stand at several depths, by the kind of the part.
    fn look_into(&mut self, part: &Object) {
        for (name, value) in members(part) {
            let name = name.to_ascii_lowercase();
            let texts = value.items().iter().chain([value]).filter_map(Object::as_text);
            if name.ends_with("bundleidentifier") || name == "plugintype" {
                self.providers.extend(texts.map(str::to_owned));
            } else if name.ends_with("serveraddress")
                || name.ends_with("servers")
                || name.ends_with("serverurl")
            {
                self.servers.extend(texts.map(str::to_owned));
            } else if !value.class.starts_with("NS") {
                self.look_into(value);
            }
        }
    }
}

fn members(object: &Object) -> Vec<(&str, &Object)> {
    match &object.content {
        Content::Fields(fields) => fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        Content::Pairs(pairs) => {
            let pairs = pairs.iter();
            pairs
                .filter_map(|(name, value)| Some((name.as_text()?, value)))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A field, whatever the case of its first letter: releases differ.
fn member<'o>(object: &'o Object, name: &str) -> Option<&'o Object> {
    let mut members = members(object).into_iter();
    members.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}
