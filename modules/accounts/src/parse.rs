//! Lines of the account databases, and what can be said of a password without saying it.

use assay_sdk::secrets;

/// A line of passwd(5).
#[derive(Debug, PartialEq)]
pub(crate) struct Account<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) password: Password,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) comment: &'a [u8],
    pub(crate) home: &'a [u8],
    pub(crate) shell: &'a [u8],
}

/// A line of shadow(5).
#[derive(Debug, PartialEq)]
pub(crate) struct Shadow<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) password: Password,
    /// As written; empty ones are absent.
    pub(crate) changed_day: Option<&'a [u8]>,
    pub(crate) max_days: Option<&'a [u8]>,
    pub(crate) inactive_days: Option<&'a [u8]>,
    pub(crate) expires_day: Option<&'a [u8]>,
}

/// A line of group(5).
#[derive(Debug, PartialEq)]
pub(crate) struct Group<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) password: Password,
    pub(crate) gid: u32,
    pub(crate) members: Vec<&'a [u8]>,
}

/// A line of gshadow(5).
#[derive(Debug, PartialEq)]
pub(crate) struct GroupShadow<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) password: Password,
    pub(crate) administrators: Vec<&'a [u8]>,
    pub(crate) members: Vec<&'a [u8]>,
}

/// What may be known of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) state: &'static str,
    pub(crate) algorithm: Option<&'static str>,
}

/// Hashes by how they begin, see crypt(5).
const ALGORITHMS: &[(&[u8], &str)] = &[
    (b"$y$", "yescrypt"),
    (b"$gy$", "gost-yescrypt"),
    (b"$7$", "scrypt"),
    (b"$2", "bcrypt"),
    (b"$6$", "sha512"),
    (b"$5$", "sha256"),
    (b"$sha1$", "sha1"),
    (b"$md5", "sun-md5"),
    (b"$1$", "md5"),
    (b"$3$", "nt"),
];

pub(crate) fn account(line: &[u8]) -> Result<Account<'_>, &'static str> {
    // A colon more belongs to the shell, as glibc reads it.
    let fields: Vec<&[u8]> = line.splitn(7, |byte| *byte == b':').collect();
    let [name, password, uid, gid, comment, home, shell] = fields[..] else {
        return Err("fewer than 7 fields");
    };
    let name = plain_name(name)?;
    Ok(Account {
        name,
        password: password_of(password),
        uid: number(uid).ok_or("no number where the user id belongs")?,
        gid: number(gid).ok_or("no number where the group id belongs")?,
        comment,
        home,
        shell,
    })
}

pub(crate) fn shadow(line: &[u8]) -> Result<Shadow<'_>, &'static str> {
    let mut fields = line.split(|byte| *byte == b':');
    let (Some(name), Some(password)) = (fields.next(), fields.next()) else {
        return Err("no password field");
    };
    let name = plain_name(name)?;
    let password = password_of(password);
    let rest: Vec<&[u8]> = fields.take(7).collect();
    let field = |at: usize| rest.get(at).copied().filter(|text| !text.is_empty());
    Ok(Shadow {
        name,
        // `x` means nothing here.
        password: if password.state == "shadowed" {
            Password {
                state: "locked",
                ..password
            }
        } else {
            password
        },
        changed_day: field(0),
        max_days: field(2),
        inactive_days: field(4),
        expires_day: field(5),
    })
}

pub(crate) fn group(line: &[u8]) -> Result<Group<'_>, &'static str> {
    let fields: Vec<&[u8]> = line.splitn(4, |byte| *byte == b':').collect();
    let [name, password, gid, members] = fields[..] else {
        return Err("fewer than 4 fields");
    };
    let name = plain_name(name)?;
    Ok(Group {
        name,
        password: password_of(password),
        gid: number(gid).ok_or("no number where the group id belongs")?,
        members: names(members),
    })
}

pub(crate) fn group_shadow(line: &[u8]) -> Result<GroupShadow<'_>, &'static str> {
    let fields: Vec<&[u8]> = line.splitn(4, |byte| *byte == b':').collect();
    let [name, password, administrators, members] = fields[..] else {
        return Err("fewer than 4 fields");
    };
    let name = plain_name(name)?;
    Ok(GroupShadow {
        name,
        password: password_of(password),
        administrators: names(administrators),
        members: names(members),
    })
}

/// `+` and `-` bring in accounts of a directory, or leave some of them out.
fn plain_name(name: &[u8]) -> Result<&[u8], &'static str> {
    match name.first() {
        None => Err("no name"),
        Some(b'+' | b'-') => Err("takes in or leaves out accounts of NIS"),
        Some(_) => Ok(name),
    }
}

