//! The modules that come as examples, one in each way to write one: planted, changed, and told.

use crate::bench::{Bench, cc, compile, has, here};
use assay_tests::{change_of, short};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A bench with a shipped script among its modules.
fn with(script: &str, config: &str) -> Bench {
    let bench = Bench::new(config);
    let from = here().join("../modules").join(script);
    let name = from.file_name().unwrap().to_str().unwrap().to_owned();
    bench.script(&name, &fs::read_to_string(&from).unwrap());
    bench
}

fn said(bench: &Bench) -> Vec<String> {
    bench.scratch.run().iter().map(short).collect()
}

/// A property list of the application firewall that lets these programs through.
fn firewall(state: i64, programs: &[&str]) -> Vec<u8> {
    let exceptions = programs.iter().map(|path| {
        let pairs = [("path", plist::Value::from(*path)), ("state", 3.into())];
        plist::Value::from(
            pairs
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect::<plist::Dictionary>(),
        )
    });
    let mut settings = plist::Dictionary::new();
    settings.insert("globalstate".into(), state.into());
    settings.insert("exceptions".into(), plist::Value::Array(exceptions.collect()));
    let mut bytes = Vec::new();
    plist::Value::from(settings).to_writer_binary(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_firewall_that_is_turned_off_or_opened_is_told() {
    if !has("python3") {
        return;
    }
    const PLACE: &str = "/Library/Preferences/com.apple.alf.plist";
    let bench = with("python/firewall.py", "");
    let scratch = &bench.scratch;
    for folder in [
        "/System/Library/CoreServices",
        "/private/var/db",
        "/Users/ana",
        "/Library/LaunchDaemons",
    ] {
        fs::create_dir_all(scratch.host(folder)).unwrap();
    }
    scratch.file(PLACE, firewall(1, &["/usr/libexec/configd"]));
    assert_eq!(said(&bench), ["baseline_created"]);
    scratch.file(PLACE, firewall(0, &["/usr/libexec/configd", "/tmp/backdoor"]));
    let alerts = scratch.run();
    let mut told: Vec<_> = alerts.iter().map(short).collect();
    told.sort();
    assert_eq!(
        told,
        [
            format!("added firewall_exception {PLACE}: /tmp/backdoor"),
            format!("changed firewall {PLACE}")
        ]
    );
    let off = alerts.iter().find(|alert| alert["kind"] == "firewall").unwrap();
    assert_eq!(change_of(off, "state"), ("on".to_owned(), "off".to_owned()));
    assert_eq!(off["severity"], "high");
}

#[test]
fn a_script_that_runs_with_the_network_is_told() {
    let bench = with("shell/network_hooks.sh", "");
    let scratch = &bench.scratch;
    scratch.script("/etc/network/if-up.d/ntp", "#!/bin/sh\n");
    assert_eq!(said(&bench), ["baseline_created"]);
    scratch.script("/etc/network/if-up.d/.hidden", "#!/bin/sh\n");
    scratch.script("/etc/NetworkManager/dispatcher.d/10-x", "#!/bin/sh\n");
    let mut told = said(&bench);
    told.sort();
    assert_eq!(
        told,
        [
            "added network_hook /etc/NetworkManager/dispatcher.d/10-x",
            "added network_hook /etc/network/if-up.d/.hidden"
        ]
    );
    scratch.script("/etc/network/if-up.d/bad name", "");
    assert_eq!(said(&bench), ["gap_opened /etc/network/if-up.d"]);
    scratch.remove("/etc/network/if-up.d/ntp");
    // Behind a gap no entry is gone; that its file is, the core sees for itself.
    assert_eq!(said(&bench), ["changed program /etc/network/if-up.d/ntp"]);
}

#[test]
fn a_gateway_that_is_turned_is_told() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("");
    let mut command = cc(here().join("../modules/c/gateways.c").to_str().unwrap());
    command
        .args(["-shared", "-fPIC", "-o"])
        .arg(bench.module("gateways"));
    compile(command);
    let scratch = &bench.scratch;
    let interfaces = |gateway: &str, more: &str| {
        scratch.file(
            "/etc/network/interfaces",
            format!("# set up\niface eth0 inet static\n\taddress 10.0.0.2\n\tgateway {gateway}\n{more}"),
        );
    };
    interfaces("10.0.0.1", "");
    scratch.file(
        "/etc/dhcp/dhclient.conf",
        "supersede domain-name-servers 10.0.0.53;\n",
    );
    assert_eq!(said(&bench), ["baseline_created"]);
    assert_eq!(scratch.json(&["list", "network_setting"]).len(), 2);
    interfaces("10.66.66.1", "\tup /opt/x --quiet\n");
    let alerts = scratch.run();
    let mut told: Vec<_> = alerts.iter().map(short).collect();
    told.sort();
    let key = "/etc/network/interfaces: iface eth0 inet static";
    assert_eq!(
        told,
        [
            format!("added network_command {key}: up /opt/x --quiet"),
            format!("changed network_setting {key}: gateway 10.66.66.1")
        ]
    );
    let command = &scratch.json(&["list", "network_command"])[0];
    assert_eq!(command["programs"][0], "/opt/x");
    interfaces("10.66.66.1", "\tup /opt/x --quiet\n\tup /opt/x --quiet\n");
    assert_eq!(said(&bench), [""; 0], "the same line twice is one");
}

/// A check of old, taught the one word ROOT.
const CHECK: &str = r#"
import glob, os
for path in sorted(glob.glob(ROOT + "/home/*/.ssh/authorized_keys")):
    with open(path) as keys:
        for line in keys:
            print('ty_name="SSH Keys" name="%s" kind="%s" time="%s"' % (line.split()[2], line.split()[0], os.getpid()))
"#;

/// A check of MIDAS's kind, below the root, where the walls let it be read.
#[test]
fn a_check_that_was_written_for_midas_lives_on() {
    if !has("python3") {
        return;
    }
    let bench = with("python/midas.py", "");
    let scratch = &bench.scratch;
    scratch.file("/opt/midas/keys.py", CHECK);
    let check = scratch.host("/opt/midas/keys.py").canonicalize().unwrap();
    let sink = scratch.path("alerts.jsonl");
    scratch.config(&format!(
        "[module.midas]\nchecks = ['{}']\n[[sink]]\ntype = 'file'\npath = '{}'\n",
        check.display(),
        sink.display()
    ));
    scratch.file("/home/ana/.ssh/authorized_keys", "ssh-ed25519 AAAA ana@laptop\n");
    assert_eq!(said(&bench), ["baseline_created"]);
    assert_eq!(scratch.json(&["list", "ssh_keys"]).len(), 1);
    assert_eq!(said(&bench), [""; 0], "times are not compared");

    scratch.file(
        "/home/ana/.ssh/authorized_keys",
        "ssh-rsa AAAA ana@laptop\nssh-rsa BBBB eve@there\n",
    );
    let mut told = said(&bench);
    told.sort();
    assert_eq!(told, ["added ssh_keys eve@there", "changed ssh_keys ana@laptop"]);

    // Somebody else could rewrite the check now: it is not run, and what it listed stays.
    fs::set_permissions(&check, fs::Permissions::from_mode(0o666)).unwrap();
    let alerts = scratch.run();
    let gap = alerts
        .iter()
        .find(|alert| alert["change"] == "gap_opened")
        .unwrap();
    assert_eq!(gap["key"], "/opt/midas/keys.py");
    assert!(gap["text"].as_str().unwrap().contains("chmod go-w"), "{gap:#}");
    assert!(
        alerts.iter().all(|alert| alert["change"] != "removed"),
        "{alerts:#?}"
    );
}
