//! Which alerts of one run tell one story: a unit and the links that enable it, a bundle with its agent and its
//! helper, a script and what puts it into five run levels.
//!
//! An entry *is* at some paths, its source and what it is called; and it *leads* to others: where its link goes,
//! programs that came or went in this run, and the bundle that it is in. Two entries that lead to one path tell one
//! story, and so do one that leads to a path and one that is there. That two entries stand in one file means nothing:
//! a table has many owners. But one that is the whole file leads to it, and so to what else is said of that.
//!
//! What macOS calls by a name is the same: a bundle by its identifier, to which an agent leads that names it as its
//! owner; and a background item, to which those lead that belong to it. Such a name stands among the paths, as one
//! that is not absolute.

use assay_model::{Entry, Text, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The paths by which an alert is known to belong to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    is_at: BTreeSet<PathBuf>,
    leads_to: BTreeSet<PathBuf>,
}

impl Paths {
    /// Of an entry; `is_news` tells of a program whether it came or went in this run.
    pub(super) fn of_entry(entry: &Entry, is_news: impl Fn(&Text) -> bool) -> Self {
        let mut paths = Self::of_file(&entry.source);
        if entry.key.as_bytes().starts_with(b"/") {
            paths.is_at.insert(entry.key.as_path().to_owned());
        }
        if entry.key == entry.source {
            paths.leads_to.insert(entry.source.as_path().to_owned());
        }
        paths.is_at.extend(names(entry, &IS_CALLED, BUNDLE));
        paths.leads_to.extend(names(entry, &BELONGS_TO, BUNDLE));
        if let Some(item) = item(entry) {
            paths.is_at.insert(item);
            paths.leads_to.extend(names(entry, &ITEMS, ITEM));
        }
        if let Some(Value::Text(target)) = entry.fields.get("link_target") {
            paths
                .leads_to
                .insert(resolved(entry.source.as_path(), target.as_path()));
        }
        for program in &entry.programs {
            paths
                .leads_to
                .extend(bundle(program.as_path()).map(Path::to_owned));
            if is_news(program) {
                paths.leads_to.insert(program.as_path().to_owned());
            }
        }
        paths
    }

    /// Of a file that entries name.
    pub(super) fn of_file(path: &Text) -> Self {
        Self {
            is_at: BTreeSet::from([path.as_path().to_owned()]),
            leads_to: bundle(path.as_path()).map(Path::to_owned).into_iter().collect(),
        }
    }
}

/// Fields that hold a bundle's identifier: its own, and those of its owners.
const IS_CALLED: [&str; 2] = ["identifier", "bundle"];
const BELONGS_TO: [&str; 2] = ["associated_bundle_identifiers", "associated"];
/// Fields of a background item that name others: what it belongs to, and what belongs to it.
const ITEMS: [&str; 2] = ["parent", "items"];
const BUNDLE: &[u8] = b"bundle ";
const ITEM: &[u8] = b"item ";

/// What the fields of an entry name.
fn names<'e>(entry: &'e Entry, fields: &'e [&str], what: &'e [u8]) -> impl Iterator<Item = PathBuf> + 'e {
    let values = fields.iter().filter_map(|field| entry.fields.get(*field));
    let texts = values.flat_map(Value::texts);
    texts.map(|text| named(what, text.as_bytes()))
}

fn named(what: &[u8], name: &[u8]) -> PathBuf {
    OsStr::from_bytes(&[what, name].concat()).into()
}

/// A background item by its identifier: its key says that, and the account.
fn item(entry: &Entry) -> Option<PathBuf> {
    if entry.kind != "background_item" {
        return None;
    }
    let key = entry.key.as_bytes();
    let end = key.windows(4).rposition(|window| window == b" of ")?;
    Some(named(ITEM, &key[..end]))
}

/// Where a link leads as it is written, with `..` taken for the folder above.
fn resolved(link: &Path, target: &Path) -> PathBuf {
    let mut path = link.parent().unwrap_or(Path::new("/")).to_owned();
    for part in target.components() {
        match part {
            Component::RootDir => path = PathBuf::from("/"),
            Component::ParentDir => _ = path.pop(),
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    path
}

/// The outermost bundle that a path is in, as macOS installs them.
fn bundle(path: &Path) -> Option<&Path> {
    const SUFFIXES: [&[u8]; 7] = [
        b"app",
        b"kext",
        b"systemextension",
        b"bundle",
        b"plugin",
        b"prefPane",
        b"driver",
    ];
    let above: Vec<&Path> = path.ancestors().collect();
    let is_bundle = |folder: &&&Path| {
        let suffix = folder.extension().map(OsStrExt::as_bytes);
        suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix))
    };
    above.iter().rev().find(is_bundle).copied()
}

