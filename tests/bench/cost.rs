//! What a run costs: `cargo bench -p assay-tests --bench cost`, as root, on a quiet machine; `-- live` or
//! `-- plists-500` measures what is named so only. `live` and the trees are read by five modules, `everything` by all
//! modules and lists.
//!
//! Processor time (user and system, of a command with all its children) and peak memory, medians of several runs,
//! on this machine's root and on trees of launchd plists. Beside each stand, measured in the same run and on exactly
//! the files that Assay measured, Debian's `aide --check` with SHA-256, `openssl dgst -sha256`, and the floor: one
//! `stat(1)` a file, which opens nothing. Times on a shared machine are noisy; the ratios are what counts.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints"
)]

mod installed;

use assay_tests::built;
use installed::{Installed, every_module};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run of a command used.
#[derive(Clone, Copy, Debug)]
struct Used {
    processor: Duration,
    wall: Duration,
    peak_kib: i64,
}

/// Runs a command `times` times and gives the median of each figure.
fn median(times: usize, mut command: impl FnMut() -> Command) -> Used {
    let mut runs: Vec<Used> = (0..times).map(|_| run(&mut command())).collect();
    let mut middle = |key: fn(&Used) -> i128| {
        runs.sort_by_key(key);
        runs[runs.len() / 2]
    };
    let processor = middle(|used| used.processor.as_nanos().cast_signed()).processor;
    let wall = middle(|used| used.wall.as_nanos().cast_signed()).wall;
    let peak_kib = middle(|used| used.peak_kib.into()).peak_kib;
    Used {
        processor,
        wall,
        peak_kib,
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "wait4 waits for it, and tells what it used"
)]
fn run(command: &mut Command) -> Used {
    let started = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: all of rusage may be zero, and wait4 fills it for a child that nobody else waits for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(pid, std::ptr::null_mut(), 0, &raw mut usage), pid);
        usage
    };
    let time = |t: libc::timeval| {
        let microseconds = u32::try_from(t.tv_usec).unwrap();
        Duration::from_secs(t.tv_sec.cast_unsigned()) + Duration::from_micros(microseconds.into())
    };
    Used {
        processor: time(usage.ru_utime) + time(usage.ru_stime),
        wall: started.elapsed(),
        peak_kib: usage.ru_maxrss,
    }
}

fn there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// The modules that read the generated trees, and the jobs of a server.
const SPINE: [&str; 5] = ["cron", "kernel", "launchd", "startup", "systemd"];

/// The regular files that the runs over `state` read, as paths of this machine: those that entries name, and modules.
fn measured(root: &Path, state: &Path) -> Vec<PathBuf> {
    let database = rusqlite::Connection::open(state.join("assay.db")).unwrap();
    let mut query = database
        .prepare("SELECT path FROM files WHERE facts LIKE '%\"type\":\"file\"%' ORDER BY path")
        .unwrap();
    let paths = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let paths = paths.map(|path| String::from_utf8(path.unwrap()).unwrap());
    let mut files: Vec<_> = paths
        .map(|path| root.join(path.trim_start_matches('/')))
        .collect();
    let mut query = database
        .prepare("SELECT path FROM modules ORDER BY path")
        .unwrap();
    let modules = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    files.extend(modules.map(|path| PathBuf::from(String::from_utf8(path.unwrap()).unwrap())));
    files
}

/// `xargs PROGRAM ARGS FILES`, for as many files as there are.
fn on_files(list: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("xargs");
    command.args(["-0", "-a"]).arg(list).arg(program).args(arguments);
    command
}

