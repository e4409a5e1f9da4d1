//! Entries of crontabs and anacrontabs.

use crate::accounts::Accounts;
use crate::lister::Lister;
use crate::names;
use crate::parse::{self, AnacronJob, CronJob, Line};
use crate::places::{HOME_ANACRONTABS, Places, TabFolder};
use assay_sdk::{Entry, FileType, Last, Os, Result, Scan, Text, secrets, split_words};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A tab of a megabyte has some ten thousand lines; cron itself takes lines of at most 128 KiB. What is larger
/// is watched by its bytes instead.
const FILE_LIMIT: u64 = 1 << 20;
const LINE_LIMIT: usize = 32 << 10;
const LINES_LIMIT: usize = 10_000;

/// A table that is being read, and what holds for all its lines.
struct Table<'t> {
    path: &'t Path,
    link_target: Option<Text>,
    /// Why none of it runs.
    inert: Option<&'static str>,
    /// The user that all its lines run as; otherwise each has a column for it.
    user: Option<&'t [u8]>,
    /// What the lines read so far set as PATH.
    search: Option<String>,
}

pub(crate) fn list(lister: &mut Lister<'_, '_>, places: &Places) -> Result<()> {
    let accounts = Accounts::of(lister.scan);
    for path in places.system_tabs {
        let path = Path::new(path);
        let table = Table::new(lister.scan, path, None);
        crontab(lister, &accounts, table)?;
    }
    for folder in places.tab_folders {
        let what = if folder.of_users { "users" } else { "drop-ins" };
        if lister.is_new(what, Path::new(folder.path)) {
            tab_folder(lister, &accounts, folder)?;
        }
    }
    for path in places.anacrontabs {
        let path = Path::new(path);
        let table = Table::new(lister.scan, path, None);
        anacrontab(lister, table)?;
    }
    if lister.scan.os() == Os::Linux {
        home_anacrontabs(lister)?;
    }
    Ok(())
}

fn tab_folder(lister: &mut Lister<'_, '_>, accounts: &Accounts, folder: &TabFolder) -> Result<()> {
    for listed in lister.scan.list(Path::new(folder.path)) {
        if listed.file_type == FileType::Directory {
            continue;
        }
        let name = listed.name.as_bytes();
        let path = Path::new(folder.path).join(&listed.name);
        // Alpine: /var/spool/cron/crontabs is a link to a folder, and no tab of a user `crontabs`.
        if listed.file_type == FileType::Symlink && leads_to_folder(lister.scan, &path) {
            continue;
        }
        let missing = folder
            .of_users
            .then(|| accounts.why_missing(lister.scan, name))
            .flatten();
        if missing.is_some() && names::is_passing(name) {
            continue;
        }
        let mut table = Table::new(lister.scan, &path, folder.of_users.then_some(name));
        let ignored = if folder.of_users {
            name.starts_with(b".")
        } else {
            lister.cron_ignores(name)
        };
        table.inert = folder
            .inert
            .or_else(|| ignored.then_some("cron ignores files of such a name"))
            .or(missing);
        crontab(lister, accounts, table)?;
    }
    Ok(())
}

