//! Networks of Linux: what is seen, and what each change looks like.

use assay_module_network::Network;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Network>()
}

const XINETD: &str = "service time\n{\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = 9137\n\tuser = root\n\
    \tserver = /opt/time\n\tserver_args = -q\n\twait = no\n}\n";

const ROOT: &str = "-----BEGIN CERTIFICATE-----\nMIIBrTCCAVOgAwIBAgICHy4wCgYIKoZIzj0EAwIwNTEWMBQGA1UECgwNRXhhbXBs\nZSBQcm94eTEbMBkGA1UEAwwSRXhhbXBsZSBQcm94eSBSb290MB4XDTI2MTEyNDE0\nNDgyMVoXDTM2MTEyMTE0NDgyMVowNTEWMBQGA1UECgwNRXhhbXBsZSBQcm94eTEb\nMBkGA1UEAwwSRXhhbXBsZSBQcm94eSBSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0D\nAQcDQgAErrx35pI6iZbs853q1woTOTMIGZdOkRLwBh/FBcsm0NK1ZXj0V29BHQDH\n+ftpn8OS/S2vwUCQkw/bQ9YYkJDLv6NTMFEwHQYDVR0OBBYEFPe7ZjGDVQYyiuBF\nQyTUxekB909zMB8GA1UdIwQYMBaAFPe7ZjGDVQYyiuBFQyTUxekB909zMA8GA1Ud\nEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAJ2h4wbGdd+SYZs5eG4CoSjt\nwxws5NkXt6AhXn3X/AAEAiBolR9HI3rc96OEfokp9/lIOdWLnzMNE6/ot1u4CNrU\nkg==\n-----END CERTIFICATE-----\n";

#[test]
fn a_debian_with_a_bit_of_everything() {
    let fixture = Fixture::new()
        .script("/bin/sh", "")
        .script("/opt/up", "")
        .file(
            "/etc/network/interfaces",
            "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n\
             iface eth0 inet static\n  address 10.1.2.3/24\n  post-up /opt/up --route\n",
        )
        .file(
            "/etc/network/interfaces.d/wifi",
            "iface wlan0 inet dhcp\n  wpa-ssid net\n  wpa-psk geheim\n",
        )
        .file(
            "/etc/inetd.conf",
            "# telnet\n9999 stream tcp nowait root /bin/sh sh -i\ndaytime stream tcp nowait root internal\n",
        )
        .file(
            "/etc/inetd.d/wrapped",
            "ftp stream tcp nowait root /usr/sbin/tcpd /opt/ftpd -l\n",
        )
        .file(
            "/etc/xinetd.conf",
            "defaults\n{\n\tinstances = 9\n}\nincludedir /etc/xinetd.d\n",
        )
        .file("/etc/xinetd.d/time", XINETD)
        .file(
            "/etc/ssl/certs/ca-certificates.crt",
            format!("{ROOT}-----BEGIN X-----\nAA==\n-----END X-----\n"),
        );
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let interfaces = |text: &str| Fixture::new().file("/etc/network/interfaces", text);
    let inetd = |text: &str| Fixture::new().file("/etc/inetd.conf", text);
    let xinetd = |text: &str| Fixture::new().file("/etc/xinetd.d/time", text);
    let pairs = [
        (
            "value",
            interfaces("iface a inet dhcp"),
            interfaces("iface a inet static"),
        ),
        (
            "socket_type",
            inetd("a stream tcp wait u /x x"),
            inetd("a dgram tcp wait u /x x"),
        ),
        (
            "user",
            inetd("a stream tcp wait u /x x"),
            inetd("a stream tcp wait root /x x"),
        ),
        (
            "program",
            inetd("a stream tcp wait u internal x"),
            inetd("a stream tcp wait u /x x"),
        ),
        (
            "arguments",
            inetd("a stream tcp wait u /x x"),
            inetd("a stream tcp wait u /x y"),
        ),
        ("protocol", xinetd(XINETD), xinetd(&XINETD.replace("tcp", "udp"))),
        ("port", xinetd(XINETD), xinetd(&XINETD.replace("9137", "9138"))),
        (
            "disabled",
            xinetd(&XINETD.replace("}", "disable = yes\n}")),
            xinetd(XINETD),
        ),
        (
            "other",
            xinetd(XINETD),
            xinetd(&XINETD.replace("wait = no", "wait = yes")),
        ),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let plain = Fixture::new()
        .file("/etc/network/interfaces", "iface a inet dhcp\nup /x\nauto a\n")
        .file("/etc/inetd.conf", "a stream tcp wait u /x x\n")
        .file("/etc/xinetd.d/time", XINETD);
    let other = Fixture::new()
        .file(
            "/etc/network/interfaces",
            "# net\nauto  a\n\niface a inet   dhcp\n\tup /x\r\n",
        )
        .file("/etc/inetd.conf", "#off\na\tstream\ttcp\twait\tu\t/x\tx\n")
        .file(
            "/etc/xinetd.d/time",
            XINETD.replace('\t', "  ").replace("time\n{", "time {"),
        );
    assert_eq!(scan(&plain).snapshot(), scan(&other).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/etc/network/interfaces")
        .link("/etc/network/interfaces.d/loop", "loop")
        .file("/etc/inetd.conf", vec![b'x'; 2 << 20])
        .folder("/etc/xinetd.conf")
        .file("/etc/xinetd.d/braces", "{{{")
        .file("/etc/xinetd.d/bytes", b"service \xff\n{\n\xfe = \xfd\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
