//! The times of a stream's events and tokens, as samples. It reads no clock: all times are those of reads of the socket,
//! and the events of one read share it.

use squall_metrics::{Nanos, StreamCell};

use crate::json_pointer::JsonPointer;

/// When the events of a stream came.
#[derive(Debug, Default)]
pub(super) struct EventTimes {
    last: Option<Nanos>,
}

/// The time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventTime {
    /// So long after the request began to be sent.
    First(Nanos),
    /// So long after the event before.
    Next(Nanos),
}

impl EventTimes {
    /// Notes an event of a stream whose request began to be sent at `sent`.
    pub(super) fn note(&mut self, sent: Nanos, at: Nanos) -> EventTime {
        match self.last.replace(at) {
            None => EventTime::First(at.since(sent)),
            Some(last) => EventTime::Next(at.since(last)),
        }
    }
}

impl EventTime {
    pub(super) fn record(self, cell: &mut StreamCell) {
        cell.events += 1;
        match self {
            EventTime::First(time) => cell.first_event.record(time),
            EventTime::Next(gap) => cell.event_gap.record(gap),
        }
    }
}

/// The greatest count of tokens that a server is believed.
const MOST_TOKENS: u64 = 1_000_000_000;
/// The most places at which tokens are looked for.
pub(super) const MOST_PLACES: usize = 8;

/// The tokens of a stream.
#[derive(Debug, Default)]
pub(super) struct TokenCount {
    /// Where events with tokens have a text that is not empty.
    texts: Vec<JsonPointer>,
    /// Where the server says how many tokens there were.
    total: Option<JsonPointer>,
    first: Option<Nanos>,
    last: Nanos,
    /// Events with tokens.
    events: u64,
    /// The server's count.
    counted: Option<u64>,
}

/// An event with tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEvent {
    First,
    /// So long after the one before.
    Next(Nanos),
}

impl TokenCount {
    pub(super) fn is_asked_for(&self) -> bool {
        !self.texts.is_empty() || self.total.is_some()
    }

    /// Looks there, too. Returns whether there is room for another place.
    pub(super) fn ask(&mut self, text: JsonPointer, total: Option<JsonPointer>) -> bool {
        if self.texts.len() >= MOST_PLACES {
            return false;
        }
        self.texts.push(text);
        self.total = total.or(self.total.take());
        true
    }

    /// Looks for tokens in an event.
    pub(super) fn look(&mut self, data: &str, at: Nanos) -> Option<TokenEvent> {
        let counted = self.total.as_ref().and_then(|total| total.find(data)?.parse().ok());
        self.counted = counted.filter(|count| *count <= MOST_TOKENS).or(self.counted);
        if !self.texts.iter().any(|text| text.has_text(data)) {
            return None;
        }
        self.events += 1;
        let last = std::mem::replace(&mut self.last, at);
        match self.first {
            Some(_) => Some(TokenEvent::Next(at.since(last))),
            None => {
                self.first = Some(at);
                Some(TokenEvent::First)
            }
        }
    }

    /// Records the sums of a stream that has ended, or that the guest has dropped; of one that broke only the tokens that
    /// came.
    pub(super) fn record_end(&self, is_whole: bool, cell: &mut StreamCell) {
        let tokens = self.counted.unwrap_or(self.events);
        cell.output_tokens += tokens;
        if let Some(first) = self.first
            && is_whole
            && self.events >= 2
            && tokens >= 2
        {
            cell.time_per_output_token.record(Nanos(self.last.since(first).0 / (tokens - 1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(time: u64) -> Nanos {
        Nanos(time * 1_000_000)
    }

    fn sum(histogram: &squall_metrics::Histogram) -> (u64, Nanos) {
        (histogram.count(), histogram.sum())
    }

    #[test]
    fn the_first_event_counts_from_the_request_and_the_others_from_the_one_before() {
        let (mut times, mut cell) = (EventTimes::default(), StreamCell::default());
        for at in [130, 150, 150, 200] {
            times.note(millis(100), millis(at)).record(&mut cell);
        }
        assert_eq!((cell.events, sum(&cell.first_event), sum(&cell.event_gap)), (4, (1, millis(30)), (3, millis(70))));
    }

    fn pointer(text: &str) -> JsonPointer {
        JsonPointer::parse(text).expect("a pointer")
    }

    fn count(events: &[(&str, u64)], is_whole: bool) -> (Vec<Option<TokenEvent>>, StreamCell) {
        let (mut tokens, mut cell) = (TokenCount::default(), StreamCell::default());
        assert!(!tokens.is_asked_for() && tokens.ask(pointer("/text"), Some(pointer("/usage/n"))));
        let found = events.iter().map(|(data, at)| tokens.look(data, millis(*at))).collect();
        tokens.record_end(is_whole, &mut cell);
        (found, cell)
    }

    #[test]
    fn an_empty_text_is_not_a_token() {
        use TokenEvent::{First, Next};
        let events = [(r#"{"text":""}"#, 10), (r#"{"text":"a"}"#, 20), ("[DONE]", 30), (r#"{"text":"b"}"#, 50)];
        let (found, cell) = count(&events, true);
        assert_eq!(found, [None, Some(First), None, Some(Next(millis(30)))]);
        assert_eq!((cell.output_tokens, sum(&cell.time_per_output_token)), (2, (1, millis(30))));
    }

    #[test]
    fn the_server_s_count_comes_first() {
        let events = [(r#"{"text":"a"}"#, 20), (r#"{"text":"bcd"}"#, 50), (r#"{"usage":{"n":4}}"#, 51)];
        let (_, cell) = count(&events, true);
        assert_eq!((cell.output_tokens, sum(&cell.time_per_output_token)), (4, (1, millis(10))));
    }

    #[test]
    fn a_count_that_cannot_be_is_not_believed() {
        for count in ["18446744073709551615", "1000000001", "-1", "1.5", "\"7\"", "null"] {
            let usage = format!(r#"{{"usage":{{"n":{count}}}}}"#);
            let (_, cell) = self::count(&[(r#"{"text":"a"}"#, 20), (&usage, 50)], true);
            assert_eq!(cell.output_tokens, 1, "{count}");
        }
    }

    #[test]
    fn a_broken_stream_has_tokens_but_no_time_for_each() {
        let (_, cell) = count(&[(r#"{"text":"a"}"#, 20), (r#"{"text":"b"}"#, 50)], false);
        assert_eq!((cell.output_tokens, cell.time_per_output_token.count()), (2, 0));
        let (_, cell) = count(&[(r#"{"text":"a"}"#, 20)], true);
        assert_eq!((cell.output_tokens, cell.time_per_output_token.count()), (1, 0));
    }

    #[test]
    fn there_is_a_limit_to_places() {
        let mut tokens = TokenCount::default();
        let taken = (0..20).filter(|_| tokens.ask(pointer("/a"), None)).count();
        assert_eq!(taken, MOST_PLACES);
    }
}
