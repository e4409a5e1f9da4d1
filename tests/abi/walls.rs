//! The walls around a module's process: what it tries, gets denied; what the core says of its walls, is so.

use crate::bench::{Bench, Victim, has, inheritable};
use assay_tests::built;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The user `nobody`.
const NOBODY: u32 = 65534;

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// `assay status --json` about the walls.
fn walls(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let status = &bench.scratch.json(&["status"])[0]["sandbox"];
    let words = |name: &str| {
        let words = status[name].as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    (words("active"), words("missing"))
}

/// What the burglar lists: attempt and outcome.
fn outcomes(bench: &Bench) -> BTreeMap<String, String> {
    bench
        .things()
        .into_iter()
        .map(|(_, attempt, outcome)| (attempt, outcome))
        .collect()
}

#[test]
fn status_says_which_walls_stand() {
    let bench = Bench::new("");
    bench.scratch.run();
    let (active, missing) = walls(&bench);
    let mut expected = vec!["limits", "landlock", "dies_with_core", "seccomp"];
    if root() {
        expected.insert(2, "nobody");
        assert!(missing.iter().all(|m| !m.starts_with("nobody")), "{missing:?}");
    }
    assert_eq!(active, expected, "not in force: {missing:?}");
}

#[test]
fn a_burglar_gets_nothing() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("");
    let scratch = &bench.scratch;
    bench.c("burglar.c", "burglar", &[]);
    let (tcp, udp) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        UdpSocket::bind("127.0.0.1:0").unwrap(),
    );
    let socket = UnixListener::bind(scratch.host("/socket")).unwrap();
    fs::set_permissions(scratch.host("/socket"), fs::Permissions::from_mode(0o777)).unwrap();
    let victim = Victim::of(rustix::process::geteuid().as_raw());
    scratch.file("/pid", victim.0.id().to_string());
    scratch.file("/port", tcp.local_addr().unwrap().port().to_string());
    scratch.file_mode("/victim", "precious", 0o666);
    fs::set_permissions(scratch.host("/"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(scratch.path("secret"), "secret").unwrap();
    let victim_before = fs::metadata(scratch.host("/victim")).unwrap();

    assert_eq!(scratch.said(), ["baseline_created"]);

    let mut outcomes = outcomes(&bench);
    for name in ["environment", "descriptors", "request"] {
        outcomes.remove(name).unwrap();
    }
    assert!(outcomes.len() > 55, "{outcomes:#?}");
    outcomes.retain(|_, outcome| {
        !["Operation not permitted", "Permission denied", "denied"].contains(&outcome.as_str())
    });
    assert!(outcomes.is_empty(), "not denied: {outcomes:#?}");

    // The burglar's own word aside:
    assert_eq!(fs::read(scratch.host("/victim")).unwrap(), b"precious");
    let victim_after = fs::metadata(scratch.host("/victim")).unwrap();
    assert_eq!(victim_after.permissions(), victim_before.permissions());
    assert_eq!(
        victim_after.modified().unwrap(),
        victim_before.modified().unwrap()
    );
    assert!(!scratch.host("/planted").exists() && !scratch.path("planted").exists());
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    assert!(tcp.accept().is_err() && udp.recv(&mut [0; 8]).is_err() && socket.accept().is_err());
    let mut victim = victim;
    assert!(victim.0.try_wait().unwrap().is_none(), "the victim was killed");
    assert!(bench.processes().is_empty());
}

#[test]
fn a_module_gets_nothing_of_its_surroundings() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[module.burglar]\ncolour = 'blue'\n");
    bench.c("burglar.c", "burglar", &[]);
    bench.scratch.file("/victim", "");
    // Descriptors that somebody forgot to close, an environment that changes how libraries are loaded.
    let forgotten: Vec<_> = (0..20)
        .map(|_| inheritable(fs::File::open("/etc/passwd").unwrap()))
        .collect();
    let mut command = bench.scratch.command(&["run"]);
    command.env("LD_LIBRARY_PATH", "/tmp").env("SECRET", "x");
    assert!(command.output().unwrap().status.success());
    drop(forgotten);
    let seen = outcomes(&bench);
    assert_eq!((&*seen["environment"], &*seen["descriptors"]), ("0", " 0 1 2 3"));

    // The request as ABI 1.0 has it. What is added later is ignored by modules that do not know it.
    let request: Value = serde_json::from_str(&seen["request"]).unwrap();
    let expected = json!({
        "v": 1, "op": "collect", "root": bench.scratch.path("root").canonicalize().unwrap(), "deadline_ms": 30000,
        "config": {"colour": "blue"}, "features": ["gap", "b64"],
        "host": {"os": "linux", "arch": std::env::consts::ARCH},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&request[name], value, "{name}");
    }
}

#[test]
fn a_module_does_not_outlive_the_core() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '10m'\n");
    bench.c("misbehaves.c", "hangs", &[]);
    bench.misbehave(true);
    let module = bench.module("hangs");
    bench.kill_the_core_when(|pid| {
        fs::read_to_string(format!("/proc/{pid}/maps"))
            .is_ok_and(|maps| maps.contains(module.to_str().unwrap()))
    });
    // And the next run works, with the same state.
    bench.misbehave(false);
    assert_eq!(bench.scratch.run().last().unwrap()["change"], "baseline_created");
}