fn leads_to_folder(scan: &Scan<'_>, path: &Path) -> bool {
    let found = scan.root().stat(path, Last::Follow);
    matches!(found, Ok(Some(stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Tabs in homes run nothing by themselves: their owners start `anacron -t` on them. A link is not followed
/// there, lest a user make root show a file that the user may not read.
fn home_anacrontabs(lister: &mut Lister<'_, '_>) -> Result<()> {
    for home in lister.scan.homes() {
        for name in HOME_ANACRONTABS {
            let path = home.path.join(name);
            let table = Table::new(lister.scan, &path, None);
            if table.link_target.is_none() {
                anacrontab(lister, table)?;
            } else if let Some(own) = lister.scan.own_program("cron_table", &path) {
                let why = own
                    .entry
                    .unparsable
                    .clone()
                    .unwrap_or_else(|| "a link in a home is not followed".to_owned());
                lister.scan.entry(own.entry.unparsable(why))?;
            }
        }
    }
    Ok(())
}

fn crontab(lister: &mut Lister<'_, '_>, accounts: &Accounts, mut table: Table<'_>) -> Result<()> {
    let Some(text) = table.content(lister)? else {
        return Ok(());
    };
    let mut fits = Fits::default();
    for (text, ended) in parse::lines(&text).filter(|(line, _)| fits.take(line)) {
        let cut = (!ended).then_some("the last line does not end with a newline");
        match parse::cron_line(text, table.user.is_none()) {
            Line::Environment { name, value } => table.environment(lister, name, value, cut)?,
            Line::Job(job) => table.cron_job(lister, accounts, &job, cut)?,
            Line::Bad { text, why } => table.bad_line(lister, text, why)?,
        }
    }
    table.unfit(lister, &fits)
}

fn anacrontab(lister: &mut Lister<'_, '_>, mut table: Table<'_>) -> Result<()> {
    let Some(text) = table.content(lister)? else {
        return Ok(());
    };
    let text = parse::join_continued(&text);
    let mut fits = Fits::default();
    for (text, _) in parse::lines(&text).filter(|(line, _)| fits.take(line)) {
        match parse::anacron_line(text) {
            Line::Environment { name, value } => table.environment(lister, name, value, None)?,
            Line::Job(job) => table.anacron_job(lister, &job)?,
            Line::Bad { text, why } => table.bad_line(lister, text, why)?,
        }
    }
    table.unfit(lister, &fits)
}

impl<'t> Table<'t> {
    fn new(scan: &Scan<'_>, path: &'t Path, user: Option<&'t [u8]>) -> Self {
        // Most are no links, and to ask for the target of what is none is an error like absence.
        let target = scan.root().read_link(path).ok();
        Self {
            path,
            link_target: target.map(|target| target.as_path().into()),
            inert: None,
            user,
            search: None,
        }
    }

    /// The bytes of the table, or an entry for why there are none.
    fn content(&self, lister: &mut Lister<'_, '_>) -> Result<Option<Vec<u8>>> {
        match lister.scan.content(self.path, FILE_LIMIT) {
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(why)) => self.unparsable(lister, &why).map(|()| None),
            None => Ok(None),
        }
    }

    fn unparsable(&self, lister: &mut Lister<'_, '_>, why: &str) -> Result<()> {
        let entry = Entry::new("cron_table", self.path, self.path)
            .maybe("link_target", self.link_target.clone())
            .maybe("inert", self.inert)
            .unparsable(why);
        lister.scan.entry(entry)
    }

    fn unfit(&self, lister: &mut Lister<'_, '_>, fits: &Fits) -> Result<()> {
        match fits.why_not {
            Some(why) => self.unparsable(lister, why),
            None => Ok(()),
        }
    }

    /// An entry whose key says where it stands and, in `rest`, what it is.
    fn entry(&self, lister: &mut Lister<'_, '_>, kind: &str, rest: &[&[u8]], inert: Option<&str>) -> Entry {
        let path = self.path.as_os_str().as_bytes();
        let key = [path, b": ", &rest.join(&b' ')].concat();
        let key = lister.keys.unique(key.into());
        Entry::new(kind, key, self.path)
            .maybe("link_target", self.link_target.clone())
            .maybe("inert", inert)
    }

    fn environment(
        &mut self,
        lister: &mut Lister<'_, '_>,
        name: &[u8],
        value: &[u8],
        cut: Option<&str>,
    ) -> Result<()> {
        if name == b"PATH" {
            self.search = std::str::from_utf8(value).ok().map(str::to_owned);
        }
        let shown: &[u8] = if secrets::is_secret_variable(name) {
            secrets::HIDDEN
        } else {
            value
        };
        let programs = loaded(lister.scan, name, value);
        let entry = self.entry(lister, "cron_environment", &[name], self.inert.or(cut));
        lister.scan.entry(entry.field("value", shown).programs(programs))
    }

    fn cron_job(
        &self,
        lister: &mut Lister<'_, '_>,
        accounts: &Accounts,
        job: &CronJob<'_>,
        cut: Option<&str>,
    ) -> Result<()> {
        let user = self.user.or(job.user).unwrap_or_default();
        let account = match lister.scan.os() {
            Os::Macos if job.user.is_some() => parse::account(user),
            _ => user,
        };
        // Of a user's own tab `inert` tells already.
        let missing = job.user.and_then(|_| accounts.why_missing(lister.scan, account));
        let (command, input) = job.command_and_input();
        let programs = self.programs(lister.scan, &accounts.home(account), &command, input.as_deref());
        let inert = self.inert.or(missing).or(cut);
        let words: &[&[u8]] = match job.user {
            Some(user) => &[&job.schedule, user, job.written],
            None => &[&job.schedule, job.written],
        };
        let entry = self
            .entry(lister, "cron_job", words, inert)
            .field("schedule", job.schedule.clone())
            .field("user", user)
            .field("command", command)
            .maybe("input", input)
            .maybe("on_mains_only", job.on_mains_only.then_some(true))
            .programs(programs);
        lister.scan.entry(entry)
    }

    fn anacron_job(&self, lister: &mut Lister<'_, '_>, job: &AnacronJob<'_>) -> Result<()> {
        let programs = self.programs(lister.scan, Path::new("/"), job.command, None);
        let entry = self
            .entry(lister, "anacron_job", &[job.id], self.inert)
            .field("period", job.period)
            .field("delay", job.delay)
            .field("command", job.command)
            .programs(programs);
        lister.scan.entry(entry)
    }

    fn bad_line(&self, lister: &mut Lister<'_, '_>, text: &[u8], why: &'static str) -> Result<()> {
        // `export API_TOKEN=x`, or a secret whose quotes do not match.
        let before = text.split(|b| *b == b'=').next().unwrap_or_default();
        let name = parse::last_word(before);
        let hidden = before.len() < text.len() && secrets::is_secret_variable(name);
        let shown = if hidden {
            [before, b"=", secrets::HIDDEN].concat()
        } else {
            text.to_vec()
        };
        let entry = self
            .entry(lister, "cron_line", &[&shown], None)
            .field("reason", why);
        lister.scan.entry(entry)
    }

    fn programs(&self, scan: &mut Scan<'_>, home: &Path, command: &[u8], input: Option<&[u8]>) -> Vec<Text> {
        let mut find = |script: &[u8]| {
            let mut finder = scan.programs().folder(home);
            if let Some(search) = &self.search {
                finder = finder.path(search);
            }
            finder.shell(script)
        };
        let mut programs = find(command);
        // `sh%/opt/x`: a shell without arguments runs what it is fed.
        if let Some(input) = input
            && split_words(command).len() == 1
            && programs
                .first()
                .is_some_and(|program| program.as_bytes().ends_with(b"sh"))
        {
            let fed = find(input);
            programs.extend(fed);
        }
        without_repeats(programs)
    }
}

/// Files that a variable makes the jobs below it load: another shell, its start-up file, libraries.
fn loaded(scan: &mut Scan<'_>, name: &[u8], value: &[u8]) -> Vec<Text> {
    if !names::LOADING.contains(&name) {
        return Vec::new();
    }
    let files = value
        .split(|b| matches!(*b, b':' | b' '))
        .filter(|file| file.starts_with(b"/"));
    without_repeats(
        files
            .flat_map(|file| scan.programs().argv(&[file.into()]))
            .collect(),
    )
}

fn without_repeats(mut programs: Vec<Text>) -> Vec<Text> {
    let mut seen = HashSet::new();
    programs.retain(|program| seen.insert(program.clone()));
    programs
}

/// Whether all lines of a file could be listed.
#[derive(Default)]
struct Fits {
    lines: usize,
    why_not: Option<&'static str>,
}

impl Fits {
    fn take(&mut self, line: &[u8]) -> bool {
        self.lines += 1;
        if self.lines > LINES_LIMIT {
            self.why_not = Some("more than 10000 lines");
        } else if line.len() > LINE_LIMIT {
            self.why_not = Some("a line longer than 32768 bytes");
        } else {
            return true;
        }
        false
    }
}
