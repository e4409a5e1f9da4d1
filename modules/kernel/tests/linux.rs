//! Kernel modules of Linux: what is seen, and what each change looks like.

use assay_module_kernel::Kernel;
use assay_sdk::testkit::{Fixture, Seen};
use assay_sdk::{Module as _, SourceCheck};

const KERNEL: &str = "/usr/lib/modules/6.12.3-gen";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Kernel>()
}

fn kernel() -> Fixture {
    Fixture::new()
        .file(
            &format!("{KERNEL}/modules.order"),
            "kernel/fs/ext4/ext4.ko\nkernel/net/tun.ko\n",
        )
        .file(&format!("{KERNEL}/kernel/fs/ext4/ext4.ko.zst"), "")
        .file(&format!("{KERNEL}/kernel/net/tun.ko"), "")
}

#[test]
fn a_server_with_a_bit_of_everything() {
    let fixture = kernel()
        .link("/lib", "usr/lib")
        .file("/usr/bin/dash", "")
        .link("/bin/sh", "/usr/bin/dash")
        .script("/opt/hook", "")
        .file(&format!("{KERNEL}/kernel/net/wire.ko.xz"), "")
        .file(&format!("{KERNEL}/updates/dkms/zfs.ko"), "")
        .link(&format!("{KERNEL}/weak-updates/lin.ko"), "/usr/lib/modules/6.12.3-gen/kernel/net/tun.ko")
        .file("/etc/modules", "# at boot\nnvme-tcp\nloop max_loop=16\nloop\n")
        .link("/etc/modules-load.d/modules.conf", "../modules")
        .file("/usr/lib/modules-load.d/vpn.conf", "wire\n")
        .link("/etc/modules-load.d/vpn.conf", "/dev/null")
        .file("/etc/sysconfig/kernel", "MODULES_LOADED_ON_BOOT=\"br-netfilter\"\n")
        .file("/etc/sysconfig/modules/ipvs.modules", "modprobe ip_vs\n")
        .file(
            "/etc/modprobe.d/local.conf",
            "install usb-storage /bin/sh -c '/opt/hook'\nblacklist lockdown-x\noptions loop max_part=3\noptions loop max_loop=2\n",
        )
        .file("/usr/lib/modprobe.d/a.conf", "alias fs-nfs4 nfsv4\nsoftdep a pre: b post: c\n")
        .file("/etc/depmod.d/order.conf", "search updates built-in\noverride tun * extra\n")
        .file("/usr/src/wire-2.1/dkms.conf", "PACKAGE_NAME=wire\nPACKAGE_VERSION=2.1\nPOST_INSTALL=\"tools/after.sh -q\"\nMAKE=\"make all\"\n")
        .script("/usr/src/wire-2.1/tools/after.sh", "")
        .link("/var/lib/dkms/wire/2.1/source", "/usr/src/wire-2.1")
        .file("/var/lib/dkms/other/1/source/dkms.conf", "# nothing\n")
        .file("/etc/dkms/framework.conf", "sign_tool=x\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// depmod names whatever lies in the tree, so a dropped module must not become known by running it.
#[test]
fn a_dropped_module_stays_news_after_depmod() {
    let dropped = format!("{KERNEL}/kernel/net/evil.ko");
    let dep = "kernel/fs/ext4/ext4.ko.zst:\nkernel/net/tun.ko:\nkernel/net/evil.ko: kernel/net/tun.ko\n";
    let fixture = kernel()
        .file(&dropped, "")
        .file(&format!("{KERNEL}/modules.dep"), dep);
    let seen = scan(&fixture);
    assert_eq!(seen.keys("kernel_module_file"), [dropped.as_str()]);
    // The list itself could be made to name it: the core watches its bytes.
    assert_eq!(
        seen.keys("kernel_module_index"),
        [format!("{KERNEL}/modules.order")]
    );
    let manifest = Kernel::manifest();
    let kind = manifest.kind_named("kernel_module_index").expect("the kind");
    assert_eq!(kind.source, SourceCheck::Content);
}

#[test]
fn without_modules_order_the_index_of_depmod_serves() {
    let fixture = Fixture::new()
        .file(
            "/lib/modules/5/modules.dep",
            "kernel/a.ko.gz: kernel/b.ko.gz\nupdates/c.ko:\n",
        )
        .file("/lib/modules/5/kernel/a.ko.gz", "")
        .file("/lib/modules/5/kernel/loose.ko", "")
        .file("/lib/modules/5/updates/c.ko", "")
        .file("/lib/modules/6/x.ko", "");
    let expected = [
        "/lib/modules/5/kernel/loose.ko",
        "/lib/modules/5/updates/c.ko",
        "/lib/modules/6/x.ko",
    ];
    let mut keys = scan(&fixture).keys("kernel_module_file");
    keys.sort();
    assert_eq!(keys, expected);
}

/// Links to folders are followed as depmod does, and none twice; headers are passed by.
#[test]
fn linked_folders_are_walked_once() {
    let fixture = kernel()
        .file("/opt/mods/deep/far.ko", "")
        .link(&format!("{KERNEL}/kernel/more"), "/opt/mods")
        .link(&format!("{KERNEL}/kernel/again"), "/opt/mods")
        .link(&format!("{KERNEL}/kernel/up"), "..")
        .link("/opt/mods/deep/self", ".")
        .file(&format!("{KERNEL}/build/not.ko"), "")
        .link("/usr/lib/modules/alias", "6.12.3-gen");
    let keys = scan(&fixture).keys("kernel_module_file");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(keys[0].ends_with("/deep/far.ko"), "{keys:?}");
}

#[test]
fn spelling_is_no_change() {
    let before = Fixture::new()
        .file("/etc/modules-load.d/a.conf", "snd-hda\nloop a=1  b=2\n")
        .file(
            "/etc/modprobe.d/a.conf",
            "options snd-hda   x=1 y=2\nblacklist b\n",
        );
    let after = Fixture::new()
        .file(
            "/etc/modules-load.d/a.conf",
            "; c\n  snd_hda\r\n\n loop a=1 b=2 # d\n",
        )
        .file(
            "/etc/modprobe.d/a.conf",
            "# c\noptions snd_hda x=1 \\\n  y=2\n\tblacklist b\r\n",
        );
    assert_eq!(scan(&before).entries, scan(&after).entries);
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let load = |text: &str| Fixture::new().file("/etc/modules", text);
    let directive = |text: &str| Fixture::new().file("/etc/modprobe.d/a.conf", text);
    let dkms = |text: &str| Fixture::new().file("/usr/src/a-1/dkms.conf", text);
    let ko = |target: &str| {
        Fixture::new()
            .file("/x", "")
            .file("/y", "")
            .link("/lib/modules/6/a.ko", target)
    };
    let script = "/etc/sysconfig/modules/a.modules";
    let pairs = [
        ("options", load("loop a=1"), load("loop a=2")),
        ("value", directive("install a /x"), directive("install a /y")),
        ("value", directive("options a b=1"), directive("options a b=2")),
        ("value", directive("alias a b"), directive("alias a c")),
        ("hooks", dkms("PRE_BUILD=a"), dkms("PRE_BUILD=b")),
        ("hooks", dkms("MAKE=a"), dkms("MAKE=b")),
        (
            "inert",
            Fixture::new().script(script, ""),
            Fixture::new().file(script, ""),
        ),
        ("link_target", ko("/x"), ko("/y")),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/lib/modules/6/a.ko")
        .link("/lib/modules/6/loop.ko", "loop.ko")
        .link("/lib/modules/6/gone.ko", "/gone.ko")
        .fifo("/lib/modules/6/modules.order")
        .folder("/lib/modules/6/folder.ko")
        .file("/lib/modules/6/folder.ko/in.ko", "")
        .fifo("/etc/modules")
        .link("/etc/modules-load.d/gone.conf", "../gone")
        .file("/etc/modules-load.d/bytes.conf", b"\xff\xfe\nab\0c\n")
        .file("/etc/modprobe.d/line\nbreak.conf", "install\nremove \\")
        .file("/etc/modprobe.d/big.conf", vec![b'a'; 5 << 20])
        .fifo("/usr/src/x/dkms.conf")
        .link("/var/lib/dkms/loop", "loop")
        .link("/etc/depmod.d", "depmod.d");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// What the kernel has loaded is asked of the running system, never of an image.
#[test]
fn an_image_has_no_loaded_modules() {
    let fixture = Fixture::new().file("/proc/modules", "tun 1 0 - Live 0x0 (E)\n");
    assert!(scan(&fixture).entries.is_empty());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
