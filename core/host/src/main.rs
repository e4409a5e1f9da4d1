//! `assay-host`: one process for one module and one scan.
//!
//! It reads two lines from standard input, how to confine itself and the request; builds the walls; loads the
//! module that it holds open as descriptor 3; and writes the module's records to standard output. It is started by
//! the core and is of no use by hand. It ends with the scan: whatever a module does to its process is gone with it.

mod module;
mod sandbox;
mod sys;

use anyhow::{Context as _, Result, bail};
use assay_model::{Confine, LogLevel, Operation, Record, Request};
use std::io::{self, BufRead as _};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The core takes the last error as the reason; without `done` the scan has failed in any case.
            module::say(&Record::Log {
                level: LogLevel::Error,
                text: format!("{error:#}"),
            });
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut lines = io::stdin().lock().lines();
    let mut line = || {
        lines
            .next()
            .context("standard input ended")?
            .context("read standard input")
    };
    let confine: Confine = serde_json::from_str(&line()?).context("the first line is no confinement")?;
    let request_line = line()?;
    let request: Request = serde_json::from_str(&request_line).context("the second line is no request")?;
    drop(lines);

    // The walls come first: loading a library already runs its code.
    module::say(&Record::Sandbox(sandbox::enter(
        &confine,
        &request.root,
        Duration::from_millis(request.deadline_ms),
    )?));
    let module = module::load(&confine)?;
    module::say_raw(&module.hello()?);
    if request.op == Operation::Collect {
        let status = module.collect(&request_line);
        if status != assay_abi::OK {
            bail!("the module answered {}", module::status_name(status));
        }
        if module::stopped() {
            bail!("a record of the module was refused");
        }
    }
    module::say(&Record::Done {
        entries: module::entries_sent(),
    });
    Ok(())
}
