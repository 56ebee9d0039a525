//! The terminal: turns it into a screen, and restores it on every exit of the program.
//!
//! The screen is drawn on standard error, as all progress; standard output stays free for the summary. Ctrl-C stays a
//! signal, so it works whatever state the screen is in.

use std::io::{self, IsTerminal, Write, stderr, stdin};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui_core::layout::Rect;
use rustix::process::getpgrp;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};
use termion::screen::{ToAlternateScreen, ToMainScreen};
use termion::{clear, cursor, style};

/// Whether the terminal is in screen mode. Accessed only with standard error locked, so that nothing is drawn after it
/// has been restored.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The terminal's state before.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// The assumed size of a terminal that does not know its size.
const USUAL: Rect = Rect { x: 0, y: 0, width: 80, height: 24 };

/// Turns the terminal into a screen.
///
/// # Errors
/// If the terminal has no screen: a sentence.
pub fn enter() -> Result<(), String> {
    if !stderr().is_terminal() || !stdin().is_terminal() {
        return Err("it needs a terminal for standard input and standard error".to_owned());
    }
    // The system stops a process that changes a terminal from the background.
    if tcgetpgrp(stdin()).is_ok_and(|foreground| foreground != getpgrp()) {
        return Err("a run in the background has no screen".to_owned());
    }
    let now = tcgetattr(stdin()).map_err(|error| error.to_string())?;
    let settings = key_by_key(BEFORE.get_or_init(|| now));
    tcsetattr(stdin(), OptionalActions::Now, &settings).map_err(|error| error.to_string())?;
    let mut error = stderr().lock();
    TAKEN.store(true, Ordering::Relaxed);
    // A closed terminal needs no picture.
    let _ = write!(error, "{ToAlternateScreen}{}{}", clear::All, cursor::Hide);
    Ok(())
}

/// Restores the terminal, if it is in screen mode. May be called from anywhere, any number of times.
pub fn leave() {
    let mut error = stderr().lock();
    if TAKEN.swap(false, Ordering::Relaxed) {
        let _ = write!(error, "{}{}{ToMainScreen}", style::Reset, cursor::Show);
        if let Some(before) = BEFORE.get() {
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

/// Whether the terminal is in screen mode.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::Relaxed)
}

/// The screen's current size.
pub fn area() -> Rect {
    match tcgetwinsize(stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Rect::new(0, 0, size.ws_col, size.ws_row),
        _ => USUAL,
    }
}

/// Keys arrive one by one, without echo; none of them suspends or kills the program past the screen's code.
fn key_by_key(before: &Termios) -> Termios {
    let mut settings = before.clone();
    settings.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
    // Ctrl-S would stop the output.
    settings.input_modes.remove(InputModes::IXON);
    settings.special_codes[SpecialCodeIndex::VMIN] = 1;
    settings.special_codes[SpecialCodeIndex::VTIME] = 0;
    for code in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
        settings.special_codes[code] = NO_KEY;
    }
    settings
}

/// `_POSIX_VDISABLE`: the value that disables a special key.
#[cfg(target_os = "linux")]
const NO_KEY: u8 = 0;
#[cfg(not(target_os = "linux"))]
const NO_KEY: u8 = 0xff;

/// Collects a picture and writes it in one piece, if the terminal is still in screen mode.
#[derive(Default)]
pub struct Canvas(Vec<u8>);

impl Write for Canvas {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut error = stderr().lock();
        let shown = if is_taken() { error.write_all(&self.0) } else { Ok(()) };
        self.0.clear();
        shown
    }
}
