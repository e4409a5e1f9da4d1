//! Whether a manifest tells the person who gets an alert what it is about.

use super::places;
use assay_model::{Kind, Manifest};

/// Letters of a line of prose: one word is none.
const PROSE: usize = 8;
/// Bytes of a line that still fits where it is shown.
const LINE: usize = 200;

/// What is missing or wrong, one line each.
pub(super) fn faults(manifest: &Manifest) -> Vec<String> {
    let mut faults = Vec::new();
    if manifest.version.trim().is_empty() {
        faults.push("`version` is empty".to_owned());
    }
    if manifest.platforms.is_empty() {
        faults.push("`platforms` is empty, so it is never of use".to_owned());
    }
    faults.extend(prose("`summary`", &manifest.summary, &manifest.name));
    for kind in &manifest.kinds {
        faults.extend(kind_faults(kind));
    }
    for glob in &manifest.watch {
        let is_path = |glob: &String| {
            let rooted = glob.starts_with('/') || glob.starts_with("~/");
            rooted && !glob.split('/').any(|part| part == "..")
        };
        if !places::alternatives(glob).iter().all(is_path) {
            faults.push(format!(
                "`watch` has `{glob}`, which is no path from `/` or from `~/`"
            ));
        }
    }
    faults
}

fn kind_faults(kind: &Kind) -> Vec<String> {
    let mut faults = Vec::new();
    faults.extend(prose(
        &format!("the summary of `{}`", kind.name),
        &kind.summary,
        &kind.name,
    ));
    if !is_technique(&kind.technique) {
        faults.push(format!(
            "the technique of `{}` is `{}`; one of ATT&CK looks like `T1543.004`",
            kind.name, kind.technique
        ));
    }
    for field in &kind.fields {
        let which = format!("the meaning of `{}.{}`", kind.name, field.name);
        faults.extend(prose(&which, &field.meaning, &field.name));
    }
    faults
}

/// What keeps a text from being a line of prose. Of fields, one word may be all there is to say, as long as it is
/// another than their name.
fn prose(which: &str, text: &str, name: &str) -> Option<String> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    if letters == 0 {
        Some(format!("{which} is empty"))
    } else if plain(text) == plain(name) || letters < PROSE && !text.trim().contains(' ') {
        Some(format!("{which} is `{text}`, which tells no more than its name"))
    } else if text.contains('\n') || text.len() > LINE {
        Some(format!("{which} is more than a line of {LINE} bytes"))
    } else {
        None
    }
}

/// `T1543`, `T1543.004`.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else {
        return false;
    };
    match number.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::FieldKind;

    fn good() -> Manifest {
        let kind = Kind::new("thing", "T1543.004", "a line of /etc/things").compared(
            "user",
            FieldKind::Text,
            "as whom it runs",
        );
        Manifest::new("things", "1.0", "things that start by themselves").kind(kind)
    }

    #[test]
    fn a_manifest_without_prose_is_told_where() {
        assert!(faults(&good()).is_empty());
        let mut bare = good();
        bare.summary = "things".to_owned();
        bare.version = String::new();
        bare.platforms.clear();
        bare.watch = vec![
            "etc/x".to_owned(),
            "/a/../b".to_owned(),
            "{/fine,~}/x".to_owned(),
            "~/x".to_owned(),
        ];
        bare.kinds[0].technique = "persistence".to_owned();
        bare.kinds[0].summary = "two\nlines of it".to_owned();
        bare.kinds[0].fields[0].meaning = "User".to_owned();
        let said = faults(&bare).join("\n");
        for part in [
            "`version` is empty",
            "`platforms` is empty",
            "`summary` is `things`",
            "the summary of `thing` is more than a line",
            "the technique of `thing` is `persistence`",
            "the meaning of `thing.user` is `User`",
            "`etc/x`",
            "`/a/../b`",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(faults(&bare).len(), 8, "{said}");
    }

    #[test]
    fn techniques_have_the_form_of_attack() {
        for good in ["T1543", "T1543.004"] {
            assert!(is_technique(good), "{good}");
        }
        for bad in [
            "",
            "T",
            "T15430",
            "T1543.4",
            "T1543.",
            "t1543",
            "TA0003",
            "T1543.0041",
        ] {
            assert!(!is_technique(bad), "{bad}");
        }
    }
}
