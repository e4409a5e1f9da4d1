//! On Linux: Landlock, a user without rights, a filter of system calls; and an end together with the core.

use super::{Walls, calls, files};
use crate::sys::Exec;
use anyhow::{Context as _, Result, bail};
use assay_model::Confine;
use caps::{CapSet, Capability};
use landlock::RulesetStatus;
use std::collections::HashSet;

/// The user `nobody`, by the number that every distribution gives it.
const NOBODY: u32 = 65534;

pub(super) fn enter(walls: &mut Walls, confine: &Confine, exec: Option<&Exec>) -> Result<()> {
    let landlock = files::restrict(confine);
    let (mut whole, part) = match landlock {
        Ok(RulesetStatus::FullyEnforced) => (true, false),
        Ok(RulesetStatus::PartiallyEnforced) => (false, true),
        _ => (false, false),
    };
    match landlock {
        Ok(RulesetStatus::FullyEnforced) => walls.done("landlock"),
        Ok(RulesetStatus::PartiallyEnforced) => {
            walls.done("landlock");
            walls.missing(
                "landlock_network",
                "this kernel has an older Landlock, which guards files only",
            );
        }
        Ok(RulesetStatus::NotEnforced) => walls.missing("landlock", "this kernel does not have it"),
        Err(error) => walls.missing("landlock", format!("{error:#}")),
    }
    if rustix::process::geteuid().is_root() {
        // An older Landlock lets files be truncated that the user may write; nobody may write none of worth.
        whole |= least_privilege(walls, exec.is_some()) && part;
    } else {
        walls.missing("nobody", "not started by root, so it runs as you");
    }
    // After the change of user, which the kernel takes as a reason to forget the request.
    die_with(confine.core)?;
    walls.done("dies_with_core");
    super::no_more_processes()?;
    walls.built("seccomp", calls::filter(whole, exec));
    Ok(())
}

fn die_with(core: u32) -> Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).context("ask to die with the core")?;
    // The core may have died before the call above; then nobody waits for this scan.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent != Some(core) {
        bail!("the core is gone");
    }
    Ok(())
}

/// Becomes `nobody`, and keeps of root's power only the right to read every file, `through_exec` too.
fn least_privilege(walls: &mut Walls, through_exec: bool) -> bool {
    let permitted = caps::read(None, CapSet::Permitted).unwrap_or_default();
    // Containers often withhold the first, and grant the second, which writes too: the other walls stand before that.
    let reading = [Capability::CAP_DAC_READ_SEARCH, Capability::CAP_DAC_OVERRIDE]
        .into_iter()
        .find(|capability| permitted.contains(capability));
    let kept: HashSet<_> = reading.into_iter().collect();
    let inherited = if through_exec {
        kept.clone()
    } else {
        HashSet::new()
    };
    // Before the bounding set is empty: from then on nothing can be made inheritable.
    let inheritable = caps::set(None, CapSet::Inheritable, &inherited);
    for capability in caps::all() {
        // Unknown to an older kernel: then there is nothing to drop.
        _ = caps::drop(None, CapSet::Bounding, capability);
    }
    let became = match reading {
        Some(_) => crate::sys::become_user_keeping_capabilities(NOBODY).context("become nobody"),
        // As nobody it could not read what root alone may read, and would miss what it is here for.
        None => Err(anyhow::anyhow!(
            "root may not keep the right to read every file here"
        )),
    };
    // Also when the user stayed: root without capabilities is less than root.
    let dropped = inheritable
        .and_then(|()| caps::set(None, CapSet::Effective, &kept))
        .and_then(|()| caps::set(None, CapSet::Permitted, &kept))
        // After the change of user, which clears it: what is in it survives an exec.
        .and_then(|()| caps::set(None, CapSet::Ambient, &inherited))
        .context("drop capabilities");
    let built = became.and(dropped);
    let is_nobody = built.is_ok();
    walls.built("nobody", built);
    if reading == Some(Capability::CAP_DAC_OVERRIDE) {
        walls.missing(
            "capabilities",
            "this container has no CAP_DAC_READ_SEARCH, so CAP_DAC_OVERRIDE is kept",
        );
    }
    is_nobody && reading == Some(Capability::CAP_DAC_READ_SEARCH)
}