/// The groups of one run.
#[derive(Debug, Default)]
pub(super) struct Groups {
    is_at: HashMap<PathBuf, String>,
    leads_to: HashMap<PathBuf, String>,
}

impl Groups {
    /// The group of each alert, in their order; none for one that leads nowhere and that nothing leads to.
    pub(super) fn of(&mut self, alerts: &[Paths]) -> Vec<Option<String>> {
        let mut parents: Vec<usize> = (0..alerts.len()).collect();
        let mut leading: BTreeMap<&Path, usize> = BTreeMap::new();
        for (index, alert) in alerts.iter().enumerate() {
            for path in &alert.leads_to {
                let first = *leading.entry(path).or_insert(index);
                join(&mut parents, first, index);
            }
        }
        for (index, alert) in alerts.iter().enumerate() {
            for path in &alert.is_at {
                if let Some(first) = leading.get(path.as_path()) {
                    join(&mut parents, *first, index);
                }
            }
        }
        let heads: Vec<usize> = (0..alerts.len()).map(|index| head(&mut parents, index)).collect();
        let mut ids: HashMap<usize, String> = HashMap::new();
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        for (alert, head) in alerts.iter().zip(&heads) {
            *sizes.entry(*head).or_default() += 1;
            if let Some(id) = self.known(alert) {
                ids.entry(*head).or_insert(id);
            }
        }
        let mut groups = Vec::with_capacity(alerts.len());
        for (alert, head) in alerts.iter().zip(heads) {
            let is_alone = alert.leads_to.is_empty() && sizes.get(&head) == Some(&1);
            let id = match ids.get(&head) {
                None if is_alone => None,
                _ => Some(
                    ids.entry(head)
                        .or_insert_with(|| uuid::Uuid::now_v7().to_string())
                        .clone(),
                ),
            };
            if let Some(id) = &id {
                for path in &alert.is_at {
                    self.is_at.entry(path.clone()).or_insert_with(|| id.clone());
                }
                for path in &alert.leads_to {
                    self.leads_to.entry(path.clone()).or_insert_with(|| id.clone());
                }
            }
            groups.push(id);
        }
        groups
    }

    /// The group that an alert of a module before belongs to.
    fn known(&self, alert: &Paths) -> Option<String> {
        let leads = alert.leads_to.iter();
        let mut leads = leads.filter_map(|path| self.leads_to.get(path).or_else(|| self.is_at.get(path)));
        let led_to = alert.is_at.iter().find_map(|path| self.leads_to.get(path));
        leads.next().or(led_to).cloned()
    }
}

