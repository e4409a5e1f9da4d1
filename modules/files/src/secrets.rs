//! Passwords and tokens stay in their files, unless a watch says that the names mean something else.

use assay_sdk::secrets;
use assay_sdk::watch::Watch;
use std::borrow::Cow;

/// Whether secrets of a watch are hidden.
#[derive(Clone, Copy)]
pub(crate) struct Secrets {
    hidden: bool,
}

impl Secrets {
    pub(crate) fn of(watch: &Watch) -> Self {
        Self {
            hidden: watch.hide_secrets,
        }
    }
    /// See [`secrets::hide`].
    pub(crate) fn hide<'a>(self, name: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
        if self.hidden {
            secrets::hide(name, value)
        } else {
            value.into()
        }
    }
    /// See [`secrets::hide_in`].
    pub(crate) fn hide_in(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self.hidden {
            secrets::hide_in(text)
        } else {
            text.into()
        }
    }
}
