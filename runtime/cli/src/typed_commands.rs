//! Controlling a run from the terminal: lines such as `vus 50`, typed while it goes on. Only for loads that the plan lets
//! be controlled from outside.

use std::io::{IsTerminal, stdin};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use squall_control::{Command, Controls, HELP};
use squall_load::StoppedBy;
use squall_session::Notifier;

/// How often a run in the background looks whether it has come to the foreground.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Listens on a thread of its own, if there is a terminal to listen to and the load can be controlled.
pub fn listen(controls: Controls, notifier: Arc<dyn Notifier>) {
    if !controls.can_change() || !stdin().is_terminal() {
        return;
    }
    notifier.notify(HELP);
    let follow = move || {
        while let Some(line) = next_line() {
            match follow(&line, &controls) {
                Ok(command) => notifier.notify(&command.to_string()),
                Err(sentence) => notifier.notify(&sentence),
            }
        }
    };
    // Without the thread the run goes on as planned.
    let _ = std::thread::Builder::new().name("console".to_owned()).spawn(follow);
}

fn follow(line: &str, controls: &Controls) -> Result<Command, String> {
    let command = line.parse()?;
    controls.follow(&[command], StoppedBy::Terminal)?;
    Ok(command)
}

/// The next line that is typed to this program; none when the terminal is gone.
fn next_line() -> Option<String> {
    wait_for_input();
    let mut line = String::new();
    stdin().read_line(&mut line).ok().filter(|bytes| *bytes > 0).map(|_| line)
}

/// A program in the background that reads from the terminal is stopped by the system, with all its threads: what is typed
/// then is for another program.
fn wait_for_input() {
    let terminal = stdin();
    loop {
        // An interrupted wait is as good as one that is over: reading waits, too.
        let _ = poll(&mut [PollFd::new(&terminal, PollFlags::IN)], None);
        if tcgetpgrp(&terminal).map_or(true, |foreground| foreground == getpgrp()) {
            return;
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}
