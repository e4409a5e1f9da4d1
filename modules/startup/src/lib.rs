//! start-up scripts and items
