//! A sign of life on a terminal, once a run takes over a second.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    sender: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting; shows nothing when standard error is no terminal.
    pub(crate) fn start() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self {
                sender: None,
                thread: None,
            };
        }
        let (sender, receiver) = channel::<String>();
        let thread = std::thread::spawn(move || {
            let mut message = "modules are looking".to_owned();
            let shown_at = std::time::Instant::now() + PATIENCE;
            let mut bar: Option<ProgressBar> = None;
            loop {
                let now = std::time::Instant::now();
                let wait = if bar.is_some() {
                    Duration::from_millis(100)
                } else {
                    shown_at.saturating_duration_since(now)
                };
                match receiver.recv_timeout(wait) {
                    Ok(new) => message = new,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if bar.is_none() && std::time::Instant::now() >= shown_at {
                    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
                    bar = Some(
                        ProgressBar::new_spinner()
                            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())),
                    );
                }
                if let Some(bar) = &bar {
                    bar.set_message(message.clone());
                    bar.tick();
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        Self {
            sender: Some(sender),
            thread: Some(thread),
        }
    }

    /// Says what is being done.
    pub(crate) fn say(&self, message: String) {
        if let Some(sender) = &self.sender {
            _ = sender.send(message);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
