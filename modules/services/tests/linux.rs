//! Servers: what is seen, and what each change looks like.

use assay_module_services::Services;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Services>()
}

const CONFIG: &str = r#"{"Name": "/relay", "Path": "/bin/sh", "Args": ["-c", "/x"], "State": {"Pid": 12},
    "Config": {"Image": "reg.example/relay:2"}}"#;
const HOST: &str = r#"{"RestartPolicy": {"Name": "always"}, "Privileged": true, "PidMode": "host", "NetworkMode": "bridge",
    "Binds": ["/:/host"], "CapAdd": ["SYS_ADMIN"], "Mounts": [{"Source": "/var/run/docker.sock", "Target": "/s"}]}"#;
const POD: &str = "metadata:\n  name: relay\nspec:\n  hostPID: true\n  containers:\n  - image: reg.example/relay:2\n\
    \x20   command: [\"/bin/sh\", \"-c\", \"/x\"]\n  volumes:\n  - hostPath:\n      path: /\n";

fn docker(config: &str, host: &str) -> Fixture {
    Fixture::new()
        .file("/var/lib/docker/containers/0f/config.v2.json", config)
        .file("/var/lib/docker/containers/0f/hostconfig.json", host)
}

#[test]
fn a_server_with_a_bit_of_everything() {
    let fixture = docker(CONFIG, HOST)
        .script("/bin/sh", "")
        .script("/opt/x", "")
        .file("/etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n")
        .file("/etc/logrotate.conf", "weekly\ninclude /etc/logrotate.d\n")
        .file("/etc/logrotate.d/web", "/var/log/web/*.log {\n  daily\n  postrotate\n    /opt/x --log\n  endscript\n}\n")
        .file("/etc/logrotate.d/web.dpkg-old", "/var/log/w { postrotate\n/opt/y\nendscript\n}\n")
        .file("/etc/rsyslog.conf", "module(load=\"imuxsock\")\n*.* /var/log/all\n")
        .file("/etc/rsyslog.d/x.conf", "action(type=\"omprog\"\n  binary=\"/opt/x --in\")\nmail.* ^/opt/x;T\n")
        .file("/etc/syslog-ng/syslog-ng.conf", "destination d { program(\"/opt/x\"); };\n")
        .file("/etc/apache2/apache2.conf", "ServerRoot /etc/apache2\nTimeout 300\nIncludeOptional sites-enabled/*.conf\n")
        .file("/etc/apache2/sites-available/a.conf", "<VirtualHost *:80>\n  CustomLog \"|/opt/x -l\" combined\n</VirtualHost>\n")
        .link("/etc/apache2/sites-enabled/a.conf", "../sites-available/a.conf")
        .file("/etc/apache2/mods-enabled/c.load", "LoadModule c_module modules/c.so\n")
        .file("/etc/nginx/nginx.conf", "load_module modules/n.so;\nhttp { server { listen 80; location / { proxy_pass http://127.0.0.1:9; } } }\n")
        .file("/etc/aliases", "root: ana, \"|/opt/x\"\n")
        .file("/home/ana/.forward", "\"|/opt/x -f\"\n")
        .file("/home/ana/.procmailrc", ":0c\n* ^Subject: go\n| /opt/x\n")
        .file("/etc/postfix/master.cf", "x unix - n n - - pipe\n  user=ana argv=/opt/x -f ${sender}\n")
        .file(
            "/var/lib/containers/storage/overlay-containers/containers.json",
            r#"[{"id": "1a", "names": ["web"], "image": "77"}]"#,
        )
        .file("/etc/containers/systemd/relay.container", "[Container]\nImage=reg.example/relay\nExec=/x\nVolume=/:/host\nEnvironment=TOKEN=abc\n")
        .file("/etc/containers/systemd/README", "")
        .file("/etc/kubernetes/manifests/relay.yaml", POD);
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let logrotate = |text: &str| Fixture::new().file("/etc/logrotate.d/a", format!("/a {{\n{text}\n}}\n"));
    let master = |text: &str| Fixture::new().file("/etc/postfix/master.cf", text);
    let quadlet = |text: &str| {
        Fixture::new().file(
            "/etc/containers/systemd/a.container",
            format!("[Container]\n{text}"),
        )
    };
    let pod = |text: &str| Fixture::new().file("/etc/kubernetes/manifests/a.yaml", text);
    let host = |from: &str, to: &str| docker(CONFIG, &HOST.replace(from, to));
    let pairs = [
        (
            "command",
            logrotate("prerotate\n/x\nendscript"),
            logrotate("prerotate\n/y\nendscript"),
        ),
        ("value", logrotate("rotate 4"), logrotate("rotate 0")),
        (
            "flags",
            master("a unix - n n - - pipe argv=/x"),
            master("a unix n n n - - pipe argv=/x"),
        ),
        (
            "command",
            master("a unix - n n - - pipe argv=/x"),
            master("a unix - n n - - spawn argv=/x"),
        ),
        (
            "arguments",
            master("a unix - n n - - pipe user=x"),
            master("a unix - n n - - pipe user=root"),
        ),
        (
            "image",
            docker(CONFIG, HOST),
            docker(&CONFIG.replace("relay:2", "relay:3"), HOST),
        ),
        (
            "command",
            docker(CONFIG, HOST),
            docker(&CONFIG.replace("\"/x\"", "\"/y\""), HOST),
        ),
        ("restart", docker(CONFIG, HOST), host("always", "no")),
        (
            "privileged",
            docker(CONFIG, HOST),
            host("\"Privileged\": true", "\"Privileged\": false"),
        ),
        ("binds", docker(CONFIG, HOST), host("docker.sock", "x.sock")),
        ("namespaces", docker(CONFIG, HOST), host("bridge", "host")),
        ("capabilities", docker(CONFIG, HOST), host("SYS_ADMIN", "NET_RAW")),
        ("image", quadlet("Image=a"), quadlet("Image=b")),
        ("command", quadlet("Exec=/a"), quadlet("Exec=/b")),
        ("settings", quadlet("Volume=/a:/b"), quadlet("Volume=/:/b")),
        ("name", pod(POD), pod(&POD.replace("name: relay", "name: r"))),
        ("images", pod(POD), pod(&POD.replace("relay:2", "relay:3"))),
        ("commands", pod(POD), pod(&POD.replace("/x", "/y"))),
        ("host_paths", pod(POD), pod(&POD.replace("path: /", "path: /etc"))),
        ("rights", pod(POD), pod(&POD.replace("hostPID", "hostIPC"))),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let plain = docker(CONFIG, HOST)
        .file(
            "/etc/logrotate.d/a",
            "/a {\n  size 1M\n  postrotate\n    /x\n  endscript\n}\n",
        )
        .file(
            "/etc/rsyslog.d/a.conf",
            "*.* /var/log/all\naction(type=\"omprog\" binary=\"/x\")\n",
        )
        .file("/etc/nginx/nginx.conf", "http { server { listen 80; } }")
        .file("/etc/apache2/apache2.conf", "Timeout 300\nListen 80\n")
        .file("/etc/aliases", "a: b, c\n");
    let other = docker(&CONFIG.replace("12", "13"), HOST)
        .file(
            "/etc/logrotate.d/a",
            "# logs\n/a\n{\nsize=1M\n\tpostrotate\n/x\n\tendscript\n}",
        )
        .file(
            "/etc/rsyslog.d/a.conf",
            "# all\naction(type=\"omprog\" # prog\n  binary=\"/x\")\n\n*.*\t/var/log/all\n",
        )
        .file(
            "/etc/nginx/nginx.conf",
            "# web\nhttp {\n  server {\n    listen  80;\n  }\n}\n",
        )
        .file(
            "/etc/apache2/apache2.conf",
            "# web\nlisten 80\n  TimeOut   300\r\n",
        )
        .file("/etc/aliases", "# mail\na : b\n  ,c\n");
    assert_eq!(scan(&plain).snapshot(), scan(&other).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = docker("{", HOST)
        .fifo("/etc/logrotate.conf")
        .file("/etc/logrotate.d/open", "/a {\npostrotate\n")
        .file("/etc/rsyslog.conf", vec![b'x'; 2 << 20])
        .file("/etc/rsyslog.d/open.conf", "action(action(")
        .folder("/etc/syslog-ng/syslog-ng.conf")
        .file("/etc/nginx/nginx.conf", "}{${${;")
        .file("/etc/apache2/apache2.conf", "<A>\n".repeat(10_000))
        .link("/etc/apache2/sites-enabled/x.conf", "x.conf")
        .fifo("/etc/aliases")
        .file(
            "/var/lib/containers/storage/overlay-containers/containers.json",
            "[1, {}, {\"names\": 3}]",
        )
        .fifo("/etc/containers/systemd/x.container")
        .fifo("/etc/kubernetes/manifests/x.yaml")
        .file("/etc/kubernetes/manifests/big.yaml", vec![b'-'; 2 << 20]);
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Whoever writes these wants the scan never to end.
#[test]
fn braces_without_end_take_no_time() {
    let fixture = Fixture::new()
        .file("/etc/nginx/nginx.conf", "${}".repeat(100_000))
        .file("/etc/apache2/apache2.conf", "<A>\nx\n".repeat(50_000))
        .file("/etc/rsyslog.conf", "(\"".repeat(400_000))
        .file("/etc/aliases", "a:\n ".repeat(200_000))
        .file("/etc/logrotate.conf", "/a\n".repeat(300_000));
    let seen = scan(&fixture);
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
    let why = "holds more than 5000 entries";
    assert_eq!(
        seen.entry("web_server_code", "/etc/apache2/apache2.conf")
            .unparsable
            .as_deref(),
        Some(why)
    );
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
    scan(&Fixture::macos()).assert_silent();
}

/// On a Mac the same files are below /private.
#[test]
fn a_mac_with_apache_and_mail() {
    let fixture = Fixture::macos()
        .file(
            "/private/etc/apache2/httpd.conf",
            "ServerRoot \"/usr\"\nLoadModule x_module libexec/apache2/x.so\n",
        )
        .file("/usr/libexec/apache2/x.so", "")
        .file("/private/etc/postfix/aliases", "root: \"|/opt/x\"\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}
