//! Keys, and their effects on the run and the screen.

use squall_control::{Command, Controls};
use squall_load::StoppedBy;
use squall_plan::{Executor, Rate};
use termion::event::{Event, Key, parse_event};

use crate::draw::Steered;
use crate::model::{Model, Tab};

/// The help texts of the keys that work in every run.
const ALWAYS: [(&str, &str); 5] = [
    ("q", "stop: no new iterations; again: at once, with a summary"),
    ("Ctrl-C", "the same; again: exit at once, without one"),
    ("Tab, 1-7", "other pages"),
    ("arrows", "scroll, turn pages"),
    ("?", "this help"),
];
/// Those of the keys that change a load.
const CHANGES: [(&str, &str); 2] =
    [("p, space", "pause, go on"), ("+ -", "a tenth more, or fewer, virtual users (or rate)")];

/// The help texts of the keys that work now.
pub fn help(steered: &Steered) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (first, rest) = ALWAYS.split_at(2);
    let changes = if steered.changeable { &CHANGES[..] } else { &[] };
    [first, changes, rest].concat().into_iter()
}

/// The most important keys that work now.
pub fn footer(steered: &Steered) -> String {
    let stop = if steered.stopping { "q stop at once" } else { "q stop" };
    let pause = if steered.paused { "p go on" } else { "p pause" };
    let changes = if steered.changeable { format!("  {pause}  + - scale") } else { String::new() };
    format!("{stop}{changes}  Tab page  ? keys")
}

/// A key's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ends the run.
    Stop,
    /// Pauses the run, or resumes it.
    PauseOrResume,
    /// A larger load.
    More,
    /// A smaller one.
    Fewer,
    /// That page.
    TurnTo(Tab),
    /// Turns this many pages.
    Turn(usize),
    /// Scrolls down by this many lines.
    Down(usize),
    /// Scrolls up by this many lines.
    Up(usize),
    /// Shows the help, or hides it.
    Help,
    /// Hides the help.
    Close,
    /// Draws the whole screen again.
    Redraw,
}

/// The actions of the terminal's input.
pub fn actions(bytes: &[u8]) -> Vec<Action> {
    let mut rest = bytes.iter().map(|byte| Ok(*byte));
    let mut actions = Vec::new();
    while let Some(Ok(first)) = rest.next() {
        match parse_event(first, &mut rest) {
            Ok(Event::Key(key)) => actions.extend(action(key)),
            // Without the rest of a sequence, it is the key Esc.
            Err(_) if first == 0x1b => actions.push(Action::Close),
            _ => {}
        }
    }
    actions
}

fn action(key: Key) -> Option<Action> {
    Some(match key {
        Key::Char('q') => Action::Stop,
        Key::Char('p' | ' ') => Action::PauseOrResume,
        Key::Char('+' | '=') => Action::More,
        Key::Char('-' | '_') => Action::Fewer,
        Key::Char('\t') | Key::Right => Action::Turn(1),
        Key::BackTab | Key::Left => Action::Turn(Tab::ALL.len() - 1),
        Key::Char(digit @ '1'..='7') => Action::TurnTo(Tab::ALL[digit as usize - '1' as usize]),
        Key::Down | Key::Char('j') => Action::Down(1),
        Key::Up | Key::Char('k') => Action::Up(1),
        Key::PageDown => Action::Down(10),
        Key::PageUp => Action::Up(10),
        Key::Char('?' | 'h') => Action::Help,
        Key::Ctrl('l') => Action::Redraw,
        _ => return None,
    })
}

/// Performs the action.
pub fn perform(action: Action, model: &mut Model, controls: &Controls) {
    // The answer to the key before has been read.
    model.answer = None;
    match action {
        Action::Stop => model.answer = Some(stop(controls)),
        Action::PauseOrResume => {
            let paused = controls.steering().is_paused();
            change(if paused { Command::Resume } else { Command::Pause }, model, controls);
        }
        Action::More => change(scaled(controls, Way::Up), model, controls),
        Action::Fewer => change(scaled(controls, Way::Down), model, controls),
        Action::TurnTo(tab) => model.turn_to(tab),
        Action::Turn(places) => model.turn_to(model.tab.after(places)),
        Action::Down(lines) => model.scroll = model.scroll.saturating_add(lines),
        Action::Up(lines) => model.scroll = model.scroll.saturating_sub(lines),
        Action::Help => model.help = !model.help,
        Action::Close => model.help = false,
        Action::Redraw => {}
    }
}

fn stop(controls: &Controls) -> String {
    if controls.steering().is_stopping() {
        controls.steering().stop_now(StoppedBy::Terminal);
        return "stopping at once".to_owned();
    }
    // Each load can be stopped.
    let stopped = controls.follow(&[Command::Stop], StoppedBy::Terminal);
    stopped.err().unwrap_or_else(|| "stopping: iterations under way may end; q again stops at once".to_owned())
}

fn change(command: Command, model: &mut Model, controls: &Controls) {
    let followed = controls.follow(&[command], StoppedBy::Terminal);
    model.answer = Some(followed.err().unwrap_or_else(|| command.to_string()));
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// A tenth more or fewer, and at least one. A load that cannot be changed gets a request that is refused with the
/// reason.
fn scaled(controls: &Controls, way: Way) -> Command {
    let steering = controls.steering();
    match controls.controlled() {
        Some(Executor::ExternallyControlled { rate: Some(rate), .. }) => {
            let now = steering.rate().unwrap_or(*rate);
            Command::Rate(Rate::new(step(now.count(), u64::MAX, way), now.per()).unwrap_or(now))
        }
        Some(Executor::ExternallyControlled { vus, max_vus, .. }) => {
            Command::Vus(step(steering.vus().unwrap_or(*vus), *max_vus, way))
        }
        _ => Command::Vus(1),
    }
}

/// At most `most`, unless it is reached already: then one more, so that the refusal explains the limit.
fn step(now: u64, most: u64, way: Way) -> u64 {
    let step = (now / 10).max(1);
    match way {
        Way::Up if now >= most => now.saturating_add(1),
        Way::Up => now.saturating_add(step).min(most),
        Way::Down => now.saturating_sub(step),
    }
}
