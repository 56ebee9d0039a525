use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use super::*;
use crate::error::{ConnectionError, Refused};
use crate::frame::Frame;

const LIMITS: Limits = Limits { header_block: 64 * 1024, header_list: 65_536 };

/// Writes down what it is told.
#[derive(Clone, Debug, Default)]
struct Log(Rc<RefCell<String>>);

impl Log {
    fn line(&self, line: &str) {
        writeln!(self.0.borrow_mut(), "{line}").unwrap();
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.borrow_mut()).lines().map(str::to_owned).collect()
    }
}

impl Receiver for Log {
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refused> {
        self.line(&format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        if name == b"bad" { Err(Refused(ErrorCode::CANCEL)) } else { Ok(()) }
    }

    fn head_ended(&mut self, last: bool, at: u64) -> Result<HeadKind, Refused> {
        let interim = self.0.borrow().contains(":status: 103") && !self.0.borrow().contains(":status: 200");
        self.line(&format!("head {last} at {at}"));
        Ok(if interim { HeadKind::Interim } else { HeadKind::Final })
    }

    fn data(&mut self, data: &[u8], last: bool, at: u64) -> Result<(), Refused> {
        self.line(&format!("data {} {last} at {at}", data.len()));
        Ok(())
    }

    fn request_left(&mut self, at: u64) {
        self.line(&format!("left at {at}"));
    }

    fn room(&mut self) {
        self.line("room");
    }

    fn closed(&mut self, how: Closed, at: u64) {
        self.line(&format!("{how:?} at {at}"));
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(&mut bytes, payload.len(), kind, flags, stream);
    bytes.extend_from_slice(payload);
    bytes
}

/// ":status: 200" by its index in the static table.
const STATUS_200: &[u8] = &[0x88];

fn answer(stream: u32) -> Vec<u8> {
    let head = frame(kind::HEADERS, flag::END_HEADERS, stream, STATUS_200);
    [head, frame(kind::DATA, flag::END_STREAM, stream, b"hello")].concat()
}

fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(kind::SETTINGS, 0, 0, &payload)
}

/// The frames that wait to be sent, as "kind flags stream length"; they are sent at the time 1.
fn sent(connection: &mut Connection<Log>) -> Vec<String> {
    let output = connection.output().to_vec();
    let mut bytes = output.strip_prefix(PREFACE).unwrap_or(&output);
    let mut frames = Vec::new();
    while let Some((frame, rest)) = Frame::split(bytes).unwrap() {
        frames.push(format!("{} {:#x} {} {}", frame.kind, frame.flags, frame.stream, frame.payload.len()));
        bytes = rest;
    }
    connection.written(output.len(), 1);
    frames
}

/// A connection whose peer has greeted.
fn greeted(peer: &[(u16, u32)]) -> Connection<Log> {
    let mut connection = Connection::new(LIMITS);
    connection.receive(&settings(peer), 0).unwrap();
    sent(&mut connection);
    connection
}

fn open(connection: &mut Connection<Log>, last: bool) -> (StreamId, Log) {
    let log = Log::default();
    let id = connection.open(log.clone(), last, |head| head.field(b":method", b"GET", Indexing::Indexed));
    (id, log)
}

#[test]
fn a_client_greets_with_its_settings_and_one_large_window() {
    let connection: Connection<Log> = Connection::new(LIMITS);
    let expected = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
        \x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x06\x00\x01\x00\x00\
        \x00\x00\x04\x08\x00\x00\x00\x00\x00\x3f\xff\x00\x00";
    assert_eq!(connection.output(), expected);
}

#[test]
fn a_response_is_told_piece_by_piece_with_the_times_of_its_reads() {
    let mut connection = greeted(&[]);
    let (id, log) = open(&mut connection, true);
    assert_eq!(sent(&mut connection), ["1 0x5 1 1"]);
    let bytes = answer(1);
    connection.receive(&bytes[..3], 5).unwrap();
    connection.receive(&bytes[3..12], 6).unwrap();
    connection.receive(&bytes[12..], 7).unwrap();
    assert_eq!(log.take(), ["left at 1", ":status: 200", "head false at 6", "data 5 true at 7", "Whole at 7"]);
    let finished = connection.finish(id, ErrorCode::CANCEL).unwrap();
    assert_eq!((finished.sent, finished.received), (10, bytes.len() as u64));
    assert_eq!((connection.output().len(), connection.open_streams()), (0, 0));
}

#[test]
fn however_the_bytes_are_split_the_outcome_is_the_same() {
    let two = [settings(&[(3, 7)]), answer(1), frame(kind::PING, 0, 0, b"12345678"), answer(3)].concat();
    for size in 1..two.len() {
        let mut connection = Connection::new(LIMITS);
        let (first, second) = (open(&mut connection, true).1, open(&mut connection, true).1);
        for piece in two.chunks(size) {
            connection.receive(piece, 9).unwrap();
        }
        for log in [first, second] {
            assert_eq!(log.take(), [":status: 200", "head false at 9", "data 5 true at 9", "Whole at 9"], "{size}");
        }
        assert_eq!(connection.free_streams(), 5);
    }
}

#[test]
fn interim_heads_and_trailers_are_heads_of_the_same_stream() {
    let mut connection = greeted(&[]);
    let (_, log) = open(&mut connection, true);
    let interim = frame(kind::HEADERS, flag::END_HEADERS, 1, b"\x08\x03103");
    let head = frame(kind::HEADERS, flag::END_HEADERS, 1, STATUS_200);
    let trailers = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, b"\x00\x01a\x01b");
    connection.receive(&[interim, head, trailers].concat(), 2).unwrap();
    let expected =
        [":status: 103", "head false at 2", ":status: 200", "head false at 2", "a: b", "head true at 2", "Whole at 2"];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_head_goes_on_in_further_frames() {
    let mut connection = greeted(&[]);
    let (_, log) = open(&mut connection, true);
    let start = frame(kind::HEADERS, flag::END_STREAM, 1, &[]);
    let part = |flags, bytes: &[u8]| frame(kind::CONTINUATION, flags, 1, bytes);
    connection
        .receive(&[start, part(0, STATUS_200), part(0, b"\x00\x01a"), part(flag::END_HEADERS, b"\x01b")].concat(), 2)
        .unwrap();
    assert_eq!(log.take(), [":status: 200", "a: b", "head true at 2", "Whole at 2"]);
    sent(&mut connection);
    // And one of ours that is too long for a frame.
    let value = vec![b'\xff'; 40_000];
    connection.open(Log::default(), true, |head| head.field(b"long", &value, Indexing::NotIndexed));
    let frames = sent(&mut connection);
    assert_eq!(frames[0], "1 0x1 3 16384");
    assert_eq!(frames[1], "9 0x0 3 16384");
    assert!(frames[2].starts_with("9 0x4 3 "), "{frames:?}");
}

#[test]
fn a_body_is_sent_as_the_windows_allow() {
    let mut connection = greeted(&[(4, 20_000)]);
    let (id, log) = open(&mut connection, false);
    assert_eq!(connection.room(id), 20_000);
    connection.send(id, &[0; 20_000], false);
    assert_eq!(connection.room(id), 0);
    assert_eq!(sent(&mut connection), ["1 0x4 1 1", "0 0x0 1 16384", "0 0x0 1 3616"]);
    assert_eq!(log.take(), ["room"], "the socket has room again");
    assert_eq!(connection.room(id), 0, "but the window has not");
    connection.receive(&frame(kind::WINDOW_UPDATE, 0, 1, &500_u32.to_be_bytes()), 3).unwrap();
    assert_eq!(log.take(), ["room"]);
    assert_eq!(connection.room(id), 500);
    // The setting moves the windows of open streams, below 0 if need be.
    connection.receive(&settings(&[(4, 0)]), 4).unwrap();
    assert_eq!(connection.room(id), 0);
    connection.receive(&settings(&[(4, 19_800)]), 4).unwrap();
    assert_eq!(connection.room(id), 300);
    connection.send(id, &[1; 300], true);
    sent(&mut connection);
    assert_eq!(log.take(), ["room", "left at 1"]);
    assert_eq!(connection.send_window, 65_535 - 20_300);
}

#[test]
fn a_request_has_left_when_its_last_byte_has() {
    let mut connection = greeted(&[]);
    let (first, second) = (open(&mut connection, true).1, open(&mut connection, true).1);
    connection.written(9, 5);
    assert!(first.take().is_empty());
    connection.written(1, 6);
    assert_eq!((first.take(), second.take().len()), (vec!["left at 6".to_owned()], 0));
    connection.written(10, 7);
    assert_eq!(second.take(), ["left at 7"]);
}

#[test]
fn an_end_without_data_is_an_empty_frame() {
    let mut connection = greeted(&[]);
    let (id, _) = open(&mut connection, false);
    connection.send(id, &[], true);
    assert_eq!(sent(&mut connection), ["1 0x4 1 1", "0 0x1 1 0"]);
}

#[test]
fn our_windows_are_opened_again_as_they_are_used() {
    let mut connection = greeted(&[]);
    let (_, log) = open(&mut connection, true);
    sent(&mut connection);
    connection.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, STATUS_200), 2).unwrap();
    let data = frame(kind::DATA, 0, 1, &vec![0; LARGEST]);
    let mut updates = Vec::new();
    for _ in 0..1_030 {
        connection.receive(&data, 2).unwrap();
        updates.extend(sent(&mut connection));
    }
    assert_eq!(updates, ["8 0x0 1 4", "8 0x0 1 4"], "16 MiB: twice for the stream, not yet for the connection");
    assert_eq!(connection.receive_window, CONNECTION_WINDOW - 1_030 * LARGEST as i64);
    drop(log);
}