struct Row(&'static str, Used);

/// Measures one root. `rules` are aide's selections of the files, when a rule a file is not needed.
fn bench(
    installed: &Installed,
    scratch: &Path,
    name: &str,
    root: &Path,
    rules: Option<&[PathBuf]>,
    times: usize,
) {
    let state = scratch.join(format!("state-{name}"));
    let mut fresh = 0;
    let first = median(3.min(times), || {
        fresh += 1;
        installed.command("run", root, &scratch.join(format!("first-{name}-{fresh}")))
    });
    run(&mut installed.command("run", root, &state));
    // What was written within the last 40 seconds is looked at again: the modules, and then what that run has stored.
    for _ in 0..2 {
        std::thread::sleep(Duration::from_secs(42));
        run(&mut installed.command("run", root, &state));
    }
    let unchanged = median(times, || installed.command("run", root, &state));
    let full_run = || {
        let mut command = installed.command("run", root, &state);
        command.arg("--full");
        command
    };
    run(&mut full_run());
    let full = median(times.div_ceil(3), full_run);

    let files = measured(root, &state);
    let bytes: u64 = files
        .iter()
        .map(|file| fs::metadata(file).map_or(0, |meta| meta.len()))
        .sum();
    let list = scratch.join(format!("{name}.list"));
    let joined: Vec<String> = files.iter().map(|file| format!("{}\0", file.display())).collect();
    fs::write(&list, joined.concat()).unwrap();
    let floor = median(times, || {
        on_files(&list, "stat", &["--format=%n %s %i %a %u %g %Y %Z"])
    });
    let mut rows = vec![
        Row("assay run, first", first),
        Row("assay run, unchanged", unchanged),
        Row("assay run --full", full),
    ];
    rows.push(Row("stat (the floor)", floor));
    let openssl = there("openssl").then(|| {
        median(times.div_ceil(3), || {
            on_files(&list, "openssl", &["dgst", "-sha256"])
        })
    });
    rows.extend(openssl.map(|used| Row("openssl dgst -sha256", used)));
    // A hundred thousand files take aide minutes a check, and the sizes before tell enough.
    let aide = (there("aide") && files.len() <= 20_000)
        .then(|| aide(scratch, name, &files, rules, times.div_ceil(3)));
    rows.extend(aide.map(|used| Row("aide --check", used)));

    println!("\n{name}: {} files, {} KiB", files.len(), bytes / 1024);
    println!(
        "{:<22} {:>12} {:>10} {:>10}",
        "", "processor ms", "wall ms", "peak MiB"
    );
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    for Row(what, used) in &rows {
        println!(
            "{what:<22} {:>12.1} {:>10.1} {:>10.1}",
            ms(used.processor),
            ms(used.wall),
            used.peak_kib as f64 / 1024.0
        );
    }
    let ratio = |a: Used, b: Used| a.processor.as_secs_f64() / b.processor.as_secs_f64();
    let mut said = format!("unchanged / floor {:.2}", ratio(unchanged, floor));
    if let Some(aide) = aide {
        _ = write!(
            said,
            ", unchanged / aide {:.3}, full / aide {:.2}",
            ratio(unchanged, aide),
            ratio(full, aide)
        );
    }
    if let Some(openssl) = openssl {
        _ = write!(said, ", full / openssl {:.2}", ratio(full, openssl));
    }
    println!("{said}");
}

fn aide(scratch: &Path, name: &str, files: &[PathBuf], rules: Option<&[PathBuf]>, times: usize) -> Used {
    let attributes = "p+u+g+s+m+c+i+sha256";
    let config = scratch.join(format!("aide-{name}.conf"));
    let database = scratch.join(format!("aide-{name}.db"));
    let mut text = format!(
        "database_in=file:{0}\ndatabase_out=file:{0}.new\ngzip_dbout=no\n",
        database.display()
    );
    let escape = |path: &Path| {
        let path = path.display().to_string();
        path.chars().fold(String::new(), |mut out, c| {
            if !c.is_alphanumeric() && !"/_-".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    match rules {
        Some(folders) => folders
            .iter()
            .for_each(|folder| _ = writeln!(text, "{} {attributes}", escape(folder))),
        None => files
            .iter()
            .for_each(|file| _ = writeln!(text, "={}$ {attributes}", escape(file))),
    }
    fs::write(&config, text).unwrap();
    let command = |action: &str| {
        let mut command = Command::new("aide");
        command.arg("-c").arg(&config).arg(action);
        command
    };
    run(&mut command("--init"));
    fs::rename(database.with_extension("db.new"), &database).unwrap();
    median(times, || command("--check"))
}

/// A Mac with that many launchd daemons, each with a program of its own.
fn plists(root: &Path, count: usize) {
    for folder in [
        "Library/LaunchDaemons",
        "System/Library/CoreServices",
        "private/var/db",
        "Users",
        "opt/bin",
    ] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for number in 0..count {
        let label = format!("org.example.job{number:05}");
        let plist = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n<key>Label</key><string>{label}</string>\n\
             <key>ProgramArguments</key><array><string>/opt/bin/{label}</string><string>--quiet</string></array>\n\
             <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n<key>RunAtLoad</key><true/>\n</dict></plist>\n"
        );
        fs::write(root.join(format!("Library/LaunchDaemons/{label}.plist")), plist).unwrap();
        let mut program = fs::File::create(root.join(format!("opt/bin/{label}"))).unwrap();
        program.write_all(label.repeat(400).as_bytes()).unwrap();
    }
}

fn main() {
    let base = built().join("scratch");
    fs::create_dir_all(&base).unwrap();
    let scratch = tempfile::Builder::new().prefix("bench").tempdir_in(base).unwrap();
    let scratch = scratch.path();
    let installed = Installed::new(&scratch.join("installed"), &SPINE);
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|word| name.contains(word.as_str()));
    if wanted("live") {
        bench(&installed, scratch, "live", Path::new("/"), None, 31);
    }
    if wanted("everything") {
        let everything = Installed::new(&scratch.join("everything"), &every_module());
        bench(&everything, scratch, "everything", Path::new("/"), None, 15);
    }
    for count in [500, 5_000, 50_000] {
        let name = format!("plists-{count}");
        if !wanted(&name) {
            continue;
        }
        let root = scratch.join(&name);
        plists(&root, count);
        let rules = [root.join("Library"), root.join("opt")];
        let times = if count > 10_000 { 3 } else { 9 };
        bench(&installed, scratch, &name, &root, Some(&rules), times);
        fs::remove_dir_all(root).unwrap();
    }
}
