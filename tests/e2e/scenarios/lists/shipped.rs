//! The lists that come with Assay.

use crate::scenarios::{File, learn, put, told};
use assay_tests::Scratch;
use std::fs;
use std::path::Path;

#[test]
fn the_lists_that_are_shipped_are_sound() {
    let mut scratch = Scratch::new();
    scratch.watch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
    let checked = scratch.assay(&["config", "check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
    let runner =
        "\u{feff}{\"agentId\": 1, \"gitHubUrl\": \"https://github.com/a/b\", \"serverUrl\": \"https://x\"}";
    let gitlab = "[[runners]]\nname = \"one\"\nurl = \"https://gitlab.example\"\ntoken = \"glrt-secret\"\nexecutor = \"shell\"\n";
    put(
        &scratch,
        &[
            File("/opt/actions-runner/.runner", runner),
            File("/etc/gitlab-runner/config.toml", gitlab),
            File("/etc/hosts", "127.0.0.1 localhost\n"),
            File("/etc/nsswitch.conf", "passwd: files systemd\n"),
            File("/home/ana/.npmrc", "registry=https://registry.npmjs.org/\n"),
            File("/home/ana/.cargo/config.toml", "[build]\njobs = 2\n"),
        ],
    );
    learn(&scratch);
    put(
        &scratch,
        &[
            File("/opt/actions-runner/.runner", &runner.replace("/a/b", "/evil/b")),
            File(
                "/etc/gitlab-runner/config.toml",
                &gitlab.replace("shell", "custom").replace("glrt-", "glrt-2"),
            ),
            File("/etc/hosts", "127.0.0.1 localhost\n0.0.0.0 updates.example\n"),
            File("/etc/nsswitch.conf", "passwd:\tfiles evil\n"),
            File(
                "/home/ana/.npmrc",
                "registry=https://evil.example/\n//x/:_authToken=secret\n",
            ),
            File(
                "/home/ana/.cargo/config.toml",
                "[build]\njobs = 2\nrustc-wrapper = '/opt/x'\n",
            ),
            File(
                "/home/ana/.mozilla/native-messaging-hosts/x.json",
                "{\"name\": \"x\", \"path\": \"/opt/x\", \"type\": \"stdio\", \"allowed_extensions\": [\"x@y\"]}",
            ),
        ],
    );
    let alerts = scratch.run();
    let mut lines: Vec<_> = alerts.iter().map(told).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "added cargo_setting /home/ana/.cargo/config.toml: /build/rustc-wrapper",
            "added hosts_line /etc/hosts: 0.0.0.0 updates.example",
            "added native_messaging_host /home/ana/.mozilla/native-messaging-hosts/x.json: x",
            "added npm_setting /home/ana/.npmrc: //x/:_authToken",
            "changed ci_runner /opt/actions-runner/.runner: /gitHubUrl [value]",
            "changed gitlab_runner /etc/gitlab-runner/config.toml: one https://gitlab.example [executor]",
            "changed name_service /etc/nsswitch.conf: passwd [services]",
            "changed npm_setting /home/ana/.npmrc: registry [value]",
        ]
    );
    assert!(
        !fs::read_to_string(scratch.path("alerts.jsonl"))
            .unwrap()
            .contains("secret")
    );
}
