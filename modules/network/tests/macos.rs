//! Networks of macOS: what is seen, and what each change looks like.

use assay_module_network::Network;
use assay_sdk::plist::{Dictionary, Value};
use assay_sdk::testkit::{BookmarkData, Fixture, KeyedArchive, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Network>()
}

const FIREWALL: &str = "/Library/Preferences/com.apple.alf.plist";
const EXTENSIONS: &str = "/Library/Preferences/com.apple.networkextension.plist";

fn applications(state: u8, alias: &[u8]) -> Vec<u8> {
    let dictionary = |members: Vec<(&str, Value)>| {
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::Dictionary(members.collect::<Dictionary>())
    };
    let named = dictionary(vec![
        ("bundleid", "org.example.relay".into()),
        ("state", u64::from(state).into()),
    ]);
    let placed = dictionary(vec![
        ("alias", Value::Data(alias.to_vec())),
        ("state", 2_u64.into()),
    ]);
    let settings = dictionary(vec![(
        "applications",
        Value::Array(vec![named, placed, "odd".into()]),
    )]);
    let mut bytes = Vec::new();
    settings.to_writer_binary(&mut bytes).expect("a plist");
    bytes
}

fn configuration(enabled: bool, provider: &str, server: &str) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let name = file.add("Relay");
    let application = file.add("org.example.relay");
    let bundle = file.add(provider);
    let address = file.add(server);
    let provider = file.object(
        "NEFilterProviderConfiguration",
        &[("pluginType", bundle), ("serverAddress", address)],
    );
    let filter = file.object(
        "NEContentFilter",
        &[("enabled", enabled.into()), ("provider", provider)],
    );
    let configuration = file.object(
        "NEConfiguration",
        &[
            ("name", name),
            ("application", application),
            ("contentFilter", filter),
        ],
    );
    let index = file.dictionary(&[]);
    file.top("9C1D", configuration).top("Index", index).binary()
}

#[test]
fn a_mac_with_a_firewall_and_a_filter() {
    let alias = BookmarkData::new("/Applications/Chat.app")
        .volume("/", "Macintosh HD")
        .alias_record();
    let fixture = Fixture::macos().file(FIREWALL, applications(2, &alias)).file(
        EXTENSIONS,
        configuration(true, "org.example.relay.filter", "relay.example"),
    );
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let firewall = |state| Fixture::macos().file(FIREWALL, applications(state, b""));
    let filter =
        |on, provider, server| Fixture::macos().file(EXTENSIONS, configuration(on, provider, server));
    let pairs = [
        ("state", firewall(4), firewall(2)),
        ("parts", filter(true, "a", "s"), filter(false, "a", "s")),
        ("providers", filter(true, "a", "s"), filter(true, "b", "s")),
        ("servers", filter(true, "a", "s"), filter(true, "a", "t")),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .file(FIREWALL, "<plist>")
        .file(EXTENSIONS, "{ a = b; }");
    insta::assert_snapshot!(scan(&fixture).snapshot());
    let fixture = Fixture::macos().fifo(FIREWALL).link(EXTENSIONS, "gone");
    assert_eq!(
        scan(&fixture)
            .entries
            .iter()
            .filter(|entry| entry.unparsable.is_some())
            .count(),
        2
    );
}

#[test]
fn an_empty_mac_is_silent() {
    scan(&Fixture::macos()).assert_silent();
}
