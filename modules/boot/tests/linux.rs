//! What boots a machine of Linux, and what each change of it looks like.

use assay_module_boot::Boot;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Boot>()
}

const MENU: &str =
    "set timeout=5\nmenuentry 'Debian' {\n\tlinux /vmlinuz root=/dev/vda1 ro\n\tinitrd /initrd.img\n}\n";

fn machine() -> Fixture {
    Fixture::new()
        .link("/lib", "usr/lib")
        .file("/boot/grub/grub.cfg", MENU)
        .file(
            "/boot/loader/entries/a.conf",
            "title Fedora\nlinux /vmlinuz-6.12\noptions root=LABEL=r rd.luks=1\n",
        )
        .file("/etc/kernel/cmdline", "root=/dev/vda1 console=tty0 console=ttyS0\n")
        .script("/usr/lib/udev/hwclock-set", "#!/bin/sh\n")
        .file(
            "/usr/lib/udev/rules.d/85-clock.rules",
            "KERNEL==\"rtc0\", RUN+=\"hwclock-set $root/$name\"\nKERNEL==\"rtc1\", RUN+=\"hwclock-set $root/$name\"\n",
        )
        .file("/etc/sysctl.conf", "vm.swappiness = 10\n")
        .link("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf")
        .file("/usr/lib/sysctl.d/50-core.conf", "kernel.core_pattern=|/usr/lib/systemd/systemd-coredump %P\n")
        .file("/usr/lib/binfmt.d/py.conf", ":py:M::\\xa7\\x0d::/usr/bin/python3:\n")
        .file("/var/lib/binfmts/jar", "jdk\nmagic\n0\nPK\n\n/usr/bin/jexec\n\nyes\n")
}

#[test]
fn a_machine_with_a_bit_of_everything() {
    insta::assert_snapshot!(scan(&machine()).snapshot());
}

/// A file of the same name in /etc takes the place of the one that a package brought, and so does a mask.
#[test]
fn what_counts_no_more_is_gone() {
    let before = scan(&machine());
    let after = scan(&machine().link("/etc/udev/rules.d/85-clock.rules", "/dev/null"));
    assert_eq!(
        after.changes_since(&before),
        ["removed udev_rule RUN hwclock-set $root/$name (/usr/lib/udev/rules.d/85-clock.rules)"]
    );
    let rule = "KERNEL==\"rtc0\", RUN+=\"/opt/x\"\n";
    let after = scan(&machine().file("/etc/udev/rules.d/85-clock.rules", rule));
    assert_eq!(
        after.keys("udev_rule"),
        ["RUN /opt/x (/etc/udev/rules.d/85-clock.rules)"]
    );
    assert_eq!(
        after.programs("udev_rule", "RUN /opt/x (/etc/udev/rules.d/85-clock.rules)"),
        ["/opt/x"]
    );
}

#[test]
fn changes_that_mean_nothing_are_silent() {
    let before = scan(&machine());
    let after = machine()
        .file("/boot/grub/grub.cfg", format!("# by hand\n\n{}", MENU.replace('\t', "    ")))
        .file("/etc/sysctl.conf", "# less\nvm/swappiness=10\n")
        .file(
            "/usr/lib/udev/rules.d/85-clock.rules",
            "KERNEL==\"rtc1\", \\\n RUN{program}+=\"hwclock-set $root/$name\"\nTAG+=\"x\"\nKERNEL==\"rtc0\", RUN+=\"hwclock-set $root/$name\"\n",
        );
    assert_eq!(scan(&after).changes_since(&before), [""; 0]);
}

#[test]
fn whatever_stands_where_a_file_belongs_is_an_entry() {
    let fixture = Fixture::new()
        .fifo("/boot/grub/grub.cfg")
        .folder("/etc/kernel/cmdline")
        .link("/etc/udev/rules.d/x.rules", "gone")
        .file("/etc/sysctl.d/x.conf", [0xff, b'=', 0, b'\n'])
        .file("/var/lib/binfmts/short", "x\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn a_mac_has_none_of_it() {
    let fixture = Fixture::macos().file("/etc/sysctl.conf", "kern.maxproc=1\n");
    assert!(scan(&fixture).entries.is_empty());
}
