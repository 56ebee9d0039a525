//! What guests log, on its way to the observers: equal lines once, and all up to a limit, for a log that fills a disk is an
//! attack, too.

use std::sync::mpsc::Receiver;

use squall_guest::{LogLine, RepeatedLines, UntoldLines};
use squall_plan::MemorySize;

use crate::event::{Event, Observer};

/// How many different lines are remembered.
const MOST_DIFFERENT: usize = 1_000;

/// The lines of a run.
pub(crate) struct GuestLog {
    lines: Receiver<LogLine>,
    repeated: RepeatedLines,
    /// In bytes.
    limit: u64,
    written: u64,
    has_warned: bool,
}

impl GuestLog {
    pub(crate) fn new(lines: Receiver<LogLine>, limit: u64) -> GuestLog {
        let repeated = RepeatedLines::remembering(MOST_DIFFERENT);
        GuestLog { lines, repeated, limit, written: 0, has_warned: false }
    }

    /// Tells what has come.
    pub(crate) fn pass_on(&mut self, observer: &mut dyn Observer) {
        while let Ok(line) = self.lines.try_recv() {
            self.hear(line, 1, observer);
        }
    }

    /// Takes what a worker only counted. Its other lines came before.
    pub(crate) fn take(&mut self, untold: UntoldLines, observer: &mut dyn Observer) {
        self.pass_on(observer);
        for (line, times) in untold.repeated {
            self.hear(line, times, observer);
        }
        if untold.dropped > 0 && !self.has_warned {
            observer.on(&Event::LogDropped(untold.dropped));
        }
    }

    /// Tells which lines came again, and forgets them.
    pub(crate) fn sum_up(&mut self, observer: &mut dyn Observer) {
        self.pass_on(observer);
        self.tell_repeated(observer);
    }

    fn hear(&mut self, line: LogLine, times: u64, observer: &mut dyn Observer) {
        if self.repeated.is_full() {
            self.tell_repeated(observer);
        }
        if let Some(new) = self.repeated.admit(line, times)
            && self.has_room(&new, observer)
        {
            observer.on(&Event::Log(&new));
        }
    }

    fn tell_repeated(&mut self, observer: &mut dyn Observer) {
        for (line, count) in self.repeated.take() {
            if self.has_room(&line, observer) {
                observer.on(&Event::LogRepeated(&line, count));
            }
        }
    }

    /// What is beyond the limit is thrown away, after one warning.
    fn has_room(&mut self, line: &LogLine, observer: &mut dyn Observer) -> bool {
        self.written = self.written.saturating_add(line.text.len() as u64);
        let has_room = self.written <= self.limit;
        if !has_room && !std::mem::replace(&mut self.has_warned, true) {
            let limit = MemorySize(self.limit);
            observer.on(&Event::Warning(&format!(
                "the scenario has logged {limit}: the rest is not shown (limit {limit}, raise with --max-log-size)"
            )));
        }
        has_room
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
                Event::LogRepeated(line, count) => format!("{} x {count}", line.text),
                Event::LogDropped(count) => format!("{count} dropped"),
                Event::Warning(text) => (*text).to_owned(),
                other => format!("{other:?}"),
            });
        }
    }

    fn line(text: &str) -> LogLine {
        LogLine { level: Level::Info, vu: 1, flow: FlowId(0), text: text.to_owned() }
    }

    #[test]
    fn what_is_beyond_the_limit_is_said_once() {
        let (sender, lines) = std::sync::mpsc::sync_channel(10);
        for text in ["12345", "1234567890", "more", "and more"] {
            sender.send(line(text)).unwrap();
        }
        let (mut log, mut heard) = (GuestLog::new(lines, 10), Heard(Vec::new()));
        log.pass_on(&mut heard);
        assert_eq!(heard.0.len(), 2, "{:?}", heard.0);
        assert_eq!(heard.0[0], "12345");
        assert!(heard.0[1].contains("limit 10 bytes, raise with --max-log-size"), "{}", heard.0[1]);
        log.take(UntoldLines { repeated: vec![(line("12345"), 7)], dropped: 3 }, &mut heard);
        log.sum_up(&mut heard);
        assert_eq!(heard.0.len(), 2, "{:?}", heard.0);
    }

    /// 6,528 equal lines of two workers: each sends its first, and counts the others.
    #[test]
    fn equal_lines_are_told_once_and_summed_up() {
        let (sender, lines) = std::sync::mpsc::sync_channel(10);
        let (mut log, mut heard) = (GuestLog::new(lines, 1 << 20), Heard(Vec::new()));
        for repeats in [6_000, 526] {
            sender.send(line("no stock")).unwrap();
            log.take(UntoldLines { repeated: vec![(line("no stock"), repeats)], dropped: 0 }, &mut heard);
        }
        // Its first line did not fit into the channel.
        log.take(UntoldLines { repeated: vec![(line("late"), 2)], dropped: 1 }, &mut heard);
        log.sum_up(&mut heard);
        log.sum_up(&mut heard);
        assert_eq!(heard.0, ["no stock", "late", "1 dropped", "no stock x 6527", "late x 1"]);
    }

    #[test]
    fn memory_is_bounded_by_summing_up_early() {
        let (_sender, lines) = std::sync::mpsc::sync_channel(1);
        let (mut log, mut heard) = (GuestLog::new(lines, 1 << 20), Heard(Vec::new()));
        let different = (0..MOST_DIFFERENT).map(|number| (line(&format!("{number}")), 2)).collect();
        log.take(UntoldLines { repeated: different, dropped: 0 }, &mut heard);
        assert_eq!(heard.0.len(), MOST_DIFFERENT);
        log.take(UntoldLines { repeated: vec![(line("one more"), 1)], dropped: 0 }, &mut heard);
        assert_eq!(heard.0.len(), 2 * MOST_DIFFERENT + 1);
        assert_eq!(heard.0[MOST_DIFFERENT], "0 x 1");
    }
}
