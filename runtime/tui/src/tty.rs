//! The terminal itself: takes it for a screen, and gives it back as it was, on every way out of the program.
//!
//! Drawn is on standard error, as all progress; standard output stays free for the summary. Ctrl-C stays a signal, so it
//! works whatever becomes of the screen.

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

/// Whether the screen is ours. Changed and looked at only by whoever holds standard error, so that nothing is drawn once it
/// has been given back.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// How the terminal was before.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// What a terminal that does not know its size is taken for.
const USUAL: Rect = Rect { x: 0, y: 0, width: 80, height: 24 };

/// Takes the screen.
///
/// # Errors
/// If there is no screen to be had: a sentence.
pub fn enter() -> Result<(), String> {
    if !stderr().is_terminal() || !stdin().is_terminal() {
        return Err("it needs a terminal for standard input and standard error".to_owned());
    }
    // Whoever changes a terminal from the background is stopped by the system.
    if tcgetpgrp(stdin()).is_ok_and(|foreground| foreground != getpgrp()) {
        return Err("a run in the background has no screen".to_owned());
    }
    let now = tcgetattr(stdin()).map_err(|error| error.to_string())?;
    let settings = key_by_key(BEFORE.get_or_init(|| now));
    tcsetattr(stdin(), OptionalActions::Now, &settings).map_err(|error| error.to_string())?;
    let mut error = stderr().lock();
    TAKEN.store(true, Ordering::Relaxed);
    // A terminal that is gone needs no picture.
    let _ = write!(error, "{ToAlternateScreen}{}{}", clear::All, cursor::Hide);
    Ok(())
}

/// Gives it back, if it was taken. May be called by anybody, as often as they like.
pub fn leave() {
    let mut error = stderr().lock();
    if TAKEN.swap(false, Ordering::Relaxed) {
        let _ = write!(error, "{}{}{ToMainScreen}", style::Reset, cursor::Show);
        if let Some(before) = BEFORE.get() {
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

/// Whether the screen is ours, and nobody has given it back.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::Relaxed)
}

/// How large it is now.
pub fn area() -> Rect {
    match tcgetwinsize(stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Rect::new(0, 0, size.ws_col, size.ws_row),
        _ => USUAL,
    }
}

/// Keys come one by one, and are not shown; none of them suspends or kills the program behind the screen's back.
fn key_by_key(before: &Termios) -> Termios {
    let mut settings = before.clone();
    settings.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
    // Ctrl-S would stop the picture.
    settings.input_modes.remove(InputModes::IXON);
    settings.special_codes[SpecialCodeIndex::VMIN] = 1;
    settings.special_codes[SpecialCodeIndex::VTIME] = 0;
    for code in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
        settings.special_codes[code] = NO_KEY;
    }
    settings
}

/// `_POSIX_VDISABLE`: what a special code is set to that no key shall have.
#[cfg(target_os = "linux")]
const NO_KEY: u8 = 0;
#[cfg(not(target_os = "linux"))]
const NO_KEY: u8 = 0xff;

/// Collects a picture and shows it in one piece, if the screen is still ours.
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
