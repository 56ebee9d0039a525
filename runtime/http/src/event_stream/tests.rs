use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1_000;

/// The events of a stream that comes in these pieces, as name, id and data.
fn parse_pieces<'b>(
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Vec<(String, String, String)>, EventTooLarge> {
    let (mut parser, mut events) = (EventParser::new(LIMIT), Vec::new());
    for piece in pieces {
        parser.push(piece, |event| events.push((event.name, event.id.to_string(), event.data)))?;
    }
    Ok(events)
}

/// The events of a stream, however it is split.
fn parse(stream: &[u8]) -> Vec<(String, String, String)> {
    let events = parse_pieces([stream]).expect("within the limit");
    for cut in 0..=stream.len() {
        assert_eq!(parse_pieces([&stream[..cut], &stream[cut..]]).as_ref(), Ok(&events), "cut at {cut}");
    }
    assert_eq!(parse_pieces(stream.chunks(1)).as_ref(), Ok(&events), "byte by byte");
    events
}

fn data(stream: &[u8]) -> Vec<String> {
    parse(stream).into_iter().map(|(_, _, data)| data).collect()
}

fn event(name: &str, id: &str, data: &str) -> (String, String, String) {
    (name.to_owned(), id.to_owned(), data.to_owned())
}

#[test]
fn the_examples_of_the_standard() {
    let stocks = b"data: YHOO\ndata: +2\ndata: 10\n\n";
    assert_eq!(data(stocks), ["YHOO\n+2\n10"]);
    let stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
    let events = [event("", "1", "first event"), event("", "", "second event"), event("", "", " third event")];
    assert_eq!(parse(stream), events);
    assert_eq!(data(b"data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data(b"data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn lines_end_with_any_of_three() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = ["event: add", "data: 1", "data: 2", "", "data: 3", "", ""].join(end);
        assert_eq!(parse(stream.as_bytes()), [event("add", "", "1\n2"), event("", "", "3")], "{end:?}");
    }
    assert_eq!(data(b"data: a\r\rdata: b\r\n\ndata: c\n\r\n"), ["a", "b", "c"]);
}

#[test]
fn a_mark_is_passed_over_at_the_beginning_only() {
    assert_eq!(data(b"\xef\xbb\xbfdata: a\n\n"), ["a"]);
    assert_eq!(data(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n"), [""; 0], "the second one makes it another field");
    assert_eq!(data(b"\xef\xbbdata: a\n\ndata: b\n\n"), ["b"]);
    assert_eq!(data(b"\n\xef\xbb\xbfdata: a\n\n"), [""; 0]);
}

#[test]
fn an_id_is_kept_and_refused_with_a_nul() {
    let stream = b"id: 7\ndata: a\n\ndata: b\n\nid: 8\0\ndata: c\n\nid: 9\n\nid:\ndata: d\n\n";
    assert_eq!(parse(stream), [event("", "7", "a"), event("", "7", "b"), event("", "7", "c"), event("", "", "d")]);
}

#[test]
fn the_last_id_is_that_of_the_last_event_or_empty_line() {
    let mut parser = EventParser::new(LIMIT);
    parser.push(b"id: 7\ndata: a\n\nid: 8\ndata: b\n", |_| {}).unwrap();
    assert_eq!(&**parser.last_id(), "7", "the second event has not come");
    parser.push(b"\nid: 9\n\n", |_| {}).unwrap();
    assert_eq!(&**parser.last_id(), "9");
    let mut next = EventParser::after(LIMIT, "9");
    let mut ids = Vec::new();
    next.push(b"data: c\n\n", |event| ids.push(event.id)).unwrap();
    assert_eq!((&*ids[0], &**next.last_id()), ("9", "9"));
}

#[test]
fn no_data_no_event_and_the_name_is_forgotten() {
    assert_eq!(parse(b"event: ping\n\ndata: a\n\n"), [event("", "", "a")]);
    assert_eq!(parse(b"event: a\nevent: b\ndata: c\n\n"), [event("b", "", "c")]);
    assert_eq!(data(b"\n\n\n: comment\n\nunknown: field\ndat: a\n\n"), [""; 0]);
}

#[test]
fn retry_is_digits_alone() {
    let retry = |text: &str| {
        let mut parser = EventParser::new(LIMIT);
        parser.push(text.as_bytes(), |_| {}).unwrap();
        parser.retry()
    };
    assert_eq!(retry("retry: 1500\n"), Some(1_500));
    for refused in ["retry: -1\n", "retry: 1.5\n", "retry:\n", "retry: 1500", "retry: 99999999999999999999\n"] {
        assert_eq!(retry(refused), None, "{refused:?}");
    }
    assert_eq!(retry("retry: 5\nretry: x\n"), Some(5));
}

#[test]
fn text_that_is_not_utf8_is_replaced() {
    assert_eq!(data(b"data: a\xffb\xc3\ndata: \xc3\xbc\n\n"), ["a\u{fffd}b\u{fffd}\nü"]);
}

#[test]
fn a_large_event_is_refused_and_a_long_comment_is_not() {
    let long = "x".repeat(LIMIT);
    for stream in [
        format!("data: {long}"),
        format!("data: {long}\n\n"),
        "data: 0123456789\n".repeat(LIMIT / 10),
        format!("event: {long}\n"),
        format!("id: {long}{long}\n"),
        format!("unknown{long}"),
    ] {
        assert_eq!(parse_pieces([stream.as_bytes()]), Err(EventTooLarge(LIMIT)), "{}", &stream[..8]);
        assert_eq!(parse_pieces(stream.as_bytes().chunks(7)), Err(EventTooLarge(LIMIT)), "{}", &stream[..8]);
    }
    let fits = format!(":{long}{long}\ndata:{}\n\n", &long[..LIMIT - 10]);
    assert_eq!(data(fits.as_bytes())[0].len(), LIMIT - 10);
}

#[test]
fn memory_does_not_grow_with_the_stream() {
    let mut parser = EventParser::new(LIMIT);
    for _ in 0..1_000 {
        parser.push(b"id: 7\nevent: a\ndata: 0123456789\n\n: and so on\n", |_| {}).unwrap();
        assert!(parser.held() < 100, "{}", parser.held());
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_split_give_one_outcome(
        lines in proptest::collection::vec("(data|id|event|retry|)(: ?)?[a-c\u{e9}\0]{0,4}(\n|\r|\r\n|\n\n)", 0..12),
        noise in proptest::collection::vec(any::<u8>(), 0..8),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream = [lines.concat().as_bytes(), &noise].concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        prop_assert_eq!(parse_pieces(pieces), parse_pieces([&stream[..]]));
    }
}
