//! Controlling a run from the terminal: lines such as `vus 50`, typed while it goes on. Only for loads that the plan lets
//! be controlled from outside.

use std::io::{BufRead, IsTerminal, stdin};

use squall_load::Steering;
use squall_plan::{Executor, Rate};

use crate::terminal::say;

/// What can be typed.
const HELP: &str = "type: pause, resume, stop, vus NUMBER, or rate NUMBER/s";

/// A line, understood.
#[derive(Debug, PartialEq)]
enum Command {
    Pause,
    Resume,
    Stop,
    Vus(u64),
    Rate(Rate),
}

/// Listens on a thread of its own, if there is a terminal to listen to and the load can be controlled.
pub fn listen(executor: &Executor, steering: Steering) {
    let Executor::ExternallyControlled { max_vus, rate, .. } = executor else {
        return;
    };
    if !stdin().is_terminal() {
        return;
    }
    let (max_vus, is_open) = (*max_vus, rate.is_some());
    say(HELP);
    let follow = move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            match understand(&line, max_vus, is_open) {
                Ok(command) => carry_out(command, &steering),
                Err(sentence) => say(&sentence),
            }
        }
    };
    // Without the thread the run goes on as planned.
    let _ = std::thread::Builder::new().name("console".to_owned()).spawn(follow);
}

fn carry_out(command: Command, steering: &Steering) {
    match command {
        Command::Pause => steering.pause(),
        Command::Resume => steering.resume(),
        Command::Stop => steering.stop_gracefully(),
        Command::Vus(vus) => steering.set_vus(vus),
        Command::Rate(rate) => steering.set_rate(rate),
    }
}

fn understand(line: &str, max_vus: u64, is_open: bool) -> Result<Command, String> {
    let (word, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    match (word, value.trim()) {
        ("pause", "") => Ok(Command::Pause),
        ("resume", "") => Ok(Command::Resume),
        ("stop", "") => Ok(Command::Stop),
        ("vus", _) if is_open => Err("this load has a rate: type rate NUMBER/s".to_owned()),
        ("rate", _) if !is_open => Err("this load has virtual users and no rate: type vus NUMBER".to_owned()),
        ("vus", number) => match number.parse() {
            Ok(vus) if vus <= max_vus => Ok(Command::Vus(vus)),
            Ok(_) => Err(format!("at most {max_vus} virtual users: raise it with --max-vus")),
            Err(_) => Err(format!("{number:?} is no number of virtual users: type vus 50")),
        },
        ("rate", rate) => rate.parse().map(Command::Rate).map_err(|error| format!("{error}")),
        _ => Err(HELP.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        assert_eq!(understand(" pause ", 10, false), Ok(Command::Pause));
        assert_eq!(understand("vus 10", 10, false), Ok(Command::Vus(10)));
        assert_eq!(understand("rate 90/m", 10, true), Ok(Command::Rate("90/m".parse().unwrap())));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (line, is_open, sentence) in [
            ("", false, HELP),
            ("faster", false, HELP),
            ("vus 11", false, "at most 10 virtual users: raise it with --max-vus"),
            ("vus many", false, "\"many\" is no number of virtual users: type vus 50"),
            ("vus 5", true, "this load has a rate: type rate NUMBER/s"),
            ("rate 5/s", false, "this load has virtual users and no rate: type vus NUMBER"),
        ] {
            assert_eq!(understand(line, 10, is_open), Err(sentence.to_owned()), "{line}");
        }
    }
}
