use proptest::prelude::*;

use super::*;
use crate::account::{MemoryAccount, MemoryLimits};

const LIMITS: Limits = Limits { head: 4096, body: 1000 };

fn unbounded() -> Booked {
    MemoryAccount::new(&MemoryLimits { own: u64::MAX, shared: None }).book(0).expect("there is room")
}

fn reader() -> Reader {
    Reader::new(LIMITS, false, true, Vec::new(), Vec::new(), unbounded())
}

fn read(bytes: &[u8]) -> Result<(Reader, Progress), Malformed> {
    let mut reader = reader();
    let progress = reader.push(bytes)?;
    Ok((reader, progress))
}

fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(Malformed::Protocol(text) | Malformed::TooLarge(text)) => text,
        Ok((_, progress)) => panic!("accepted: {progress:?}"),
    }
}

const WHOLE: Progress = Progress::Whole { excess: false };

#[test]
fn a_response_with_a_length() {
    let (reader, progress) = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello").unwrap();
    assert_eq!((reader.status, progress, reader.keep_alive), (200, WHOLE, true));
    assert_eq!(reader.body, b"hello");
    assert_eq!(field(&reader.head, "x-a"), Some(&b"b"[..]));
    assert_eq!(fields(&reader.head).count(), 2);
}

#[test]
fn bytes_past_the_end_are_noticed() {
    let (_, progress) = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab").unwrap();
    assert_eq!(progress, Progress::Whole { excess: true });
}

#[test]
fn some_responses_have_no_body_whatever_they_say() {
    let (reader, progress) = read(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").unwrap();
    assert_eq!((progress, reader.body.len()), (WHOLE, 0));
    assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().1, WHOLE);
    let mut head = Reader::new(LIMITS, true, true, Vec::new(), Vec::new(), unbounded());
    assert_eq!(head.push(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Ok(WHOLE));
}

#[test]
fn interim_responses_are_skipped() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (reader, progress) = read(bytes).unwrap();
    assert_eq!((reader.status, progress), (200, WHOLE));
    assert_eq!(field(&reader.head, "link"), None);
}

