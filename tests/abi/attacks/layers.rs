//! Taking walls away, to see what each of the others stops alone.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;

/// Which walls stand. The limits always do: nothing a kernel may lack is needed for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walls {
    All,
    Limits,
    Landlock,
    Nobody,
    Seccomp,
}

impl Walls {
    /// In the order of the page's columns.
    pub(super) const ALONE: [Self; 4] = [Self::Limits, Self::Landlock, Self::Nobody, Self::Seccomp];

    /// The layers that the host must name as active.
    pub(super) fn layers(self) -> Vec<&'static str> {
        let all = self == Self::All;
        let root = rustix::process::geteuid().is_root();
        [
            ("limits", true),
            ("landlock", all || self == Self::Landlock),
            ("nobody", root && (all || self == Self::Nobody)),
            ("dies_with_core", true),
            ("seccomp", all || self == Self::Seccomp),
        ]
        .into_iter()
        .filter_map(|(layer, stands)| stands.then_some(layer))
        .collect()
    }

    /// Has the kernel refuse what builds the other walls, for this thread and the processes that it starts.
    pub(super) fn take_the_others_away(self) {
        let layers = self.layers();
        let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        if !layers.contains(&"landlock") {
            refused.insert(libc::SYS_landlock_create_ruleset, Vec::new());
        }
        if !layers.contains(&"nobody") {
            for call in [
                libc::SYS_setgroups,
                libc::SYS_setresuid,
                libc::SYS_setresgid,
                libc::SYS_capset,
            ] {
                refused.insert(call, Vec::new());
            }
        }
        if !layers.contains(&"seccomp") {
            let filter = SeccompCondition::new(
                0,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::Eq,
                u64::from(libc::PR_SET_SECCOMP.unsigned_abs()),
            );
            refused.insert(libc::SYS_seccomp, Vec::new());
            refused.insert(
                libc::SYS_prctl,
                vec![SeccompRule::new(vec![filter.unwrap()]).unwrap()],
            );
        }
        if !refused.is_empty() {
            refuse(refused, libc::ENOSYS);
        }
    }
}

/// Has the kernel refuse to set limits, and allow to read them, for this thread and the processes that it starts.
pub(super) fn refuse_limits() {
    let setting = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0).unwrap();
    let rules = vec![SeccompRule::new(vec![setting]).unwrap()];
    refuse(BTreeMap::from([(libc::SYS_prlimit64, rules)]), libc::EPERM);
}

fn refuse(calls: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) {
    let errno = SeccompAction::Errno(errno.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, errno, arch).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}
