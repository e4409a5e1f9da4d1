//! SSH: who is let in, what a login runs, how server and clients are set up, and which keys are trusted.
//!
//! **What it sees.** Every key of `authorized_keys`, in the homes and wherever `AuthorizedKeysFile` says, with its
//! options, its fingerprint, and why it is weak; authorities that sign keys, and the names that they may sign. Every
//! setting of `sshd_config` that holds, through `Include` and under its `Match` lines: the first value wins, and what
//! stands in a comment or comes second is no setting. Settings with which a client runs or loads something or trusts
//! somebody. `sshrc`, `~/.ssh/rc` and `~/.ssh/environment`. Host keys, private keys of users, hosts whose keys or
//! users are trusted. Of a private key nothing is told but what its public half says.
//!
//! **What it cannot see.** What the server is told on its command line, which stands in files of the service (watch
//! list `init_systems`), and whether it runs. Defaults that a new version changes. The rest of a client's settings
//! (names, ports, ciphers) and `~/.ssh/known_hosts`, which change by the hour; the order of a client's `Host` lines.
//! Keys that `AuthorizedKeysCommand` prints: that command is a program like any other. Weakness that needs more than a
//! look, such as keys of a broken generator. The mode of the folder `~/.ssh`; those of its files are compared.
//!
//! A key in one of the usual places is listed even if the server is told to look elsewhere.
//!
//! ATT&CK [T1098.004](https://attack.mitre.org/techniques/T1098/004/). Formats: sshd_config(5), ssh_config(5),
//! sshd(8), hosts.equiv(5), and how OpenSSH 9.9 reads them (`readconf.c`, `servconf.c`, `auth2-pubkeyfile.c`).

mod access;
mod client;
mod config;
mod glob;
mod key;
mod kinds;
mod lister;
mod login;
mod parse;
mod server;
mod trust;

use assay_sdk::{Manifest, Module, Result, Scan, export_module};
use lister::Lister;

/// The module.
pub struct Ssh;

impl Module for Ssh {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "ssh",
            env!("CARGO_PKG_VERSION"),
            "SSH keys, server and client settings, login scripts, trust",
        );
        kinds::all().into_iter().fold(manifest, Manifest::kind).watch(&[
            "{,/private}/etc/ssh/{sshd,ssh}_config{,.d/*}",
            // Read where the usual ones are not.
            "/usr/etc/ssh/ssh*_config{,.d/*}",
            "/private/etc/ssh*_config",
            "{,/private}/etc/ssh/{sshrc,ssh_host_*_key,*.pub,ssh_known_hosts,ssh_known_hosts2,shosts.equiv}",
            "{,/private}/etc/ssh/authorized_keys{,.d}/*",
            "{,/private}/etc/{,s}hosts.equiv",
            "/etc/dropbear/authorized_keys",
            "~/.ssh/{authorized_keys,authorized_keys2,config,rc,environment,id_*}",
            "~/.ssh2/authorized_keys",
            "~/.{r,s}hosts",
        ])
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let mut lister = Lister::new(scan);
        let named = server::collect(&mut lister)?;
        access::collect(&mut lister, &named)?;
        login::collect(&mut lister)?;
        client::collect(&mut lister)?;
        trust::collect(&mut lister, &named)
    }
}

export_module!(Ssh);