#[test]
fn a_stream_that_is_held_gets_no_more_than_its_window() {
    let mut connection = greeted(&[]);
    let (id, _) = open(&mut connection, true);
    connection.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, STATUS_200), 2).unwrap();
    sent(&mut connection);
    connection.hold(id, true);
    let data = frame(kind::DATA, 0, 1, &vec![0; LARGEST]);
    for _ in 0..1_024 {
        connection.receive(&data, 2).unwrap();
    }
    assert!(connection.output().is_empty());
    connection.hold(id, false);
    assert_eq!(sent(&mut connection), ["8 0x0 1 4"]);
    connection.receive(&data, 2).unwrap();
}

#[test]
fn going_away_ends_the_streams_that_were_not_looked_at() {
    let mut connection = greeted(&[]);
    let (first, second) = (open(&mut connection, true).1, open(&mut connection, true).1);
    connection.receive(&frame(kind::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]), 3).unwrap();
    assert!(!connection.is_usable());
    assert_eq!(connection.going_away(), Some(ErrorCode::NO_ERROR));
    assert_eq!((first.take().len(), second.take()), (0, vec!["NotProcessed at 3".to_owned()]));
    connection.receive(&answer(1), 4).unwrap();
    assert_eq!(first.take().last().unwrap(), "Whole at 4");
    connection.lose(5);
    assert!(first.take().is_empty() && second.take().is_empty(), "each was told its end once");
}

