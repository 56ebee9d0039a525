//! Bugs of ours: a sentence instead of a backtrace, an exit code of their own, and what was measured is still printed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::stderr::print_error;

static HAPPENED: AtomicBool = AtomicBool::new(false);

/// From now on a panic is one sentence to the user.
pub fn tell_the_user() {
    std::panic::set_hook(Box::new(|info| {
        squall_tui::leave();
        let message = info.payload_as_str().unwrap_or("no message");
        HAPPENED.store(true, Ordering::Relaxed);
        let place = info.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        print_error(&format!("internal error at {place}: {message}. This is a bug in Squall: please report it"));
    }));
}

/// Whether there was one.
pub fn happened() -> bool {
    HAPPENED.load(Ordering::Relaxed)
}
