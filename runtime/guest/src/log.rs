//! What guests say: lines of text, tagged with who said them, on their way to the terminal.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::SyncSender;

use squall_metrics::FlowId;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever writes the scenario.
    Debug,
    /// For whoever runs it; also what the guest wrote to its standard output.
    Info,
    /// Something is odd; also what the guest wrote to its standard error.
    Warn,
    /// Something is wrong.
    Error,
}

/// A line that a guest wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The virtual user, from 1; 0 outside of any.
    pub vu: u32,
    /// The flow it was in.
    pub flow: FlowId,
    /// The text, without control characters.
    pub text: String,
}

/// Takes lines, or counts them where they come faster than anybody could read.
/// Clones count together.
#[derive(Clone, Debug)]
pub struct LogSink {
    lines: SyncSender<LogLine>,
    dropped: Rc<Cell<u64>>,
}

/// The longest line that is kept, in bytes.
const LONGEST_LINE: usize = 4096;

impl LogSink {
    /// A sink into a bounded channel. What does not fit is dropped and counted: a talkative guest never slows the load.
    pub fn new(lines: SyncSender<LogLine>) -> LogSink {
        LogSink { lines, dropped: Rc::default() }
    }

    /// Writes each line of a text.
    pub fn write(&self, level: Level, vu: u32, flow: FlowId, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = LogLine { level, vu, flow, text: printable(line) };
            if self.lines.try_send(line).is_err() {
                self.dropped.set(self.dropped.get() + 1);
            }
        }
    }

    /// How many lines were dropped since this was last asked.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.take()
    }
}

/// A guest's text with nothing in it that would steer a terminal, and cut to a line that fits a log.
pub(crate) fn printable(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(LONGEST_LINE)];
    cut.chars().map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_do_not_get_through() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let sink = LogSink::new(sender);
        sink.write(Level::Info, 1, FlowId(0), "one\ntwo\n\nthree");
        assert_eq!(sink.take_dropped(), 2);
        assert_eq!(receiver.try_iter().map(|line| line.text).collect::<Vec<_>>(), ["one"]);
    }
}
