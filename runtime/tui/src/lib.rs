//! `squall run --tui`: a run on the whole screen, with charts, tables and keys. docs/screen.md.
//!
//! One thread draws and reads keys; the run's events reach it over a bounded channel, and the run never waits for it.
//! The model and the drawing know no terminal; only `tty` does. Must not know how a run is made; squall-control decides
//! whether a key's command is allowed.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod charts;
mod columns;
mod draw;
mod keys;
mod model;
mod scenarios;
mod tables;
#[cfg(test)]
mod tests;
mod thread;
mod time_scale;
mod tty;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use squall_control::Controls;
use squall_load::{Event, Observer};

use model::{Message, Phase};

pub use scenarios::scenario_progress_lines;
pub use tty::leave;

/// The most events that wait to be drawn. The thread takes them ten times a second.
const WAITING: usize = 1_024;

/// The screen's settings.
pub struct Setting {
    /// The scenario's name in the command.
    pub name: String,
    /// The controls of the run, and its plan.
    pub controls: Controls,
    /// Whether colours are allowed.
    pub colours: bool,
    /// Prints a line to standard error, after the screen is closed.
    pub print: fn(&str),
}

/// The full screen, until dropped. Then all its messages are printed again to standard error.
pub struct Screen {
    notifier: ScreenNotifier,
    /// Whether more events may be sent.
    wanted: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Shows messages on the screen, from any thread.
#[derive(Clone)]
pub struct ScreenNotifier {
    messages: SyncSender<Message>,
    print: fn(&str),
}

impl ScreenNotifier {
    /// Shows a line. After the screen is closed, it goes to standard error.
    pub fn say(&self, text: &str) {
        if let Err(TrySendError::Disconnected(_)) = self.messages.try_send(Message::Line(text.to_owned())) {
            (self.print)(text);
        }
    }

    /// If the screen does not keep up, a later event replaces this one.
    fn tell(&self, message: Message) {
        let _ = self.messages.try_send(message);
    }
}

impl Screen {
    /// Opens the screen.
    ///
    /// # Errors
    /// If the terminal has no screen: a sentence.
    pub fn open(setting: Setting) -> Result<Screen, String> {
        tty::enter()?;
        let (sender, messages) = sync_channel(WAITING);
        let (wanted, end) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (to_want, to_end) = (Arc::clone(&wanted), Arc::clone(&end));
        let notifier = ScreenNotifier { messages: sender, print: setting.print };
        let show = move || thread::show(setting, messages, &to_want, &to_end);
        match std::thread::Builder::new().name("screen".to_owned()).spawn(show) {
            Ok(thread) => Ok(Screen { notifier, wanted, end, thread: Some(thread) }),
            Err(error) => {
                leave();
                Err(error.to_string())
            }
        }
    }

    /// For other parts of the program that show messages.
    pub fn notifier(&self) -> ScreenNotifier {
        self.notifier.clone()
    }
}

impl Observer for Screen {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Setup => self.notifier.tell(Message::Phase(Phase::Setup)),
            Event::Load { .. } => self.notifier.tell(Message::Phase(Phase::Load)),
            Event::Teardown => self.notifier.tell(Message::Phase(Phase::Teardown)),
            Event::Progress(progress) => self.notifier.tell(Message::Progress(Box::new((*progress).clone()))),
            // Copied only after earlier events have been drawn.
            Event::Measured(totals) if self.wanted.swap(false, Ordering::Relaxed) => {
                self.notifier.tell(Message::Measured(Box::new(totals.without_history())));
            }
            _ => {}
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it failed, its panic has been reported.
            let _ = thread.join();
        }
        leave();
    }
}