fn head(parents: &mut [usize], mut index: usize) -> usize {
    while let Some(parent) = parents.get(index).copied().filter(|parent| *parent != index) {
        let above = parents.get(parent).copied().unwrap_or(parent);
        if let Some(place) = parents.get_mut(index) {
            *place = above;
        }
        index = above;
    }
    index
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (head(parents, a), head(parents, b));
    if let Some(place) = parents.get_mut(a.max(b)) {
        *place = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(source: &str, programs: &[&str], link: Option<&str>) -> Paths {
        let entry = Entry::new("kind", format!("in {source}"), Path::new(source))
            .maybe("link_target", link)
            .programs(programs.iter().map(|program| (*program).into()).collect());
        Paths::of_entry(&entry, |program| program.as_bytes().starts_with(b"/opt/new"))
    }

    /// Which of these alerts, each from a module of its own or not, are in one group: equal numbers, none for none.
    fn groups(modules: &[&[Paths]]) -> Vec<usize> {
        let mut groups = Groups::default();
        let ids: Vec<_> = modules.iter().flat_map(|alerts| groups.of(alerts)).collect();
        let mut seen: Vec<&String> = Vec::new();
        let numbers = ids.iter().map(|id| {
            let Some(id) = id else { return 0 };
            if !seen.contains(&id) {
                seen.push(id);
            }
            seen.iter().position(|known| *known == id).unwrap() + 1
        });
        numbers.collect()
    }

    #[test]
    fn a_link_belongs_to_what_it_leads_to() {
        let unit = entry("/etc/systemd/system/a.service", &["/bin/sh"], None);
        let link = |folder: &str| {
            let source = format!("/etc/systemd/system/{folder}/a.service");
            entry(&source, &[], Some("../a.service"))
        };
        let other = entry("/etc/systemd/system/b.service", &["/bin/sh"], None);
        let all = [link("x.wants"), other, unit, link("y.wants")];
        assert_eq!(groups(&[&all]), [1, 0, 1, 1]);
    }

    #[test]
    fn new_programs_and_bundles_join_what_modules_found() {
        let job = entry(
            "/Library/LaunchDaemons/a.plist",
            &["/Applications/A.app/Contents/MacOS/a"],
            None,
        );
        let item = entry(
            "/var/db/items",
            &["/Applications/A.app/Contents/Library/LoginItems/B.app/b"],
            None,
        );
        let lines = [
            entry("/etc/crontab", &["/bin/sh", "/opt/new/x"], None),
            entry("/etc/crontab", &["/bin/sh"], None),
        ];
        let hook = entry("/etc/hook", &["/opt/new/x"], None);
        assert_eq!(groups(&[&[job], &[item], &lines, &[hook]]), [1, 1, 2, 0, 2]);
    }

    #[test]
    fn an_agent_belongs_to_the_bundle_that_it_names() {
        let app = Entry::new(
            "application",
            "/Applications/A.app",
            Path::new("/Applications/A.app/Contents/Info.plist"),
        );
        let app = app.field("identifier", "org.a");
        let of = |field: &str, value: Value| {
            let source = format!("/Library/LaunchDaemons/{field}.plist");
            Entry::new("launch_daemon", source.as_str(), Path::new(&source)).field(field, value)
        };
        let named = of(
            "associated_bundle_identifiers",
            ["org.b", "org.a"].into_iter().collect(),
        );
        let entries = [app, named, of("label", "org.a".into())];
        let all = entries.map(|entry| Paths::of_entry(&entry, |_| false));
        let ids = groups(&[&all]);
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[1], ids[2]);
    }

    #[test]
    fn a_background_item_belongs_to_its_parent() {
        let source = Path::new("/private/var/db/items.btm");
        let item = |key: &str| Entry::new("background_item", key, source);
        let entries = [
            item("A of B Ltd. of 501").field("items", ["8.org.x"].into_iter().collect::<Value>()),
            item("8.org.x of 501"),
            item("16.org.y of 0").field("parent", "A of B Ltd."),
            item("16.org.z of 0").field("parent", "C"),
        ];
        let all = entries.map(|entry| Paths::of_entry(&entry, |_| false));
        assert_eq!(groups(&[&all]), [1, 1, 1, 2]);
    }

    #[test]
    fn what_is_a_whole_file_belongs_to_what_else_is_said_of_it() {
        let file = Entry::new("setid_file", "/usr/bin/x", Path::new("/usr/bin/x"));
        let file = Paths::of_entry(&file, |_| false);
        let lines = ["a", "b"].map(|key| {
            let entry = Entry::new("line", key, Path::new("/etc/crontab"));
            Paths::of_entry(&entry, |_| false)
        });
        let said = [
            Paths::of_file(&"/usr/bin/x".into()),
            Paths::of_file(&"/etc/crontab".into()),
        ];
        assert_eq!(groups(&[&[file], &lines, &said]), [1, 0, 0, 1, 0]);
    }

    #[test]
    fn long_chains_take_no_long_time() {
        let chain: Vec<Paths> = (0..50_000)
            .map(|n| entry(&format!("/l/{n}"), &[], Some(&format!("{}", n + 1))))
            .collect();
        assert!(groups(&[&chain]).iter().all(|group| *group == 1));
    }

    #[test]
    fn the_outermost_bundle_counts() {
        let path = Path::new("/Applications/A.app/Contents/PlugIns/B.bundle/x");
        assert_eq!(bundle(path), Some(Path::new("/Applications/A.app")));
        assert_eq!(bundle(Path::new("/usr/bin/app")), None);
    }
}
