//! Names that patterns of `Include` and its like stand for; see glob(3).

/// Whether a name matches a pattern of glob(3) with `*`, `?` and `[a-z]`; a hidden name must be asked for.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b".") && !pattern.starts_with(b".") {
        return false;
    }
    let (mut at, mut in_name) = (0, 0);
    // Where the last star stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        let rest = pattern.get(at..).unwrap_or_default();
        let step = match rest.first() {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
                continue;
            }
            Some(_) => one(rest, name.get(in_name).copied()),
            None => None,
        };
        if let Some(step) = step {
            at += step;
            in_name += 1;
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            at = star_at + 1;
            in_name = taken + 1;
        } else {
            return false;
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// How much of a pattern takes this one byte.
fn one(pattern: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    match pattern {
        [b'?', ..] => Some(1),
        [b'[', rest @ ..] => class(rest, byte).or((byte == b'[' && !rest.contains(&b']')).then_some(1)),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [plain, ..] => (*plain == byte).then_some(1),
        [] => None,
    }
}

/// A class, after its opening bracket.
fn class(rest: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(rest.first(), Some(b'!' | b'^'));
    let body = rest.get(usize::from(negated)..)?;
    // A bracket that comes first is one of the signs.
    let end = body.iter().skip(1).position(|byte| *byte == b']')? + 1;
    let mut signs = body.get(..end)?;
    let mut found = false;
    while let Some((first, others)) = signs.split_first() {
        signs = others;
        let mut last = first;
        if let [b'-', upper, others @ ..] = signs {
            last = upper;
            signs = others;
        }
        found |= (*first..=*last).contains(&byte);
    }
    (found != negated).then_some(usize::from(negated) + end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_glob() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", ".a.conf", false),
            (".*", ".a", true),
            ("[0-9]*-x?", "50-xy", true),
            ("[!0-9]*", "5", false),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("a\\*", "a*", true),
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybz", false),
            ("", "", true),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
