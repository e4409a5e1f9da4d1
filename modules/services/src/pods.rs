//! Pods that a kubelet or k3s starts because their manifest is there, whatever the cluster says.

use crate::parse::pod;
use crate::{MAX_FILE, list};
use assay_sdk::{Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "/etc/kubernetes/manifests/*",
    "/var/lib/rancher/k3s/server/manifests/*",
    "/var/lib/rancher/rke2/server/manifests/*",
    "/var/lib/rancher/k3s/agent/pod-manifests/*",
    "/var/lib/rancher/rke2/agent/pod-manifests/*",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for place in WATCH {
        for path in scan.files(Path::new(place.trim_end_matches("/*")), |_| true) {
            one(scan, &path)?;
        }
    }
    Ok(())
}

fn one(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(own) = scan.own_program("static_pod", path) else {
        return Ok(());
    };
    // Not a program: its bytes count as those of the source, and of what a link leads to.
    let mut entry = own.entry;
    if let Some(real) = entry.programs.pop() {
        entry.source = real;
    }
    let Some(Ok(text)) = scan.content(path, MAX_FILE) else {
        return scan.entry(entry);
    };
    let pod = pod::pod(&text);
    scan.entry(
        entry
            .maybe("name", pod.name)
            .maybe("images", list(pod.images.into_iter().collect()))
            .maybe("commands", list(pod.commands))
            .maybe("host_paths", list(pod.host_paths.into_iter().collect()))
            .maybe("rights", list(pod.rights.into_iter().collect())),
    )
}
