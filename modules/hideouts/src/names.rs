//! Names that hide a file or a folder from people.

/// A name that `ls` leaves out, or that looks like nothing or like another.
pub(crate) fn hides(name: &[u8]) -> bool {
    name.starts_with(b".") || name.trim_ascii() != name
}

/// A name of dots and blanks, such as `...` or `.. `: nobody sees it among the others.
pub(crate) fn is_no_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|b| *b == b'.' || b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_overlook() {
        assert!([&b".rk"[..], b"x ", b" x", b"..."].into_iter().all(hides));
        assert!([&b"x"[..], b"a.b", b"a b"].into_iter().all(|name| !hides(name)));
        assert!([&b"..."[..], b".. ", b" "].into_iter().all(is_no_name));
        assert!(
            [&b".x"[..], b"", b".cache"]
                .into_iter()
                .all(|name| !is_no_name(name))
        );
    }
}
