//! Log lines of guests, tagged with their virtual user, for the terminal.

mod repeats;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use squall_metrics::{FlowId, Registry, plain};
use squall_plan::Limits;

pub use repeats::RepeatedLines;

/// Importance of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For the author of the scenario.
    Debug,
    /// For the person who runs it; also the guest's standard output.
    Info,
    /// Something is odd; also the guest's standard error.
    Warn,
    /// Something is wrong.
    Error,
}

/// A line that a guest wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The line's importance.
    pub level: Level,
    /// The virtual user, from 1; 0 outside of any.
    pub vu: u32,
    /// The flow it was in.
    pub flow: FlowId,
    /// The text, without secrets, and with nothing that would steer a terminal or a CI system.
    pub text: String,
}

/// Takes lines; equal ones, and those that do not fit into the channel, are only counted. Clones count together.
#[derive(Clone, Debug)]
pub struct LogSink {
    lines: SyncSender<LogLine>,
    /// Knows the secrets.
    registry: Arc<Registry>,
    counted: Rc<RefCell<Counted>>,
}

#[derive(Debug)]
struct Counted {
    repeated: RepeatedLines,
    dropped: u64,
}

/// What was written and did not go into the channel.
#[derive(Debug, Default)]
pub struct UntoldLines {
    /// Lines that were written again, and how often.
    pub repeated: Vec<(LogLine, u64)>,
    /// Number of lines that did not fit.
    pub dropped: u64,
}

/// How many different lines are told apart from one look to the next.
const MOST_DIFFERENT: usize = 100;

/// Maximum bytes of a text that are written: more is not read, and cutting it into lines would delay the other virtual
/// users.
const LONGEST_TEXT: usize = 64 << 10;

impl LogSink {
    /// A sink into a bounded channel. Lines that do not fit are dropped and counted: a talkative guest never slows the
    /// load.
    pub fn new(lines: SyncSender<LogLine>, registry: Arc<Registry>) -> LogSink {
        let counted = Counted { repeated: RepeatedLines::remembering(MOST_DIFFERENT), dropped: 0 };
        LogSink { lines, registry, counted: Rc::new(RefCell::new(counted)) }
    }

    /// Writes each line of a text.
    pub fn write(&self, level: Level, vu: u32, flow: FlowId, text: &str) {
        // First, because a secret may have several lines.
        let text = self.registry.hide(text, LONGEST_TEXT);
        let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
        let mut counted = self.counted.borrow_mut();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = LogLine { level, vu, flow, text: printable(line) };
            if let Some(new) = counted.repeated.admit(line, 1)
                && self.lines.try_send(new).is_err()
            {
                counted.dropped += 1;
            }
        }
    }

    /// A guest's text as it may be shown, in one line.
    pub(crate) fn presentable(&self, text: &str) -> String {
        printable(&self.registry.hide(text, Limits::LOG_LINE))
    }

    /// What was only counted since the last call.
    pub fn take_untold(&self) -> UntoldLines {
        let mut counted = self.counted.borrow_mut();
        UntoldLines { repeated: counted.repeated.take(), dropped: std::mem::take(&mut counted.dropped) }
    }
}

/// A text without secrets, with nothing in it that steers, and cut to a line that fits a log.
pub(crate) fn printable(text: &str) -> String {
    plain(&text[..text.floor_char_boundary(Limits::LOG_LINE)]).into_owned()
}

#[cfg(test)]
mod tests {
    use squall_metrics::Redactor;

    use super::*;

    fn sink(room: usize) -> (LogSink, std::sync::mpsc::Receiver<LogLine>) {
        let (sender, receiver) = std::sync::mpsc::sync_channel(room);
        (LogSink::new(sender, Arc::new(Registry::new(1).hiding(Redactor::new(["one\ntwo22\n"])))), receiver)
    }

    #[test]
    fn no_part_of_a_secret_is_written() {
        let (sink, receiver) = sink(10);
        sink.write(Level::Info, 1, FlowId(0), "a one\ntwo22\nb\ntwo22");
        sink.write(Level::Info, 1, FlowId(0), &format!("{}two22", "c".repeat(Limits::LOG_LINE - 3)));
        let lines: Vec<String> = receiver.try_iter().map(|line| line.text).collect();
        assert_eq!(lines[..2], ["a ***b", "***"]);
        assert!(lines[2].ends_with("ccc***"));
    }

    #[test]
    fn a_line_has_4_kib() {
        let (sink, receiver) = sink(10);
        for length in [4 << 10, (4 << 10) + 1, 60 << 10] {
            sink.write(Level::Info, length as u32, FlowId(length as u16), &"c".repeat(length));
        }
        let lengths: Vec<usize> = receiver.try_iter().map(|line| line.text.len()).collect();
        assert_eq!(lengths, [4 << 10; 3]);
    }

    #[test]
    fn escape_codes_do_not_get_through() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }

    #[test]
    fn equal_lines_go_through_once_and_are_counted() {
        let (sink, receiver) = sink(10);
        for vu in 1..=3 {
            sink.write(Level::Info, vu, FlowId(0), "again\nonce more");
        }
        sink.write(Level::Info, 1, FlowId(0), "else");
        let texts =
            |lines: Vec<(LogLine, u64)>| lines.into_iter().map(|(line, count)| (line.text, count)).collect::<Vec<_>>();
        assert_eq!(receiver.try_iter().map(|line| line.text).collect::<Vec<_>>(), ["again", "once more", "else"]);
        let untold = sink.take_untold();
        assert_eq!(texts(untold.repeated), [("again".to_owned(), 2), ("once more".to_owned(), 2)]);
        assert_eq!((untold.dropped, sink.take_untold().repeated), (0, Vec::new()));
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let (sink, receiver) = sink(1);
        sink.write(Level::Info, 1, FlowId(0), "first\nsecond\n\nthird");
        assert_eq!(sink.take_untold().dropped, 2);
        assert_eq!(receiver.try_iter().map(|line| line.text).collect::<Vec<_>>(), ["first"]);
    }
}
