//! Accounts of macOS: what is seen, and what each change looks like.

use assay_module_accounts::Accounts;
use assay_sdk::testkit::{Fixture, Seen, binary_plist};

const USERS: &str = "/private/var/db/dslocal/nodes/Default/users";
const GROUPS: &str = "/private/var/db/dslocal/nodes/Default/groups";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Accounts>()
}

const ANA: &str = r#"{ name = (ana, "Ana M"); uid = ("501"); gid = ("20"); home = ("/Users/ana"); shell = ("/bin/zsh");
    realname = ("Ana M."); generateduid = ("7E1B"); passwd = ("********"); ShadowHashData = (<6162>); naprivs = ("-1");
    "authentication_authority" = (";ShadowHash;HASHLIST:<SALTED-SHA512-PBKDF2>", ";Kerberosv5;;ana@LKDC:SHA1.A;");
    accountPolicyData = (<00>); jpegphoto = (<ff>); }"#;

#[test]
fn a_mac_with_a_bit_of_everything() {
    let fixture = Fixture::macos()
        .script("/bin/zsh", "")
        .file(&format!("{USERS}/ana.plist"), binary_plist(ANA))
        .file(
            &format!("{USERS}/daemon.plist"),
            r#"{ name = (daemon); uid = ("1"); shell = ("/usr/bin/false"); passwd = ("*"); IsHidden = ("1"); }"#,
        )
        .file(&format!("{USERS}/twin.plist"), "{ name = (ana); uid = (\"0\"); passwd = (\"\"); }")
        .file(&format!("{USERS}/nameless.plist"), "{ uid = 502; }")
        .file(&format!("{USERS}/note.txt"), "")
        .file(
            &format!("{GROUPS}/admin.plist"),
            r#"{ name = (admin); gid = ("80"); users = (root, ana); groupmembers = ("7E1B", "0000"); nestedgroups = ("ABCD"); }"#,
        )
        .file("/private/etc/shells", "/bin/zsh\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn every_compared_field_shows_its_change() {
    let user = |old: &str, new: &str| {
        let file = |text: &str| Fixture::macos().file(&format!("{USERS}/ana.plist"), text);
        (file(ANA), file(&ANA.replace(old, new)))
    };
    let group =
        |body: &str| Fixture::macos().file(&format!("{GROUPS}/a.plist"), format!("{{ name = (a); {body} }}"));
    let cases = [
        ("uid", user("501", "0")),
        ("gid", user("\"20\"", "\"80\"")),
        ("home", user("/Users/ana", "/x")),
        ("shell", user("/bin/zsh", "/x")),
        ("aliases", user("Ana M\"", "root2\"")),
        ("unique_id", user("7E1B", "7E1C")),
        ("hidden", user("realname", "IsHidden = (\"1\"); realname")),
        ("authentication", user(";ShadowHash", ";DisabledUser;;ShadowHash")),
        ("remote_rights", user("-1", "-1073741569")),
        ("password", user("ShadowHashData", "Other")),
        ("members", (group("users = (x);"), group("users = (x, y);"))),
        ("member_ids", (group(""), group("groupmembers = (x);"))),
        ("nested", (group(""), group("nestedgroups = (x);"))),
    ];
    for (field, (before, after)) in cases {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

/// A login writes this, and nobody wants to hear of it.
#[test]
fn what_a_login_changes_is_no_change() {
    let file = |bytes: Vec<u8>| Fixture::macos().file(&format!("{USERS}/ana.plist"), bytes);
    let after = ANA.replace("<00>", "<0102>").replace("Ana M.", "Ana Maria");
    let told = scan(&file(binary_plist(after))).changes_since(&scan(&file(ANA.into())));
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::macos()
        .file(&format!("{USERS}/a.plist"), "no plist")
        .fifo(&format!("{USERS}/b.plist"))
        .file(&format!("{USERS}/c.plist"), "(a, b)")
        .file(
            &format!("{USERS}/d.plist"),
            "{ name = ({ a = b; }); uid = (x); shell = { }; home = (); }",
        )
        .file(
            &format!("{USERS}/e.plist"),
            "<plist><dict><key>name</key><string>x</string><key>name</key><string>y</string></dict></plist>",
        )
        .link(&format!("{GROUPS}/a.plist"), "gone")
        .folder(&format!("{GROUPS}/b.plist"));
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::macos()).assert_silent();
}
