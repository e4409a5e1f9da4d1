//! An alert that says only that runs go on: whoever misses it knows that something is silent that should not be.

use crate::alert::Draft;
use crate::config::Every;
use crate::store::{Result, Store};
use assay_model::{Fields, What};
use std::time::Duration;

/// Name of the word in the store that remembers when the last one was.
const LAST: &str = "heartbeat";

/// Appends one when the last is long enough ago; without one that is due, nothing is written.
pub(crate) fn beat(store: &mut Store, every: Every, now: &str, modules: usize) -> Result<()> {
    let Some(every) = every.0 else { return Ok(()) };
    if !is_due(store.meta(LAST)?.as_deref(), every, now) {
        return Ok(());
    }
    let (last, open, gaps) = (store.last_seq()?, store.open_count()?, store.gaps()?.len());
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).into();
    let mut draft = Draft::about(What::Heartbeat, "runs go on");
    draft.fields = Fields::from([
        ("gaps".to_owned(), number(gaps as u64)),
        ("last".to_owned(), number(last)),
        ("modules".to_owned(), number(modules as u64)),
        ("open".to_owned(), number(open)),
    ]);
    store.set_meta(LAST, now)?;
    store.append(draft, now).map(drop)
}

fn is_due(last: Option<&str>, every: Duration, now: &str) -> bool {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let (Some(last), Some(now)) = (last.and_then(time), time(now)) else {
        return true;
    };
    let age = now.duration_since(last);
    // A clock that was set back makes the age negative: then nobody knows how long it has been.
    age.is_negative() || age.unsigned_abs() >= every
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_after_its_time_and_when_nobody_knows() {
        let hour = Duration::from_secs(3600);
        for (last, due) in [
            (None, true),
            (Some("nonsense"), true),
            (Some("2026-11-24T09:00:00.000Z"), true),
            (Some("2026-11-24T09:00:00.001Z"), false),
            (Some("2026-11-24T10:00:00.001Z"), true),
        ] {
            assert_eq!(is_due(last, hour, "2026-11-24T10:00:00.000Z"), due, "{last:?}");
        }
    }
}
