//! Keys of hosts and users, and hosts that are trusted.

use crate::{ECDSA, ED25519, FINGERPRINT, RSA_1024, linux, scan};

/// Private keys that nobody uses: of the first key, of another behind a passphrase, and in the old form.
const PLAIN: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCaiCIsNf/++bggnGx8UROdE12TReRRCnhJc8mM63RLbAAAAJA2He6CNh3u
ggAAAAtzc2gtZWQyNTUxOQAAACCaiCIsNf/++bggnGx8UROdE12TReRRCnhJc8mM63RLbA
AAAECSIeRcVWxvA/anAbH1hai2tgAXy9DpX7+7jkj+WRyM1ZqIIiw1//75uCCcbHxRE50T
XZNF5FEKeElzyYzrdEtsAAAACGFuYUBkZXNrAQIDBAU=
-----END OPENSSH PRIVATE KEY-----
";
const ENCRYPTED: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDbiR7Hwm
KLOftXTp2EAJ0uAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIBkAepiynDeBvrKP
9sXn23sp2jw4PMhBAOWU603APpoXAAAAkBGcqsyDZwI3MOWDEY5FNcO3LJgiiQdQFqte9f
y5+yETuE3do9X5AhhUUgU4grUiItikbSmhKt0dBGSTqTF01dY+45jJRqwedlonmC0KF13D
Z6/wRpLAiu+ZV8vgGtwpyicA+Sgys1LykE4deNhv8SHbLROYeeu5A2Aabpd1u9MIf+SSzo
0byosI6c2zL3+Uvw==
-----END OPENSSH PRIVATE KEY-----
";
const PEM: &str = "\
-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,271F7060699F9B166C120430007DE84E

nn4PqmKNDHr2T/zU3o51NnjqUgRzLJQ+0ymJr0dR7Mf1qjycveld2BZTvAACQ32S
qESsiGCwIUsLbqxgiqQRrzYY2X5GZTE+NIKGJZhz03X2Yhy04L21qR+T5DHIR721
qflEq1iU/oQKi2/fmrFVUapdq8wVibqVyyJzeR9c2IRmXLc7Ur6orGFfH0vSWrVC
64nBPgQ4mFEfCh5kJBdFBCu/Ll789Lff03iJP7H9mh3NpNZhQhzTf7AiuFupQ2Ku
K02wvqZWJBazdx4O9Trw/pKuUO8PECBI4Poicq0br8F9bbnn61u9wsr3d1jTFCDI
5vymbLWvrEX+jofgTHRQZrBAvx6b1qJPwPBpml1ik6D1gGOBSL30tBrkny7uR6UJ
vTW1kGOePuTz9A9DHHUIFalHMc36A9oy+daUouKDDRY0XW4mJFFyhDfU8xqHBdLJ
h2GHRkQA1OHqXxiQmlGF+4I2jw7JZyVCIwLCNd3QELiONh1Wk29NDhO62Fm8rkyn
s5aQ7xL4YejEGcwAHS8ZIWc3yNlBGqyWEuufDJAwtTMXsKuL6L/TiEV00CMTsdRj
nSzcZsfjal1V3PwukaifRery2HfIQp5K7clRVq8OUMB0+TqV+p0PA0OzGR6SssAV
rQV56K1/6kaaNrRD/7Li1PPj5br1rteXmwzTD9IKkPMyoy6VZ/XnqLJnvcLYv3wQ
V3iCxb7/8dQyQ4pltVW4luDzd7bfIv8Gv8QK5vnuJCPTAXTPAFt7QYVmJ+d27h27
7ATY7X7RZivbAhFOgyJjXS41JnDNtQ1izJX1XRHjkqI1XTJjW6h2Tp9dJsjJvfjy
-----END RSA PRIVATE KEY-----
";

#[test]
fn keys_and_trust_of_all_kinds() {
    let fixture = linux()
        .file(
            "/etc/ssh/sshd_config",
            "HostKey /opt/host_key\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
        )
        .file("/etc/ssh/ssh_host_ed25519_key", PLAIN)
        .file(
            "/etc/ssh/ssh_host_ed25519_key.pub",
            format!("{ED25519} root@host\n"),
        )
        .file("/etc/ssh/ssh_host_old_key.pub", RSA_1024)
        .file("/etc/ssh/ssh_host_broken_key", "nothing\n")
        .file("/opt/host_key", PEM)
        .file(
            "/etc/ssh/ssh_known_hosts",
            format!("# x\nbuild,10.0.0.7 {ED25519}\n@cert-authority *.corp {ECDSA} ca\nrubbish\n"),
        )
        .file("/etc/ssh/shosts.equiv", "+@staff\n")
        .file("/etc/hosts.equiv", "# x\nbuild\n-evil\n")
        .file("/root/.rhosts", "+   +\nbuild ana\n")
        .file("/home/ana/.ssh/id_ed25519", ENCRYPTED)
        .file("/home/ana/.ssh/id_ed25519.pub", ED25519)
        .file("/home/ana/.ssh/id_rsa", PEM)
        .file("/home/ana/.ssh/id_list.txt", "no key\n")
        .folder("/home/ana/.ssh/id_folder")
        .link("/home/ana/.ssh/id_link", "/etc/ssh/ssh_host_ed25519_key");
    let seen = scan(&fixture);
    insta::assert_snapshot!(seen.snapshot());
    let told = format!("{seen:?}");
    for line in [PLAIN, ENCRYPTED, PEM]
        .iter()
        .flat_map(|key| key.lines())
        .filter(|line| line.len() > 60)
    {
        assert!(!told.contains(line), "a secret is told");
    }
}

#[test]
fn every_compared_field_shows_its_change() {
    let key = |text: &str| scan(&linux().file("/root/.ssh/id_x", text));
    key(ENCRYPTED).assert_changed("fingerprint", &key(PLAIN));
    key(ENCRYPTED).assert_changed("encrypted", &key(PLAIN));
    assert_eq!(
        key(PLAIN).field("ssh_private_key", "/root/.ssh/id_x", "fingerprint"),
        FINGERPRINT
    );
    let linked = linux().link("/root/.ssh/id_x", "/srv/id").file("/srv/id", PLAIN);
    scan(&linked).assert_changed("link_target", &key(PLAIN));
    let trusted = |text: &str| scan(&linux().file("/etc/hosts.equiv", text));
    assert_eq!(
        trusted("a\n+\n").changes_since(&trusted("a\n")),
        ["added ssh_trusted_host /etc/hosts.equiv: +"]
    );
    assert_eq!(trusted("# x\n b\ta \n").changes_since(&trusted("b a")), [""; 0]);
}
