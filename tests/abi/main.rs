//! The border between the core and modules that misbehave.
