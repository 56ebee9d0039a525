//! `--tui`: a run on the whole screen while it goes on, with keys. docs/running.md has the keys.
//!
//! One thread draws and listens to keys; the run tells it what happens over a bounded channel and never waits for it. What is
//! shown (`model`) and how it looks (`draw`) know no terminal; only `tty` does. What a key may do is decided where the
//! control API's commands are (`command.rs`).

pub mod args;
mod charts;
mod columns;
mod draw;
mod keys;
mod model;
mod tables;
#[cfg(test)]
mod tests;
mod thread;
mod tty;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use squall_control::Controls;
use squall_load::{Event, Observer};

use crate::stderr::print_status;
use model::{Message, Phase};

pub use tty::leave;

/// What waits to be shown, at most. The screen empties it ten times a second.
const WAITING: usize = 1_024;

/// What is to be shown.
pub struct Setting {
    /// What the user calls the scenario.
    pub name: String,
    /// What may be done to the run; and its plan.
    pub controls: Controls,
    /// Whether there may be colours.
    pub colours: bool,
}

/// The whole screen, until dropped. Then everything that was said meanwhile is said again, where it stays.
pub struct Screen {
    teller: ScreenTeller,
    /// Whether there is room for more figures.
    wanted: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Says something on the screen, from any thread.
#[derive(Clone)]
pub struct ScreenTeller(SyncSender<Message>);

impl ScreenTeller {
    /// A line. Once the screen is gone, it goes to standard error.
    pub fn say(&self, text: &str) {
        if let Err(TrySendError::Disconnected(_)) = self.0.try_send(Message::Line(text.to_owned())) {
            print_status(text);
        }
    }

    /// If the screen does not keep up, later news are as good.
    fn tell(&self, message: Message) {
        let _ = self.0.try_send(message);
    }
}

impl Screen {
    /// Takes the screen.
    ///
    /// # Errors
    /// If there is none: a sentence.
    pub fn open(setting: Setting) -> Result<Screen, String> {
        tty::enter()?;
        let (sender, messages) = sync_channel(WAITING);
        let (wanted, end) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (to_want, to_end) = (Arc::clone(&wanted), Arc::clone(&end));
        let show = move || thread::show(setting, messages, &to_want, &to_end);
        match std::thread::Builder::new().name("screen".to_owned()).spawn(show) {
            Ok(thread) => Ok(Screen { teller: ScreenTeller(sender), wanted, end, thread: Some(thread) }),
            Err(error) => {
                leave();
                Err(error.to_string())
            }
        }
    }

    /// For others who have something to say.
    pub fn teller(&self) -> ScreenTeller {
        self.teller.clone()
    }
}

impl Observer for Screen {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Setup => self.teller.tell(Message::Phase(Phase::Setup)),
            Event::Load { .. } => self.teller.tell(Message::Phase(Phase::Load)),
            Event::Teardown => self.teller.tell(Message::Phase(Phase::Teardown)),
            Event::Progress(progress) => self.teller.tell(Message::Progress(Box::new((*progress).clone()))),
            // Copied only when what came before has been shown.
            Event::Measured(totals) if self.wanted.swap(false, Ordering::Relaxed) => {
                self.teller.tell(Message::Measured(Box::new(totals.without_history())));
            }
            _ => {}
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it failed, its panic has been told.
            let _ = thread.join();
        }
        leave();
    }
}