/// Members of a comma-separated list, sorted.
fn names(list: &[u8]) -> Vec<&[u8]> {
    let mut names: Vec<&[u8]> = list
        .split(|byte| *byte == b',')
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What a password field says.
pub(crate) fn password_of(field: &[u8]) -> Password {
    let said = |state| Password {
        state,
        algorithm: None,
    };
    match field {
        b"" => return said("empty"),
        b"x" => return said("shadowed"),
        _ => {}
    }
    let behind_lock = field.iter().position(|byte| !matches!(byte, b'!' | b'*'));
    let hash = behind_lock.map_or(&b""[..], |at| field.get(at..).unwrap_or_default());
    let algorithm = algorithm_of(hash);
    let state = match algorithm {
        None => "locked",
        Some(_) if hash.len() < field.len() => "suspended",
        Some(_) => "set",
    };
    Password { state, algorithm }
}

fn algorithm_of(hash: &[u8]) -> Option<&'static str> {
    let known = ALGORITHMS.iter().find(|(begin, _)| hash.starts_with(begin));
    if let Some((_, name)) = known {
        return Some(name);
    }
    let of_des = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    match hash {
        [b'$', ..] => Some("unknown"),
        [b'_', rest @ ..] if rest.len() == 19 && rest.iter().all(of_des) => Some("bsdi-des"),
        _ if hash.len() == 13 && hash.iter().all(of_des) => Some("des"),
        _ => None,
    }
}

/// A line that makes no sense, without what may be a password in it.
pub(crate) fn without_password(line: &[u8]) -> Vec<u8> {
    let fields = line.split(|byte| *byte == b':').enumerate();
    let told = fields.map(|(at, field)| {
        let is_secret = (at == 1 && field.len() > 1) || algorithm_of(field).is_some();
        if is_secret { secrets::HIDDEN } else { field }
    });
    told.collect::<Vec<_>>().join(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_told_by_its_state_alone() {
        for (field, state, algorithm) in [
            ("", "empty", ""),
            ("x", "shadowed", ""),
            ("*", "locked", ""),
            ("!", "locked", ""),
            ("!!", "locked", ""),
            ("*NP*", "locked", ""),
            ("!*", "locked", ""),
            ("$y$j9T$salt$hash", "set", "yescrypt"),
            ("!$6$salt$hash", "suspended", "sha512"),
            ("$1$a$b", "set", "md5"),
            ("$2b$05$x", "set", "bcrypt"),
            ("$99$x", "set", "unknown"),
            ("ab01234567890", "set", "des"),
            ("_J9..rasmBYk8r9AiWNc", "set", "bsdi-des"),
            ("secret", "locked", ""),
        ] {
            let password = password_of(field.as_bytes());
            assert_eq!(
                (password.state, password.algorithm.unwrap_or("")),
                (state, algorithm),
                "{field}"
            );
        }
    }

    #[test]
    fn odd_lines_say_what_is_wrong() {
        for (line, why) in [
            ("short:x:1", "fewer than 7 fields"),
            (":x:0:0::/:/bin/sh", "no name"),
            ("+::::::", "takes in or leaves out accounts of NIS"),
            ("a:x:root:0::/:/bin/sh", "no number where the user id belongs"),
            ("a:x:-1:0::/:/bin/sh", "no number where the user id belongs"),
            (
                "a:x:0:4294967296::/:/bin/sh",
                "no number where the group id belongs",
            ),
        ] {
            assert_eq!(account(line.as_bytes()), Err(why), "{line}");
        }
        let extra = account(b"a:x:0:0:c:/h:/bin/sh:more ").expect("an account");
        assert_eq!(extra.shell, b"/bin/sh:more ");
        assert!(shadow(b"alone").is_err());
        assert!(group(b"g:x:1").is_err());
        assert_eq!(without_password(b"m:$1$abc:0"), b"m:<hidden>:0");
        assert_eq!(without_password(b"m:x"), b"m:x");
    }

    #[test]
    fn fields_that_are_empty_or_missing_are_absent() {
        let line = shadow(b"ana:x:20000:0:99999:7:30:20500:").expect("a line");
        assert_eq!(line.password.state, "locked");
        assert_eq!(
            [
                line.changed_day,
                line.max_days,
                line.inactive_days,
                line.expires_day
            ],
            [Some(&b"20000"[..]), Some(b"99999"), Some(b"30"), Some(b"20500")]
        );
        let line = shadow(b"ana:*").expect("a line");
        assert_eq!((line.changed_day, line.expires_day), (None, None));
        let line = group(b"wheel:x:10:b,,a,b").expect("a group");
        assert_eq!(line.members, [&b"a"[..], b"b"]);
    }
}
