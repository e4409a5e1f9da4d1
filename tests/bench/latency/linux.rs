//! The benchmark itself; it has what Linux has.

#[path = "../installed.rs"]
mod installed;
mod log;
mod plants;
mod watcher;

use assay_tests::built;
use installed::{Installed, every_module};
use log::{Rsyslog, Tail};
use plants::{DEEDS, Deed, FAMILIES, Family};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use watcher::Watcher;

/// A change that is not told by then is missed.
const LONGEST: Duration = Duration::from_secs(10);
/// What was written within the last 40 seconds is read again by every run: the modules too, which were just installed.
const QUIET: Duration = Duration::from_secs(60);
/// How long `assay watch` waits for a file to be written to its end.
const SETTLE: f64 = 20.0;
/// What the lines of the floor begin with.
const FLOOR: &str = "<13>floor: ";

pub(crate) fn main() {
    let base = built().join("scratch");
    fs::create_dir_all(&base).unwrap();
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (part, numbers) in PARTS {
        let asked = words.iter().position(|word| word == part.0);
        if !words.is_empty() && asked.is_none() {
            continue;
        }
        let given = words.iter().skip(asked.map_or(words.len(), |at| at + 1));
        let mut given = given.map_while(|word| word.parse().ok());
        let numbers = numbers.map(|number| given.next().unwrap_or(number));
        let scratch = tempfile::Builder::new()
            .prefix("bench")
            .tempdir_in(&base)
            .unwrap();
        part.1(&Place::new(scratch.path()), numbers);
    }
}

/// A part, and the numbers that it has where none are given.
type Part = (&'static str, fn(&Place, [usize; 2]));

const PARTS: [(Part, [usize; 2]); 3] = [
    (("plants", planted), [1000, 0]),
    (("burst", burst), [100_000, 0]),
    (("idle", idle), [600, 10_000]),
];

/// What each part has: a root with all families, Assay beside it.
struct Place {
    scratch: PathBuf,
    root: PathBuf,
    installed: Installed,
}

impl Place {
    fn new(scratch: &Path) -> Self {
        let root = scratch.join("root");
        plants::populate(&root);
        Self {
            scratch: scratch.to_owned(),
            root,
            installed: Installed::new(&scratch.join("installed"), &every_module()),
        }
    }

    fn watch(&self) -> Watcher {
        Watcher::start(&self.installed, &self.root, &self.scratch)
    }

    fn log(&self) -> Rsyslog {
        let rsyslog = Rsyslog::start(&self.scratch.join("rsyslog"));
        let socket = rsyslog.socket();
        self.installed
            .sink(&format!("type = 'syslog'\naddress = 'unix:{}'", socket.display()));
        rsyslog
    }
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }
}

/// One change after the other: each family in turn, then the next deed.
struct Plants {
    number: usize,
}

struct Plant {
    family: &'static Family,
    deed: Deed,
    path: String,
    text: String,
}

impl Iterator for Plants {
    type Item = Plant;

    fn next(&mut self) -> Option<Plant> {
        let (number, families) = (self.number, FAMILIES.len());
        self.number += 1;
        let family = &FAMILIES[number % families];
        let round = number / families;
        let path = family.path(&format!("plant{}", round / DEEDS.len()));
        let deed = match DEEDS[round % DEEDS.len()] {
            // The mode of a drop-in is none of what its unit is made of.
            Deed::Chmod if family.told(&path) != path => Deed::Modify,
            deed => deed,
        };
        Some(Plant {
            family,
            deed,
            path,
            text: format!("text{number}"),
        })
    }
}

/// Times in ms, and how many did not come.
#[derive(Default)]
struct Times {
    came: Vec<f64>,
    missed: usize,
}

impl Times {
    fn add(&mut self, time: Option<Duration>) {
        match time {
            Some(time) => self.came.push(time.as_secs_f64() * 1e3),
            None => self.missed += 1,
        }
    }

    /// The time within which that part of them came.
    fn within(&self, part: f64) -> f64 {
        let mut sorted = self.came.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (part * sorted.len() as f64).ceil().max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank is a small whole number"
        )]
        sorted.get(rank as usize - 1).copied().unwrap_or(f64::NAN)
    }
}

