//! The module over fixture roots of a Mac.

use assay_module_profiles::Profiles;
use assay_sdk::testkit::{Fixture, Seen};

const PATH: &str = "/private/var/db/ConfigurationProfiles/Store/a.mobileconfig";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Profiles>()
}

fn profile(more: &str, payloads: &str) -> String {
    format!(
        "{{ PayloadIdentifier = \"org.sample.a\"; PayloadUUID = \"1-A\"; PayloadContent = ({payloads}); {more} }}"
    )
}

fn store(more: &str, payloads: &str) -> Fixture {
    Fixture::macos().file(PATH, profile(more, payloads))
}

#[test]
fn a_mac_with_profiles_in_every_place() {
    let signed = [
        &b"\x30\x80"[..],
        b"<?xml version=\"1.0\"?><plist><dict><key>PayloadUUID</key><string>2-B</string></dict></plist>",
        b"\0\0",
    ]
    .concat();
    let fixture = store("PayloadDisplayName = A; PayloadOrganization = Sample; PayloadScope = System;",
            "{ PayloadType = \"com.google.Chrome\"; ExtensionInstallForcelist = (abc, \"def;https://x\"); PayloadUUID = 3; },
             { PayloadType = \"com.apple.mail.managed\"; IncomingPassword = geheim; }")
        .file("/Users/mia/Downloads/get.mobileconfig", signed)
        .file("/Users/mia/Downloads/other.pdf", "")
        .file("/Users/mia/Library/ConfigurationProfiles/Old.MOBILECONFIG", profile("", ""))
        .fifo("/private/var/db/ConfigurationProfiles/Setup/fifo.mobileconfig")
        .file("/private/var/db/ConfigurationProfiles/cut.mobileconfig", "bplist00cut");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_shows_its_change() {
    let before = scan(&store("", "{ PayloadType = a; x = 1; }"));
    for (field, more, payloads) in [
        (
            "identifier",
            "PayloadIdentifier = b;",
            "{ PayloadType = a; x = 1; }",
        ),
        ("uuid", "PayloadUUID = b;", "{ PayloadType = a; x = 1; }"),
        ("payloads", "", "{ PayloadType = a; x = 2; }"),
        ("scope", "PayloadScope = System;", "{ PayloadType = a; x = 1; }"),
        (
            "removal_disallowed",
            "PayloadRemovalDisallowed = 1;",
            "{ PayloadType = a; x = 1; }",
        ),
        (
            "organization",
            "PayloadOrganization = b;",
            "{ PayloadType = a; x = 1; }",
        ),
    ] {
        scan(&store(more, payloads)).assert_changed(field, &before);
    }
    let xml = "<plist><dict><key>PayloadUUID</key><string>1</string></dict></plist>";
    let [plain, signed] =
        [xml.to_owned(), format!("0{xml}")].map(|text| scan(&Fixture::macos().file(PATH, text)));
    signed.assert_changed("signed", &plain);
}

#[test]
fn the_order_of_payloads_and_their_bookkeeping_are_no_change() {
    let one = scan(&store(
        "",
        "{ PayloadType = a; PayloadVersion = 1; }, { PayloadType = b; }",
    ));
    let other = scan(&store(
        "PayloadDisplayName = N;",
        "{ PayloadType = b; }, { PayloadType = a; PayloadVersion = 2; }",
    ));
    assert_eq!(other.changes_since(&one), [""; 0]);
}