#[test]
fn resets_are_told_with_their_reason() {
    let mut connection = greeted(&[]);
    for (code, expected) in [(7, "Refused at 3"), (2, "Reset(ErrorCode(2)) at 3")] {
        let (id, log) = open(&mut connection, false);
        connection.receive(&frame(kind::RST_STREAM, 0, id.0, &u32::to_be_bytes(code)), 3).unwrap();
        assert_eq!(log.take(), [expected]);
        sent(&mut connection);
        connection.finish(id, ErrorCode::CANCEL);
        assert!(connection.output().is_empty(), "what is reset is not reset again");
    }
    // An early answer to an upload.
    let (id, log) = open(&mut connection, false);
    connection.receive(&[answer(id.0), frame(kind::RST_STREAM, 0, id.0, &[0; 4])].concat(), 4).unwrap();
    assert_eq!(log.take().last().unwrap(), "Whole at 4");
}

#[test]
fn a_stream_that_is_given_up_is_reset_and_its_rest_is_ignored() {
    let mut connection = greeted(&[]);
    let (id, log) = open(&mut connection, true);
    sent(&mut connection);
    log.take();
    connection.finish(id, ErrorCode::CANCEL);
    assert_eq!(sent(&mut connection), ["3 0x0 1 4"]);
    // Its header block still enters the table.
    connection.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, b"\x88\x40\x01a\x01b"), 3).unwrap();
    connection.receive(&frame(kind::DATA, flag::END_STREAM, 1, b"x"), 3).unwrap();
    let (_, next) = open(&mut connection, true);
    connection.receive(&frame(kind::HEADERS, 5, 3, b"\x88\xbe"), 4).unwrap();
    assert_eq!(next.take(), [":status: 200", "a: b", "head true at 4", "Whole at 4"]);
    assert!(log.take().is_empty());
}

#[test]
fn what_a_receiver_refuses_is_reset() {
    let mut connection = greeted(&[]);
    let (_, log) = open(&mut connection, true);
    sent(&mut connection);
    connection.receive(&frame(kind::HEADERS, flag::END_HEADERS, 1, b"\x88\x00\x03bad\x00"), 3).unwrap();
    assert_eq!(sent(&mut connection), ["3 0x0 1 4"]);
    assert_eq!(log.take(), ["left at 1", ":status: 200", "bad: "]);
}

#[test]
fn rules_of_a_stream_that_are_broken_end_the_stream_alone() {
    let body_first = frame(kind::DATA, 0, 1, b"x");
    let second_head = [frame(kind::HEADERS, 4, 1, STATUS_200), frame(kind::HEADERS, 4, 1, STATUS_200)].concat();
    let window = frame(kind::WINDOW_UPDATE, 0, 1, &[0; 4]);
    for (bytes, code) in [(body_first, 1), (second_head, 1), (window, 3)] {
        let mut connection = greeted(&[]);
        let (_, log) = open(&mut connection, true);
        connection.receive(&bytes, 3).unwrap();
        assert_eq!(log.take().last().unwrap(), &format!("Broken(ErrorCode({code})) at 3"));
        assert!(connection.is_usable());
    }
}