fn table<'t>(rows: impl IntoIterator<Item = (&'t str, &'t Times)>) {
    println!(
        "{:<22} {:>8} {:>10} {:>10} {:>10} {:>10} {:>8}",
        "", "changes", "median ms", "p95 ms", "p99 ms", "max ms", "missed"
    );
    for (what, times) in rows {
        println!(
            "{what:<22} {:>8} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>8}",
            times.came.len() + times.missed,
            times.within(0.5),
            times.within(0.95),
            times.within(0.99),
            times.within(1.0),
            times.missed
        );
    }
}

/// Sends a datagram for each event in the folders of all families, as soon as it can.
fn floor(root: &Path, socket: &Path) {
    let instance = inotify::init(CreateFlags::CLOEXEC).unwrap();
    let mut folders = HashMap::new();
    for folder in FAMILIES.iter().map(Family::folder) {
        let host = root.join(folder.strip_prefix("/").unwrap());
        let events = WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_TO;
        folders.insert(inotify::add_watch(&instance, host, events).unwrap(), folder);
    }
    let sender = UnixDatagram::unbound().unwrap();
    sender.connect(socket).unwrap();
    // It ends with the benchmark.
    std::thread::spawn(move || {
        let mut buffer = [MaybeUninit::<u8>::uninit(); 1 << 14];
        let mut reader = Reader::new(&instance, &mut buffer);
        while let Ok(event) = reader.next() {
            let (Some(folder), Some(name)) = (folders.get(&event.wd()), event.file_name()) else {
                continue;
            };
            let line = format!("{FLOOR}{}/{}", folder.display(), name.to_string_lossy());
            _ = sender.send(line.as_bytes());
        }
    });
}

/// Does it, and tells when the first line about it came of the floor and of the other.
fn time(root: &Path, tail: &mut Tail, plant: &Plant, with_floor: bool) -> [Option<Duration>; 2] {
    plant.deed.prepare(root, plant.family, &plant.text);
    tail.lines();
    let start = Instant::now();
    plant.deed.act(root, plant.family, &plant.path, &plant.text);
    let mut came = [None; 2];
    while came[1].is_none() || (with_floor && came[0].is_none()) {
        if start.elapsed() > LONGEST {
            break;
        }
        tail.wait(start + LONGEST);
        let lines = tail.lines();
        let now = start.elapsed();
        let told = plant.family.told(&plant.path);
        for line in lines {
            match line.strip_prefix(FLOOR) {
                Some(path) if path == plant.path => _ = came[0].get_or_insert(now),
                None if line.contains(told) => _ = came[1].get_or_insert(now),
                _ => {}
            }
        }
    }
    came
}

fn planted(place: &Place, [count, _]: [usize; 2]) {
    let rsyslog = place.log();
    let watcher = place.watch();
    floor(&place.root, &rsyslog.socket());
    let mut tail = rsyslog.tail();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut all = [Times::default(), Times::default()];
    let mut deeds: BTreeMap<&str, Times> = BTreeMap::new();
    let mut families: BTreeMap<&str, Times> = BTreeMap::new();
    let mut missed = Vec::new();
    std::thread::sleep(QUIET);
    for plant in (Plants { number: 0 }).take(count) {
        let came = time(&place.root, &mut tail, &plant, true);
        all[0].add(came[0]);
        all[1].add(came[1]);
        deeds.entry(plant.deed.name()).or_default().add(came[1]);
        families.entry(plant.family.0).or_default().add(came[1]);
        if came[1].is_none() {
            missed.push(format!("{} {}", plant.deed.name(), plant.path));
        }
        std::thread::sleep(Duration::from_millis(dice.between(30, 150)));
    }
    println!("\nplants: one change at a time, to the line in rsyslog's file");
    let [floor, assay] = &all;
    table([("assay watch", assay), ("bare inotify (floor)", floor)]);
    println!(
        "(p99 of assay - {SETTLE} ms) / p99 of the floor {:.2}; peak {:.1} MiB",
        (assay.within(0.99) - SETTLE) / floor.within(0.99),
        watcher.mib("VmHWM")
    );
    println!();
    table(deeds.iter().map(|(what, times)| (*what, times)));
    println!("\n{:<44} {:>10} {:>10}", "", "median ms", "max ms");
    for (family, times) in &families {
        println!(
            "{family:<44} {:>10.2} {:>10.2}",
            times.within(0.5),
            times.within(1.0)
        );
    }
    for missed in missed {
        println!("missed: {missed}");
    }
}

