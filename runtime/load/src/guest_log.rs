//! What guests log, on its way to whoever listens: up to a limit, for a log that fills a disk is an attack, too.

use std::sync::mpsc::Receiver;

use squall_guest::LogLine;
use squall_plan::MemorySize;

use crate::event::{Event, Observer};

/// The lines of a run.
pub(crate) struct GuestLog {
    lines: Receiver<LogLine>,
    /// In bytes.
    limit: u64,
    written: u64,
    has_warned: bool,
}

impl GuestLog {
    pub(crate) fn new(lines: Receiver<LogLine>, limit: u64) -> GuestLog {
        GuestLog { lines, limit, written: 0, has_warned: false }
    }

    /// Whether nothing more is told.
    pub(crate) fn is_full(&self) -> bool {
        self.has_warned
    }

    /// Tells what has come; what is beyond the limit is thrown away, after one warning.
    pub(crate) fn pass_on(&mut self, observer: &mut dyn Observer) {
        while let Ok(line) = self.lines.try_recv() {
            self.written = self.written.saturating_add(line.text.len() as u64);
            if self.written <= self.limit {
                observer.on(&Event::Log(&line));
            } else if !std::mem::replace(&mut self.has_warned, true) {
                let limit = MemorySize(self.limit);
                observer.on(&Event::Warning(&format!(
                    "the scenario has logged {limit}: the rest is not shown (limit {limit}, raise with --max-log-size)"
                )));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use squall_guest::Level;
    use squall_metrics::FlowId;

    use super::*;

    struct Heard(Vec<String>);

    impl Observer for Heard {
        fn on(&mut self, event: &Event<'_>) {
            self.0.push(match event {
                Event::Log(line) => line.text.clone(),
                Event::Warning(text) => (*text).to_owned(),
                other => format!("{other:?}"),
            });
        }
    }

    #[test]
    fn what_is_beyond_the_limit_is_said_once() {
        let (sender, lines) = std::sync::mpsc::sync_channel(10);
        for text in ["12345", "1234567890", "more", "and more"] {
            sender.send(LogLine { level: Level::Info, vu: 1, flow: FlowId(0), text: text.to_owned() }).unwrap();
        }
        let (mut log, mut heard) = (GuestLog::new(lines, 10), Heard(Vec::new()));
        log.pass_on(&mut heard);
        assert_eq!(heard.0.len(), 2, "{:?}", heard.0);
        assert_eq!(heard.0[0], "12345");
        assert!(heard.0[1].contains("limit 10 bytes, raise with --max-log-size"), "{}", heard.0[1]);
        assert!(log.is_full());
    }
}
