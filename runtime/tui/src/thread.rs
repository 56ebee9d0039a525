//! The screen's thread: takes in the run's events, reads keys, and draws after each change.

use std::io::{self, stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use ratatui_core::layout::Rect;
use ratatui_core::terminal::{Terminal, TerminalOptions, Viewport};
use ratatui_termion::TermionBackend;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use squall_control::Controls;

use crate::draw::{Look, Steered, draw};
use crate::keys::{Action, actions, perform};
use crate::model::{Message, Model};
use crate::tty::{self, Canvas};
use crate::{Setting, leave};

/// The interval of looking for events, and so the shortest interval of drawing without a key.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Shows the run until `end`, or until the screen is closed elsewhere. Then prints the messages again.
pub fn show(setting: Setting, messages: Receiver<Message>, wanted: &AtomicBool, end: &AtomicBool) {
    let plan = setting.controls.plan().clone();
    let mut model = Model::new(setting.name.clone(), &plan);
    // Without a screen, messages must still be taken in.
    let mut picture = Picture::new(&setting).ok();
    let mut keyboard = Keyboard { open: true };
    while !end.load(Ordering::Relaxed) && tty::is_taken() {
        let pressed = keyboard.wait();
        let mut news = !pressed.is_empty();
        for message in messages.try_iter() {
            news = true;
            model.take(message, &plan);
        }
        wanted.store(true, Ordering::Relaxed);
        for action in &pressed {
            perform(*action, &mut model, &setting.controls);
        }
        if let Some(picture) = &mut picture {
            // A failure to write to the terminal does not end the run.
            let _ = picture.show(&mut model, news, pressed.contains(&Action::Redraw));
        }
    }
    leave();
    messages.try_iter().for_each(|message| model.take(message, &plan));
    if model.lines_gone > 0 {
        (setting.print)(&format!("({} earlier lines are not kept)", model.lines_gone));
    }
    model.lines.iter().for_each(|line| (setting.print)(line));
}

struct Picture {
    terminal: Terminal<TermionBackend<Canvas>>,
    area: Rect,
    controls: Controls,
    steered: Steered,
    look: Look,
}

impl Picture {
    fn new(setting: &Setting) -> io::Result<Picture> {
        let area = tty::area();
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(TermionBackend::new(Canvas::default()), options)?;
        let look = if setting.colours { Look::Coloured } else { Look::Plain };
        let controls = setting.controls.clone();
        Ok(Picture { terminal, area, steered: Steered::of(&controls), controls, look })
    }

    /// Draws after an event, or a change of the screen or the run's state.
    fn show(&mut self, model: &mut Model, news: bool, anew: bool) -> io::Result<()> {
        let (area, steered) = (tty::area(), Steered::of(&self.controls));
        let changed = area != self.area;
        if changed || anew {
            self.terminal.resize(area)?;
        }
        if news || changed || steered != self.steered {
            (self.area, self.steered) = (area, steered);
            let (steered, look) = (&self.steered, self.look);
            self.terminal.draw(|frame| draw(frame, model, steered, look))?;
        }
        Ok(())
    }
}

struct Keyboard {
    /// Whether the screen is in use.
    open: bool,
}

impl Keyboard {
    /// Waits for keys, at most until it is time to look for events.
    fn wait(&mut self) -> Vec<Action> {
        let input = stdin();
        let mut sources = [PollFd::new(&input, PollFlags::IN)];
        let sources = if self.open { &mut sources[..] } else { &mut [] };
        match poll(sources, Some(&LOOK_EVERY)) {
            Ok(1..) => self.read(),
            _ => Vec::new(),
        }
    }

    fn read(&mut self) -> Vec<Action> {
        let mut bytes = [0; 256];
        match rustix::io::read(stdin(), &mut bytes) {
            Ok(0) => {
                self.open = false;
                Vec::new()
            }
            Ok(count) => actions(&bytes[..count]),
            Err(error) => {
                self.open = error == rustix::io::Errno::INTR;
                Vec::new()
            }
        }
    }
}
