//! What tables say, line by line.

use super::{debian, one, only};
use assay_module_cron::Cron;

#[test]
fn one_planted_line_is_one_entry() {
    let before = one("/etc/cron.d/a", "MAILTO=x\n* * * * * root /opt/x\n");
    for line in [
        "* * * * * root /opt/y",
        "MAILTO=y",
        "nonsense",
        "* * * * * root /opt/x",
    ] {
        let after = one(
            "/etc/cron.d/a",
            &format!("MAILTO=x\n* * * * * root /opt/x\n{line}\n"),
        );
        let new: Vec<_> = after
            .entries
            .iter()
            .filter(|e| !before.entries.contains(e))
            .collect();
        assert_eq!(new.len(), 1, "{line}: {new:?}");
        assert_eq!(after.entries.len(), before.entries.len() + 1);
    }
}

#[test]
fn comments_blanks_and_order_mean_nothing() {
    let before = one(
        "/var/spool/cron/crontabs/mia",
        "# (installed on Mon Nov 23 10:00:00 2026)\n1 2 3 4 5 /opt/x\n@daily /opt/y\nMAILTO=mia\n",
    );
    let mut after = one(
        "/var/spool/cron/crontabs/mia",
        "# (installed on Tue Nov 24 11:00:00 2026)\n\n  MAILTO = \"mia\" \n@daily\t\t/opt/y  \n  1  2\t3 4 5   /opt/x\n# end\n",
    );
    after
        .entries
        .sort_by(|a, b| (b.kind.as_str(), &a.key).cmp(&(a.kind.as_str(), &b.key)));
    assert_eq!(before.entries, after.entries);
}

#[test]
fn variables_hold_for_the_lines_below_them() {
    let seen = debian()
        .script("/opt/evil/sync", "")
        .script("/usr/local/bin/sync", "")
        .file(
            "/var/spool/cron/crontabs/mia",
            "@hourly sync\nPATH=/opt/evil:/bin\n@daily sync\nBASH_ENV=/home/mia/.x\nLD_PRELOAD=\"/opt/a.so:/opt/b.so\"\n",
        )
        .collect::<Cron>();
    let tab = "/var/spool/cron/crontabs/mia";
    assert_eq!(
        seen.programs("cron_job", &format!("{tab}: @hourly sync")),
        ["/usr/local/bin/sync"]
    );
    assert_eq!(
        seen.programs("cron_job", &format!("{tab}: @daily sync")),
        ["/opt/evil/sync"]
    );
    assert_eq!(
        seen.programs("cron_environment", &format!("{tab}: BASH_ENV")),
        ["/home/mia/.x"]
    );
    assert_eq!(
        seen.programs("cron_environment", &format!("{tab}: LD_PRELOAD")),
        ["/opt/a.so", "/opt/b.so"]
    );
    assert_eq!(
        seen.field("cron_environment", &format!("{tab}: PATH"), "value"),
        "/opt/evil:/bin"
    );
}

#[test]
fn a_new_value_changes_the_entry_and_not_its_key() {
    let value = |text: &str| only(&one("/etc/crontab", text), "cron_environment");
    let (before, after) = (value("SHELL=/bin/sh\n"), value("SHELL=/tmp/.sh\n"));
    assert_eq!(before.0, after.0);
    assert_ne!(before.1, after.1);
    let (before, after) = (value("A_KEY=1\n"), value("A_KEY=2\n"));
    assert_eq!(before, after);
    let anacron = |text: &str| only(&one("/etc/anacrontab", text), "anacron_job");
    let before = anacron("1 5 job /opt/x\n");
    for text in ["7 5 job /opt/x\n", "1 6 job /opt/x\n", "1 5 job /opt/y\n"] {
        let after = anacron(text);
        assert_eq!(before.0, after.0);
        assert_ne!(before.1, after.1);
    }
}

#[test]
fn secrets_with_broken_quotes_stay_hidden() {
    let seen = one(
        "/etc/crontab",
        "DB_PASS='s3cr3t\nexport API_TOKEN = s3cr3t\nx=y=s' '3\"\n'\n",
    );
    assert_eq!(
        seen.keys("cron_line"),
        [
            "/etc/crontab: DB_PASS=<hidden>",
            "/etc/crontab: export API_TOKEN =<hidden>",
            "/etc/crontab: '"
        ]
    );
    assert!(!format!("{seen:?}").contains("s3cr3t"));
}

#[test]
fn what_does_not_run_says_why_and_changes_when_it_does() {
    let inert = |path: &str, text: &str| {
        let seen = one(path, text);
        let job = seen.entries.iter().find(|e| e.kind == "cron_job").expect("a job");
        job.fields
            .get("inert")
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    let line = "* * * * * root /opt/x\n";
    assert_eq!(inert("/etc/cron.d/ok", line), "");
    assert_eq!(
        inert("/etc/cron.d/with.dot", line),
        "cron ignores files of such a name"
    );
    assert_eq!(
        inert("/etc/cron.d/x", line.trim_end()),
        "the last line does not end with a newline"
    );
    assert_eq!(
        inert("/etc/crontab", "@daily ghost /opt/x\n"),
        "no such user in /etc/passwd"
    );
    assert_eq!(
        inert("/var/spool/cron/crontabs/ghost", "@daily /opt/x\n"),
        "no such user in /etc/passwd"
    );
    assert_eq!(inert("/var/spool/cron/crontabs/mia", "@daily /opt/x\n"), "");
    assert_eq!(
        inert("/var/spool/cron/crontabs/.mia", "@daily /opt/x\n"),
        "cron ignores files of such a name"
    );
}

#[test]
fn spools_of_every_distribution() {
    for spool in [
        "/var/spool/cron/crontabs",
        "/var/spool/cron",
        "/var/spool/cron/tabs",
        "/etc/crontabs",
    ] {
        let path = format!("{spool}/mia");
        let seen = one(&path, "0 4 * * * /opt/x\n");
        let (key, fields) = only(&seen, "cron_job");
        assert_eq!(key, format!("{path}: 0 4 * * * /opt/x"));
        assert!(fields.contains("\"user\": mia"), "{fields}");
    }
}

#[test]
fn a_spool_with_two_names_is_listed_once() {
    let seen = debian()
        .file("/etc/alpine-release", "3.20\n")
        .file(
            "/etc/crontabs/root",
            "*/15 * * * * run-parts /etc/periodic/15min\n",
        )
        .file("/etc/crontabs/cron.update", "root\n")
        .link("/var/spool/cron/crontabs", "/etc/crontabs")
        .script("/etc/periodic/15min/job", "")
        .collect::<Cron>();
    assert_eq!(
        seen.keys("cron_job"),
        ["/etc/crontabs/root: */15 * * * * run-parts /etc/periodic/15min"]
    );
    assert_eq!(seen.entries.len(), 2, "{:#?}", seen.entries);
    assert_eq!(
        seen.field("cron_script", "/etc/periodic/15min/job", "period"),
        "15min"
    );
}

#[test]
fn access_lists_are_sets() {
    let users = |text: &str| only(&one("/etc/cron.allow", text), "cron_access");
    assert_eq!(users("root\nmia\n"), users("\nmia \nroot\nmia"));
    assert_ne!(users("root\n"), users("root\nmia\n"));
    assert!(users("").1.contains("\"users\": []"));
}
