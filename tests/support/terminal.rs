//! A terminal to type at.

use std::fs::File;
use std::io::Write;
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::Stdio;

/// The keyboard's side of a pseudo-terminal.
pub struct Keyboard(File);

impl Keyboard {
    /// A new terminal: its keyboard, and a program's standard input.
    pub fn new() -> (Keyboard, Stdio) {
        let (mut keyboard, mut program) = (0, 0);
        let (name, settings, size) = (std::ptr::null_mut(), std::ptr::null(), std::ptr::null());
        // SAFETY: it writes two integers, which live long enough, and takes null for all optional arguments.
        let opened = unsafe { libc::openpty(&mut keyboard, &mut program, name, settings, size) };
        assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: both were opened just now, and have no other owner.
        let (keyboard, program) = unsafe { (File::from_raw_fd(keyboard), OwnedFd::from_raw_fd(program)) };
        (Keyboard(keyboard), program.into())
    }

    pub fn type_line(&mut self, line: &str) {
        writeln!(self.0, "{line}").expect("a terminal");
    }
}
