//! A profile: a property list, or one in the envelope of a signature (CMS). Bytes in, structs out.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::secrets;

/// What stands for a secret.
const HIDDEN: &str = "<hidden>";
/// What every payload has, and says nothing of what it prescribes.
const ENVELOPE: &[&str] = &[
    "PayloadDescription",
    "PayloadDisplayName",
    "PayloadEnabled",
    "PayloadIdentifier",
    "PayloadOrganization",
    "PayloadType",
    "PayloadUUID",
    "PayloadVersion",
];

/// What a profile says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Profile {
    pub(crate) identifier: Option<String>,
    pub(crate) uuid: Option<String>,
    pub(crate) payloads: Vec<String>,
    pub(crate) scope: Option<String>,
    pub(crate) removal_disallowed: Option<bool>,
    pub(crate) organization: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) signed: bool,
}

/// Reads a profile.
pub(crate) fn profile(bytes: &[u8]) -> Result<Profile, String> {
    let inner = signed(bytes);
    let plist = plist::parse(inner.unwrap_or(bytes)).map_err(|error| error.to_string())?;
    let plist = plist.as_dictionary().ok_or("its top level is no dictionary")?;
    let text = |name: &str| plist.get(name).map(plist::flat);
    let disallowed = plist.get("PayloadRemovalDisallowed");
    let mut payloads = match plist.get("PayloadContent") {
        Some(Plist::Array(payloads)) => payloads
            .iter()
            .filter_map(Plist::as_dictionary)
            .map(payload)
            .collect(),
        Some(Plist::Dictionary(only)) => vec![payload(only)],
        Some(Plist::Data(_)) => vec!["encrypted".to_owned()],
        _ => Vec::new(),
    };
    payloads.sort();
    Ok(Profile {
        identifier: text("PayloadIdentifier"),
        uuid: text("PayloadUUID"),
        payloads,
        scope: text("PayloadScope"),
        removal_disallowed: disallowed.map(|value| matches!(plist::flat(value).as_str(), "true" | "1")),
        organization: text("PayloadOrganization"),
        name: text("PayloadDisplayName"),
        signed: inner.is_some(),
    })
}

/// The property list in an envelope, which is a sequence of DER that begins with 0x30.
fn signed(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let at = |word: &[u8]| bytes.windows(word.len()).position(|window| window == word);
    let start = at(b"<?xml").or_else(|| at(b"<plist"))?;
    let end = at(b"</plist>")? + b"</plist>".len();
    bytes.get(start..end)
}

fn payload(payload: &Dictionary) -> String {
    let kind = payload
        .get("PayloadType")
        .map_or_else(|| "without a type".to_owned(), plist::flat);
    let settings = payload
        .iter()
        .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()));
    let settings: Dictionary = settings
        .map(|(name, value)| (name.clone(), shown(name, value)))
        .collect();
    format!("{kind}: {}", plist::flat(&Plist::Dictionary(settings)))
}

/// A value without the secrets in it, and with the length of data in its place: certificates, fonts.
fn shown(name: &str, value: &Plist) -> Plist {
    match value {
        Plist::Dictionary(inner) => {
            let inner = inner
                .iter()
                .map(|(name, value)| (name.clone(), shown(name, value)));
            Plist::Dictionary(inner.collect())
        }
        Plist::Array(items) => Plist::Array(items.iter().map(|item| shown(name, item)).collect()),
        Plist::String(_) if secrets::is_secret(name.as_bytes()) => HIDDEN.into(),
        Plist::Data(data) => format!("{} bytes", data.len()).into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"<plist version="1.0"><dict><key>PayloadIdentifier</key><string>org.x</string>
        <key>PayloadRemovalDisallowed</key><true/><key>PayloadContent</key><array><dict>
        <key>PayloadType</key><string>com.apple.wifi.managed</string><key>SSID_STR</key><string>Lab</string>
        <key>Password</key><string>geheim</string><key>Certificate</key><data>AAEC</data></dict></array></dict></plist>"#;

    #[test]
    fn secrets_and_data_are_not_shown() {
        let read = profile(PROFILE.as_bytes()).expect("a profile");
        let payload = "com.apple.wifi.managed: {Certificate=3 bytes, Password=<hidden>, SSID_STR=Lab}";
        assert_eq!(read.payloads, [payload]);
        assert_eq!((read.removal_disallowed, read.signed), (Some(true), false));
    }

    #[test]
    fn a_signed_profile_says_the_same() {
        let mut signed = b"\x30\x82\x0a\x00\x06\x09garbage".to_vec();
        signed.extend(PROFILE.as_bytes());
        signed.extend(b"\x00\xa0\x82certificates");
        let (read, plain) = (
            profile(&signed).expect("signed"),
            profile(PROFILE.as_bytes()).expect("plain"),
        );
        assert_eq!(
            read,
            Profile {
                signed: true,
                ..plain
            }
        );
        assert!(profile(b"\x30\x82nothing in it").is_err());
    }
}
