//! Somebody who is not root, and may not read everything.

use super::{Watched, needs, told};
use assay_tests::{Scratch, built};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

const NOBODY: u32 = 65534;

/// Whether a user without rights gets to `path`.
fn is_reachable(path: &Path) -> bool {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|of| of.permissions().mode() & 0o005 == 0o005);
    path.ancestors().all(open)
}