fn refusal(bytes: &[u8]) -> ConnectionError {
    let mut connection = greeted(&[]);
    open(&mut connection, true);
    sent(&mut connection);
    let error = connection.receive(bytes, 3).unwrap_err();
    assert_eq!(sent(&mut connection).last().unwrap(), "7 0x0 0 8");
    assert!(!connection.is_usable());
    error
}

#[test]
fn rules_of_the_connection_that_are_broken_end_it() {
    let block = |first: &[u8], parts: usize, part: &[u8]| {
        let parts = frame(kind::CONTINUATION, 0, 1, part).repeat(parts);
        [frame(kind::HEADERS, 0, 1, first), parts].concat()
    };
    let cases = [
        (frame(kind::DATA, 0, 0, b""), "never opened"),
        (frame(kind::HEADERS, 4, 2, STATUS_200), "never opened"),
        (frame(kind::HEADERS, 4, 3, STATUS_200), "never opened"),
        (frame(kind::PUSH_PROMISE, 4, 1, &[0; 5]), "pushes"),
        (frame(kind::CONTINUATION, 4, 1, STATUS_200), "CONTINUATION where"),
        ([block(b"", 0, b""), answer(1)].concat(), "within a header block"),
        (block(b"", 200, b""), "too many frames"),
        (block(&[0; 16_000], 5, &[0; 16_000]), "larger than allowed"),
        (frame(kind::HEADERS, 4, 1, b"\xff\xff"), "cannot be decoded"),
        (frame(kind::DATA, flag::PADDED, 1, b"\x05a"), "padding"),
        (frame(kind::SETTINGS, 0, 0, &[0; 5]), "SETTINGS of a wrong size"),
        (frame(kind::SETTINGS, 0, 1, &[]), "SETTINGS on a stream"),
        (settings(&[(2, 1)]), "push"),
        (settings(&[(4, 1 << 31)]), "too large"),
        (settings(&[(5, 1)]), "size of frames"),
        (frame(kind::PING, 0, 0, b"1"), "PING of a wrong size"),
        (frame(kind::PING, 0, 0, b"12345678").repeat(1_100), "does not read the answers"),
        (settings(&[]).repeat(1_100), "does not read the answers"),
        (frame(kind::WINDOW_UPDATE, 0, 0, &[0; 4]), "window by 0"),
        (frame(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), "too far"),
        (frame(kind::GOAWAY, 0, 0, b"1"), "GOAWAY of a wrong size"),
        (frame(kind::RST_STREAM, 0, 1, b"1"), "RST_STREAM of a wrong size"),
        (vec![0xff; 9], "more than 16384"),
    ];
    for (bytes, reason) in cases {
        let error = refusal(&bytes);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_peer_that_speaks_something_else_is_told_apart() {
    let said = |bytes: &[u8]| Connection::<Log>::new(LIMITS).receive(bytes, 0).unwrap_err().to_string();
    assert!(said(b"HTTP/1.1 400 Bad Request\r\n\r\n").contains("it answers in HTTP/1"));
    assert!(said(&frame(kind::PING, 0, 0, b"12345678")).contains("first frame is not SETTINGS"));
    assert!(said(b"220 mail.example ESMTP\r\n").contains("16384"));
}

#[test]
fn a_sender_that_ignores_our_window_is_stopped() {
    let mut connection = greeted(&[]);
    open(&mut connection, true);
    connection.receive(&frame(kind::HEADERS, 4, 1, STATUS_200), 2).unwrap();
    connection.streams[0].1.receive_window = 10;
    let error = connection.receive(&frame(kind::DATA, 0, 1, &[0; 11]), 3).unwrap_err();
    assert_eq!(error.code, ErrorCode::FLOW_CONTROL_ERROR);
}

#[test]
fn any_bytes_are_survived() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..3_000 {
        let mut connection = greeted(&[]);
        let (id, _) = open(&mut connection, false);
        let mut bytes = Vec::new();
        for _ in 0..4 {
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            let payload: Vec<u8> = (0..next() % 20).map(|_| next() as u8).collect();
            bytes.extend(frame((next() % 11) as u8, next() as u8, (next() % 3) as u32, &payload));
        }
        if connection.receive(&bytes, 3).is_err() {
            connection.lose(4);
        }
        connection.finish(id, ErrorCode::CANCEL);
    }
}