/// However much a module lists, the core reads it in less memory than a module may have.
#[test]
fn a_greedy_module_does_not_take_the_cores_memory() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\nparallel = 2\ndeadline = '1m'\n");
    for name in ["endless_lines", "unfolds"] {
        bench.c("misbehaves.c", name, &[]);
    }
    bench.misbehave(true);
    let run = bench.scratch.command(&["run", "--json"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 1500000; exec \"$@\"", "sh"])
        .arg(run.get_program())
        .args(run.get_args());
    let output = limited.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("baseline_created"), "{said}");
    assert_eq!(said.matches("\"text\":\"output_too_big").count(), 2, "{said}");
}

/// In a folder that another user can reach, whatever the build folder is in.
#[test]
fn an_ordinary_user_is_told_what_is_not_in_force() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("");
    bench.scratch.file("/victim", "");
    bench.c("burglar.c", "burglar", &[]);
    let base = if root() {
        "/var/lib".into()
    } else {
        bench.scratch.path("")
    };
    let folder = tempfile::Builder::new()
        .prefix("assay-test-")
        .tempdir_in(base)
        .unwrap();
    let at = |name: &str| folder.path().join(name);
    let mode = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(folder.path().to_owned(), 0o755);
    for (from, name) in [
        (built().join("assay"), "assay"),
        (built().join("assay-host"), "assay-host"),
        (built().join("libassay_module_cron.so"), "cron.so"),
        (bench.module("burglar"), "burglar.so"),
    ] {
        fs::copy(from, at(name)).unwrap();
        mode(at(name), 0o755);
    }
    for (name, content) in [
        ("root/etc/os-release", ""),
        ("root/etc/crontab", "1 2 * * * root /bin/true\n"),
    ] {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), content).unwrap();
    }
    // Root's alone, so a gap for anybody else.
    fs::create_dir_all(at("root/etc/cron.d")).unwrap();
    mode(at("root/etc/cron.d"), 0o700);
    fs::create_dir(at("state")).unwrap();
    mode(at("state"), 0o700);
    let sink = at("state/alerts.jsonl");
    fs::write(
        at("assay.toml"),
        format!("[[sink]]\ntype = 'file'\npath = '{}'\n", sink.display()),
    )
    .unwrap();
    if root() {
        std::os::unix::fs::chown(at("state"), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let assay = |words: &[&str]| -> Vec<Value> {
        let mut command = Command::new(at("assay"));
        command.args(words).arg("--json").current_dir("/");
        for (flag, name) in [
            ("--root", "root"),
            ("--state", "state"),
            ("--config", "assay.toml"),
            ("--modules", ""),
        ] {
            command.arg(flag).arg(at(name));
        }
        if root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = String::from_utf8(output.stdout).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let alerts = assay(&["run"]);
    assert!(
        alerts.iter().all(|a| a["change"] == "baseline_created"),
        "{alerts:#?}"
    );
    assert!(assay(&["list"]).iter().any(|e| e["kind"] == "cron_job"));
    for entry in assay(&["list", "thing"]) {
        let (key, outcome) = (&entry["key"], &entry["fields"]["value"]);
        assert_ne!(outcome, "done", "{key}");
    }
    let status = &assay(&["status"])[0];
    assert_eq!(
        status["sandbox"]["active"],
        json!(["limits", "landlock", "dies_with_core", "seccomp"])
    );
    let missing = status["sandbox"]["missing"].to_string();
    assert!(missing.contains("nobody: not started by root"), "{missing}");
    if root() {
        let gaps = status["gaps"].to_string();
        assert!(
            gaps.contains("/etc/cron.d") && gaps.contains("permission"),
            "{gaps}"
        );
    }
}

/// Containers commonly grant root CAP_DAC_OVERRIDE and withhold CAP_DAC_READ_SEARCH, or both.
#[test]
fn root_of_a_container_still_sees_what_root_alone_may_read() {
    if !root() || !has("setpriv") {
        return;
    }
    for (withheld, nobody) in [
        ("-dac_read_search", true),
        ("-dac_read_search,-dac_override", false),
    ] {
        let bench = Bench::new("");
        bench
            .scratch
            .file_mode("/etc/cron.d/private", "1 2 * * * root /bin/true\n", 0o600);
        let run = bench.scratch.command(&["run"]);
        let mut limited = Command::new("setpriv");
        limited.args(["--bounding-set", withheld, "--inh-caps", withheld, "--"]);
        let output = limited
            .arg(run.get_program())
            .args(run.get_args())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (active, missing) = walls(&bench);
        let said = missing.join("; ");
        assert_eq!(active.iter().any(|wall| wall == "nobody"), nobody, "{said}");
        assert!(
            said.contains("CAP_DAC_READ_SEARCH") || said.contains("the right to read"),
            "{said}"
        );
        let listed = bench.scratch.json(&["list", "cron_job"]);
        let private = |entry: &Value| entry["key"].as_str().unwrap().starts_with("/etc/cron.d/private");
        assert!(listed.iter().any(private), "{withheld}: {listed:#?}");
    }
}
