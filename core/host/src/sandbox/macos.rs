//! On macOS: a profile.

use super::{Result, Walls};
use crate::sys::Exec;

/// Reading files and nothing else, in the language of sandbox(7). `sandbox_init` is marked as deprecated and is
/// what Apple's own daemons call.
const PROFILE: &str =
    "(version 1)(deny default)(allow file-read*)(allow sysctl-read)(allow file-map-executable)";

pub(super) fn enter(walls: &mut Walls, exec: Option<&Exec>) -> Result<()> {
    super::no_more_processes()?;
    let profile = exec.map_or_else(
        || PROFILE.to_owned(),
        |exec| executing(&exec.path().to_string_lossy()),
    );
    walls.built("sandbox", crate::sys::sandbox_init(&profile).map_err(Into::into));
    walls.missing("nobody", "macOS has no right to read that can be kept alone");
    Ok(())
}

/// The profile that lets one program be executed as well.
fn executing(path: &str) -> String {
    let quoted = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{PROFILE}(allow process-exec* (literal \"{quoted}\"))")
}
