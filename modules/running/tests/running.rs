//! What an image says of a running kernel: nothing. What a running kernel says, the tests of each format show.

use assay_module_running::Running;
use assay_sdk::testkit::Fixture;

#[test]
fn an_image_has_no_running_kernel() {
    let fixture = Fixture::new()
        .file("/proc/sys/kernel/core_pattern", "|/opt/x\n")
        .file("/proc/cmdline", "init=/opt/x\n")
        .file("/sys/fs/bpf/x", "");
    let seen = fixture.collect::<Running>();
    assert!(
        seen.entries.is_empty() && seen.gaps.is_empty(),
        "{}",
        seen.snapshot()
    );
}
