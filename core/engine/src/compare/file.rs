//! What changed in a file that entries name.

use super::field_differences;
use assay_model::{Facts, FieldChange, FileType, What};

/// What becomes of a file that was measured again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDelta {
    /// The facts to remember.
    pub facts: Facts,
    /// The accepted facts, where they differ from those.
    pub baseline: Option<Facts>,
    /// What to say, if anything.
    pub what: Option<What>,
    /// Facts that differ from those remembered before.
    pub changed: Vec<FieldChange>,
}

/// Compares what was measured of a file with what was remembered (`state`) and accepted (`baseline`, where that is
/// another). With `content` every byte counts; `unread` says that its content could not be read this time.
#[must_use]
pub fn compare_file(
    state: &Facts,
    baseline: Option<&Facts>,
    mut now: Facts,
    content: bool,
    unread: bool,
) -> FileDelta {
    let mut state = state.clone();
    let both_files = state.file_type == FileType::File && now.file_type == FileType::File;
    if both_files && unread {
        // Not read is not changed: what was known stands.
        now.sha256.clone_from(&state.sha256);
        now.changing = state.changing;
    } else if both_files && state.sha256.is_none() && !state.changing && state.size == now.size {
        // It could not be read before; what it held then nobody knows.
        state.sha256.clone_from(&now.sha256);
    }
    let changed = field_differences(&state.compared(content), &now.compared(content));
    let accepted = baseline.is_none_or(|baseline| baseline.compared(content) == now.compared(content));
    let what = match (changed.is_empty(), baseline, accepted) {
        (true, _, _) => None,
        (false, Some(_), true) => Some(What::Reverted),
        (false, _, _) => Some(What::Changed),
    };
    let baseline = match (baseline, what) {
        (None, Some(_)) => Some(state),
        (Some(baseline), _) if !accepted => Some(baseline.clone()),
        _ => None,
    };
    FileDelta {
        facts: now,
        baseline,
        what,
        changed,
    }
}