#[test]
fn a_body_may_last_until_the_connection_closes() {
    let (mut reader, progress) = read(b"HTTP/1.1 200 OK\r\n\r\nabc").unwrap();
    assert_eq!(progress, Progress::Partial);
    assert_eq!(reader.close(), Ok(true));
    assert!(!reader.keep_alive);
    assert!(!read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").unwrap().0.close().unwrap());
    assert!(!read(b"HTTP/1.1 200 O").unwrap().0.close().unwrap());
}

#[test]
fn connections_stay_open_unless_either_side_closes() {
    let keeps = |head: &str| read(format!("{head}\r\nContent-Length: 0\r\n\r\n").as_bytes()).unwrap().0.keep_alive;
    assert!(keeps("HTTP/1.1 200 OK"));
    assert!(!keeps("HTTP/1.1 200 OK\r\nConnection: upgrade, Close"));
    assert!(!keeps("HTTP/1.0 200 OK"));
    assert!(keeps("HTTP/1.0 200 OK\r\nConnection: Keep-Alive"));
}

#[test]
fn a_contradictory_length_is_refused() {
    let refusal = |fields: &str| refusal(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nabc").as_bytes());
    assert!(refusal("Content-Length: 1\r\nContent-Length: 2").contains("two different"));
    assert!(refusal("Content-Length: 1, 2").contains("not a number"));
    assert!(refusal("Content-Length: +1").contains("not a number"));
    assert!(refusal("Content-Length: ").contains("not a number"));
    assert!(refusal("Content-Length: 99999999999999999999").contains("not a number"));
    assert!(refusal("Transfer-Encoding: gzip, chunked").contains("not supported"));
    for same in ["Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3, 3"] {
        assert_eq!(read(format!("HTTP/1.1 200 OK\r\n{same}\r\n\r\nabc").as_bytes()).unwrap().1, WHOLE);
    }
}

#[test]
fn malformed_responses_are_shown_in_one_short_line() {
    for field in ["Content-Length", "Transfer-Encoding"] {
        let refusal =
            refusal(format!("HTTP/1.1 200 OK\r\n{field}: a\u{9b}2J\tb{}\r\n\r\n", "c".repeat(3_000)).as_bytes());
        assert!(refusal.contains("\"a\\u{9b}2J\\tbccc") && refusal.len() < 150, "{refusal}");
    }
}

#[test]
fn chunks_are_taken_off_once_however_often_they_are_announced() {
    for (fields, keeps) in [
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: Chunked", true),
        ("Transfer-Encoding: chunked, chunked", true),
        ("Transfer-Encoding: identity, chunked", true),
        // As curl and k6 do: the chunks count, but the connection is not used again.
        ("Content-Length: 9\r\nTransfer-Encoding: chunked", false),
    ] {
        let (reader, progress) =
            read(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n3\r\nabc\r\n0\r\n\r\n").as_bytes()).unwrap();
        assert_eq!((progress, &*reader.body, reader.keep_alive), (WHOLE, &b"abc"[..], keeps), "{fields}");
    }
    let identity = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(read(identity).unwrap().0.body, b"abc");
    assert!(refusal(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").contains("not supported"));
}

#[test]
fn a_field_may_go_on_in_the_next_line() {
    let folded = b"HTTP/1.1 200 OK\r\nX-A: one\r\n two: 2\r\n\tthree\r\nContent-Length:\r\n 3\r\nX-B: c\r\n\r\nabc";
    for split in 0..folded.len() {
        let mut reader = reader();
        reader.push(&folded[..split]).unwrap();
        assert_eq!(reader.push(&folded[split..]).unwrap(), WHOLE, "split at {split}");
        assert_eq!(reader.body, b"abc");
        assert_eq!(field(&reader.head, "x-a"), Some(&b"one   two: 2  \tthree"[..]));
        assert_eq!((fields(&reader.head).count(), field(&reader.head, "x-b")), (3, Some(&b"c"[..])));
    }
    // Before the first field there is none that could be folded.
    assert!(refusal(b"HTTP/1.1 200 OK\r\n X-A: one\r\n\r\n").contains("\" X-A\""));
}

#[test]
fn a_body_that_begins_with_white_space_is_no_part_of_a_folded_field() {
    let folded = b"HTTP/1.1 200 OK\r\nX-A: one\r\n two\r\nContent-Length: 5\r\n\r\n abc\n";
    for split in 0..folded.len() {
        let mut reader = reader();
        reader.push(&folded[..split]).unwrap();
        assert_eq!(reader.push(&folded[split..]).unwrap(), WHOLE, "split at {split}");
        assert_eq!((&*reader.body, field(&reader.head, "x-a")), (&b" abc\n"[..], Some(&b"one   two"[..])));
    }
}

#[test]
fn responses_that_are_not_http_are_refused_immediately() {
    assert!(refusal(b"SSH-2.0-OpenSSH_9.6").contains("begins with \"SSH-2.0"));
    assert!(refusal(b"HTTP/2 200 OK\r\n").contains("not HTTP/1.1"));
    assert!(refusal(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").contains("101"));
    assert!(refusal(b"HTTP/1.1 000 ?\r\n\r\n").contains("status 0"));
}

#[test]
fn a_field_that_is_none_is_named() {
    let refusal = |line: &str| refusal(format!("HTTP/1.1 200 OK\r\nA: b\r\n{line}\r\n\r\n").as_bytes());
    assert_eq!(refusal("X-Sp : v"), "the name of header field \"X-Sp \" has a space before its colon");
    assert_eq!(refusal("bad header"), "the line \"bad header\" of its head has no colon, so it is not a header field");
    assert_eq!(refusal("X(Y): v"), "\"X(Y)\" is not the name of a header field");
    assert_eq!(refusal(": v"), "\"\" is not the name of a header field");
    assert_eq!(refusal("X: a\0b"), "the value of header field X holds a control character");
}

#[test]
fn a_head_has_a_limit_and_may_have_many_fields() {
    let many = "A: b\r\n".repeat(500);
    assert_eq!(fields(&read(format!("HTTP/1.1 204 OK\r\n{many}\r\n").as_bytes()).unwrap().0.head).count(), 500);
    let huge = "A: b\r\n".repeat(1000);
    assert!(refusal(format!("HTTP/1.1 200 OK\r\n{huge}\r\n").as_bytes()).contains("4096"));
    assert!(refusal(format!("HTTP/1.1 200 OK\r\n{huge}").as_bytes()).contains("4096"));
    assert!(refusal("HTTP/1.1 100 Continue\r\n\r\n".repeat(400).as_bytes()).contains("4096"));
}

#[test]
fn a_body_has_a_limit_if_it_is_kept() {
    assert!(refusal(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").contains("1000"));
    let long = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 1001]].concat();
    assert!(refusal(&long).contains("1000"));
    let mut discarding = Reader::new(LIMITS, false, false, Vec::new(), Vec::new(), unbounded());
    discarding.push(&long).unwrap();
    assert!(discarding.close().unwrap() && discarding.body.is_empty());
}

prop_compose! {
    fn response()(interim in 0usize..2, chunked in any::<bool>(), body in proptest::collection::vec(any::<u8>(), 0..50),
                  excess in any::<bool>()) -> (Vec<u8>, Vec<u8>, bool) {
        let mut bytes = b"\r\nHTTP/1.1 100 Continue\r\nA: b\r\n\r\n".repeat(interim);
        if chunked {
            bytes.extend(b"HTTP/1.1 201 Created\nTransfer-Encoding: chunked\n\n");
            for chunk in body.chunks(7) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n", body.len()).bytes());
            bytes.extend(&body);
        }
        if excess {
            bytes.push(b'!');
        }
        (bytes, body, excess)
    }
}

proptest! {
    #[test]
    fn any_split_gives_the_same_response((bytes, body, excess) in response(), cut in any::<prop::sample::Index>(), bytewise in any::<bool>()) {
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let pieces: Vec<&[u8]> = if bytewise { bytes.chunks(1).collect() } else { vec![first, second] };
        let mut split = reader();
        let mut whole_at = None;
        for (number, piece) in pieces.iter().enumerate() {
            if whole_at.is_none() && split.push(piece).unwrap() != Progress::Partial {
                whole_at = Some(number);
            }
        }
        let (at_once, progress) = read(&bytes).unwrap();
        prop_assert_eq!(progress, Progress::Whole { excess });
        prop_assert!(whole_at.is_some());
        prop_assert_eq!(&at_once.head, &split.head);
        prop_assert_eq!(&at_once.body, &body);
        prop_assert_eq!(&split.body, &body);
    }

    #[test]
    fn any_bytes_in_any_split_give_one_outcome(
        pieces in proptest::collection::vec(prop_oneof![
            Just("HTTP/1.1 200 OK\r\n"), Just("HTTP/1.1 103 Wait\r\n"), Just("Content-Length: 3\r\n"), Just("A: b\r\n"),
            Just("Transfer-Encoding: chunked\r\n"), Just("\r\n"), Just("\n"), Just("3\r\nabc\r\n0\r\n"), Just("bad"),
        ], 0..9), size in 1usize..40,
    ) {
        let bytes = pieces.concat().into_bytes();
        let outcome = |size: usize| {
            let mut reader = reader();
            for piece in bytes.chunks(size) {
                match reader.push(piece) {
                    Ok(Progress::Partial) => {}
                    Ok(Progress::Whole { .. }) => return Some((reader.status, reader.body)),
                    Err(_) => return None,
                }
            }
            reader.close().ok().map(|whole| if whole { (reader.status, reader.body) } else { (0, Vec::new()) })
        };
        prop_assert_eq!(outcome(size), outcome(usize::MAX));
    }
}