fn burst(place: &Place, [count, _]: [usize; 2]) {
    let sink = place.installed.folder.join("alerts.jsonl");
    let watcher = place.watch();
    let before = watcher.mib("VmRSS");
    let mut tail = Tail::new(&sink);
    let many: Vec<&Family> = FAMILIES.iter().filter(|family| family.0.contains("{}")).collect();
    let threads = std::thread::available_parallelism().unwrap().get();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let many = &many;
            scope.spawn(move || {
                for number in (thread..count).step_by(threads) {
                    let name = format!("burst{number:06}");
                    plants::write(&place.root, many[number % many.len()], &name, &name);
                }
            });
        }
    });
    let written = start.elapsed();
    let mut told = vec![false; count];
    let (mut left, mut lines, mut last) = (count, 0, start);
    let mut gaps: BTreeMap<&str, usize> = BTreeMap::new();
    // As long as anything comes.
    while left > 0 && last.elapsed() < Duration::from_secs(120) {
        tail.wait(Instant::now() + Duration::from_secs(1));
        for line in tail.lines() {
            lines += 1;
            for gap in ["gap_opened", "gap_closed"] {
                if line.contains(&format!("\"change\":\"{gap}\"")) {
                    *gaps.entry(gap).or_default() += 1;
                }
            }
            for (at, _) in line.match_indices("burst") {
                let number = line.get(at + 5..at + 11).and_then(|digits| digits.parse().ok());
                let Some(number) = number.filter(|number: &usize| *number < count) else {
                    continue;
                };
                if !std::mem::replace(&mut told[number], true) {
                    left -= 1;
                    last = Instant::now();
                }
            }
        }
    }
    let all_told = last.duration_since(start);
    println!(
        "\nburst: {count} files by {threads} threads into {} folders",
        many.len()
    );
    println!(
        "written after {:.1} s, all told after {:.1} s in {lines} lines, missed {left}",
        written.as_secs_f64(),
        all_told.as_secs_f64()
    );
    println!(
        "memory before {before:.1} MiB, peak {:.1} MiB, after {:.1} MiB; processor {:.1} s; gaps: {gaps:?}",
        watcher.mib("VmHWM"),
        watcher.mib("VmRSS"),
        watcher.processor().as_secs_f64()
    );
    for (number, _) in told.iter().enumerate().filter(|(_, told)| !**told).take(20) {
        let name = format!("burst{number:06}");
        println!("missed: {}", many[number % many.len()].path(&name));
    }
}

fn idle(place: &Place, [seconds, changes]: [usize; 2]) {
    let rsyslog = place.log();
    let watcher = place.watch();
    std::thread::sleep(QUIET);
    let (start, before) = (Instant::now(), watcher.processor());
    std::thread::sleep(Duration::from_secs(seconds as u64));
    let used = watcher.processor() - before;
    println!("\nidle: {} s in which nothing happens", start.elapsed().as_secs());
    println!(
        "processor {:.3} s, {:.4} % of a core; memory {:.1} MiB",
        used.as_secs_f64(),
        used.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0,
        watcher.mib("VmRSS")
    );

    let mut tail = rsyslog.tail();
    let mut times = Times::default();
    let (start, before) = (Instant::now(), watcher.processor());
    println!(
        "\n{:>8} {:>12} {:>12} {:>14}",
        "changes", "memory MiB", "peak MiB", "ms a change"
    );
    let said = |number: usize| {
        let used = (watcher.processor() - before).as_secs_f64() * 1e3;
        println!(
            "{number:>8} {:>12.1} {:>12.1} {:>14.2}",
            watcher.mib("VmRSS"),
            watcher.mib("VmHWM"),
            used / number.max(1) as f64
        );
    };
    for (number, plant) in (Plants { number: 0 }).take(changes).enumerate() {
        if number % changes.div_ceil(10) == 0 {
            said(number);
        }
        times.add(time(&place.root, &mut tail, &plant, false)[1]);
    }
    said(changes);
    println!(
        "one after the other as fast as they are told, in {:.0} s",
        start.elapsed().as_secs_f64()
    );
    table([("assay watch", &times)]);
}
