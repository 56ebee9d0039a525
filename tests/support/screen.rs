//! A terminal with a screen and keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::{Ended, KillOnDrop, Squall};

/// A `squall` whose standard input and standard error are a terminal.
pub struct OnScreen {
    program: KillOnDrop,
    folder: TempDir,
    terminal: File,
    screen: vt100::Parser,
}

impl OnScreen {
    /// Starts it at a terminal of that size.
    pub fn start(squall: Squall, columns: u16, rows: u16) -> OnScreen {
        let (mut here, mut there) = (0, 0);
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let (name, settings) = (std::ptr::null_mut(), std::ptr::null());
        // SAFETY: it writes two integers and reads a size, which live long enough, and takes null for all else.
        let opened = unsafe { libc::openpty(&mut here, &mut there, name, settings, &size) };
        assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: both were opened just now, and have no other owner.
        let (terminal, there) = unsafe { (File::from_raw_fd(here), OwnedFd::from_raw_fd(there)) };
        let error = there.try_clone().expect("a descriptor");
        let (program, folder) = squall.stdin(there.into()).start_at(error.into());
        OnScreen { program, folder, terminal, screen: vt100::Parser::new(rows, columns, 0) }
    }

    pub fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a terminal");
    }

    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Reads until all of this is on the screen at once, and returns the screen.
    #[track_caller]
    pub fn until_shown(&mut self, parts: &[&str]) -> String {
        let give_up = Instant::now() + Duration::from_secs(60);
        loop {
            let shown = self.screen.screen().contents();
            if parts.iter().all(|part| shown.contains(part)) {
                return shown;
            }
            assert!(Instant::now() < give_up && self.look(), "never showed {parts:?}:\n{shown}");
        }
    }

    /// Reads until it has ended. The terminal must be in its original state.
    #[track_caller]
    pub fn wait(mut self) -> (Ended, String) {
        while self.look() {}
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "the screen was not given back");
        let shown = screen.contents();
        assert!(self.shows_what_is_typed(), "keys still come one by one, unseen");
        (Ended::new(self.program.wait_with_output(), self.folder), shown)
    }

    /// Whether the program still has the terminal open.
    fn look(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.terminal.read(&mut bytes) {
            Ok(count @ 1..) => {
                self.screen.process(&bytes[..count]);
                true
            }
            // The last process that had it open has closed it.
            _ => false,
        }
    }

    fn shows_what_is_typed(&self) -> bool {
        // SAFETY: all zeros are settings, and they are written before they are read.
        let settings = unsafe {
            let mut settings = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(self.terminal.as_raw_fd(), &mut settings), 0);
            settings
        };
        settings.c_lflag & (libc::ECHO | libc::ICANON) == libc::ECHO | libc::ICANON
    }
}
