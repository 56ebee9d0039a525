//! The current input of a thread, for code that can only stop it by ending the process: the allocator, and a watchdog
//! for inputs that never end.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::files::keep_failed;

/// Even on a busy machine, no input takes this long.
const FOR_EVER: Duration = Duration::from_secs(120);

/// An input, with its target and its name.
pub(crate) type Current = (&'static str, String, Vec<u8>);

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// Stores the thread's current input.
pub(crate) fn set_current(current: Option<Current>) {
    CURRENT.set(current);
}

/// Saves the thread's current input, and ends the process.
pub(crate) fn give_up_on_current(why: &str) {
    if let Some(current) = CURRENT.take() {
        give_up(current, why);
    }
}

#[allow(clippy::print_stderr)]
fn give_up((target, name, input): Current, why: &str) -> ! {
    let place = keep_failed(target, &name, &input);
    eprintln!("{target}, {name}: {why}; the input is in {place}");
    std::process::abort();
}

/// Receives each input; notices if none follows.
pub(crate) fn watch() -> SyncSender<Current> {
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || wait_for_ever(&told));
    tell
}

fn wait_for_ever(told: &Receiver<Current>) {
    let mut current = None;
    loop {
        match (told.recv_timeout(FOR_EVER), current.take()) {
            (Ok(next), _) => current = Some(next),
            (Err(RecvTimeoutError::Timeout), Some(current)) => give_up(current, "it does not come to an end"),
            (Err(RecvTimeoutError::Timeout), None) => {}
            (Err(RecvTimeoutError::Disconnected), _) => return,
        }
    }
}
