//! `assay`: flags, tables and messages. What they are about is in `assay-engine`.
#![forbid(unsafe_code)]

mod args;
mod context;
mod doctor;
mod guard;
mod install;
mod look;
mod module_check;
mod module_new;
mod module_run;
mod progress;
mod run;
mod show;
mod status;
mod table;
mod tell;
mod verify;
mod watch;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        // clap's own exit code for a mistake is 2, which here means that changes were found.
        Err(mistake) => {
            // Nobody is left to tell when the stream is gone.
            _ = mistake.print();
            return if mistake.use_stderr() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let is_run = matches!(args.command, args::Command::Run(_));
    if is_run && let Some(code) = guard::elsewhere() {
        return code;
    }
    let code = outcome(dispatch(&args));
    if is_run {
        guard::done(code);
    }
    code
}

fn outcome(done: anyhow::Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(error) => {
            // `assay list | head` is no failure of ours.
            let broken_pipe = error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
                .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe);
            if broken_pipe {
                return ExitCode::SUCCESS;
            }
            context::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &args::Args) -> anyhow::Result<ExitCode> {
    use args::{Command, ConfigCommand, ModuleCommand};
    let common = &args.common;
    let done = |()| ExitCode::SUCCESS;
    match &args.command {
        Command::Run(run) => run::run(common, run),
        Command::Watch => watch::watch(common).map(done),
        Command::Status => status::status(common).map(done),
        Command::List { kind } => look::list(common, kind.as_deref()).map(done),
        Command::Show { key } => show::show(common, key).map(done),
        Command::Alerts(alerts) => look::alerts(common, alerts).map(done),
        Command::Accept(accept) => run::accept(common, accept).map(done),
        Command::Install(install) => install::install(common, install),
        Command::Uninstall { dry_run } => install::uninstall(common, *dry_run).map(done),
        Command::Doctor => doctor::doctor(common),
        Command::Verify(verify) => verify::verify(common, verify),
        Command::Kinds => look::kinds(common),
        Command::Module {
            command: ModuleCommand::List,
        } => look::modules(common).map(done),
        Command::Module {
            command: ModuleCommand::Trust { path },
        } => run::trust(common, path).map(done),
        Command::Module {
            command: ModuleCommand::New(new),
        } => module_new::new(common, new).map(done),
        Command::Module {
            command: ModuleCommand::Check { path },
        } => module_check::check(common, path),
        Command::Module {
            command: ModuleCommand::Run { path },
        } => module_run::run(common, path).map(done),
        Command::Config {
            command: ConfigCommand::Check,
        } => look::config_check(common),
        Command::Config {
            command: ConfigCommand::Show,
        } => look::config_show(common).map(done),
    }
}
