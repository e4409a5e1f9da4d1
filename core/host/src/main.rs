//! `assay-host`: one process for one module and one scan.
//!
//! Its one argument says how to confine itself. It builds the walls, and then loads the module that it holds open as
//! descriptor 3, reads the request from standard input and writes the module's records to standard output; or, when the
//! module is a script, executes it in its own place. It is started by the core and is of no use by hand. It ends with
//! the scan: whatever a module does to its process is gone with it.

mod module;
mod sandbox;
mod script;
mod sys;

use anyhow::{Context as _, Result, bail};
use assay_model::{Confine, LogLevel, Operation, Record, Request, Script};
use std::io;
use std::os::fd::BorrowedFd;
use std::process::ExitCode;

/// The descriptor that the core leaves open: the module file it has checked.
const MODULE: i32 = 3;
/// The descriptor of the checked interpreter of a script that has one.
const INTERPRETER: i32 = 4;

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
    let confine = std::env::args().nth(1).context("assay starts this program")?;
    let confine: Confine = serde_json::from_str(&confine).context("the argument is no confinement")?;
    // Whoever started the core may have left descriptors open that are none of a module's business.
    let interpreted = confine
        .script
        .as_ref()
        .is_some_and(|script| script.interpreter.is_some());
    sys::close_from(if interpreted { INTERPRETER + 1 } else { MODULE + 1 });
    let exec = confine
        .script
        .as_ref()
        .map(|script| script::prepare(&confine, script));
    let exec = exec.transpose()?;

    // The walls come first: loading a library already runs its code.
    module::say(&Record::Sandbox(sandbox::enter(&confine, exec.as_ref())?));
    match exec {
        Some(exec) => Err(exec.run()).with_context(|| format!("cannot execute `{}`", confine.module)),
        None => native(&confine),
    }
}

/// Does for a shared library what a script does itself: reads the request, says `hello` and `done`.
fn native(confine: &Confine) -> Result<()> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("read the request")?;
    let request: Request = serde_json::from_str(&line).context("the line is no request")?;
    let module = module::load(confine)?;
    module::say_raw(&module.hello()?);
    if request.op == Operation::Collect {
        let status = module.collect(line.trim_end());
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

/// The module file, as it was checked.
fn module_file() -> BorrowedFd<'static> {
    // SAFETY: the core leaves this descriptor open for the life of the process.
    unsafe { BorrowedFd::borrow_raw(MODULE) }
}

/// What is executed for a script: its interpreter, or the script itself.
fn program_file(script: &Script) -> BorrowedFd<'static> {
    let descriptor = if script.interpreter.is_some() {
        INTERPRETER
    } else {
        MODULE
    };
    // SAFETY: as above.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}
