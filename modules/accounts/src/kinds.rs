//! What the module lists: one line of prose for every kind and field.

use assay_sdk::FieldKind::{Bool, Int, List, Text};
use assay_sdk::{Kind, Severity};

const PASSWORD: &str =
    "shadowed, set, empty (none is needed), locked (none fits), or suspended (one is kept behind a lock)";
const ALGORITHM: &str = "how the password is hashed";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        account(),
        Kind::new(
            "account_password",
            "T1098",
            "whether and how an account has a password",
        )
        .compared("password", Text, PASSWORD)
        .compared("algorithm", Text, ALGORITHM)
        .compared(
            "changed_day",
            Text,
            "day of its last change, in days since 1970; 0 asks for a new one",
        )
        .compared("max_days", Text, "days after which it must be changed")
        .compared("inactive_days", Text, "days after that until the account is shut")
        .compared(
            "expires_day",
            Text,
            "day on which the account is shut, in days since 1970",
        ),
        Kind::new("user_group", "T1098.007", "a group, and who is in it")
            .compared("gid", Int, "its id")
            .compared(
                "members",
                List,
                "accounts that are in it besides those whose own group it is, sorted",
            )
            .compared("nested", List, "groups whose members are in it too, sorted")
            .compared("member_ids", List, "unique ids of its members, sorted")
            .compared("password", Text, PASSWORD)
            .compared("algorithm", Text, ALGORITHM),
        Kind::new(
            "group_password",
            "T1098.007",
            "who may let others into a group: a password, or its administrators",
        )
        .compared("password", Text, PASSWORD)
        .compared("algorithm", Text, ALGORITHM)
        .compared(
            "administrators",
            List,
            "accounts that may add and remove members, sorted",
        )
        .shown(
            "members",
            List,
            "accounts that are in the group without its password, sorted",
        ),
        Kind::new(
            "group_membership",
            "T1098.007",
            "a file that puts an account into a group",
        )
        .compared("user", Text, "the account")
        .compared("group", Text, "the group"),
        Kind::new(
            "account_line",
            "T1098",
            "a line of an account database that is none of its records",
        )
        .compared("reason", Text, "what is wrong with it"),
        Kind::new("login_shell", "T1098", "a program that counts as a login shell").shown(
            "line",
            Int,
            "where it stands",
        ),
    ]
}

fn account() -> Kind {
    Kind::new("account", "T1136.001", "an account")
        .severity(Severity::Critical)
        .compared("uid", Int, "its user id; 0 is root, whatever the name")
        .compared("gid", Int, "the id of its own group")
        .compared("home", Text, "its home folder")
        .compared("shell", Text, "what runs when it logs in")
        .compared("password", Text, PASSWORD)
        .compared("algorithm", Text, ALGORITHM)
        .compared("aliases", List, "further names that it can log in by, sorted")
        .compared("groups", List, "groups that its record puts it into, sorted")
        .compared(
            "hidden",
            Bool,
            "whether the login window and the settings leave it out",
        )
        .compared("locked", Bool, "whether its record says that nobody may log in")
        .compared(
            "authentication",
            List,
            "how it proves who it is, sorted; `;DisabledUser;` cannot",
        )
        .compared(
            "remote_rights",
            Text,
            "what it may do by Remote Management, as a number",
        )
        .compared(
            "ssh_keys",
            List,
            "public keys in its record that may log in, sorted",
        )
        .compared("unique_id", Text, "the id by which access lists know it")
        .shown("comment", Text, "whose it says it is")
        .shown(
            "same_uid_as",
            Text,
            "the account that has the same user id, and stands before it",
        )
}
