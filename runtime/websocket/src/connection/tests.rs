//! What a server can send, and what comes of it.

use proptest::prelude::*;

use super::*;
use crate::close::CloseCode;
use crate::mask;

/// Memory without a limit.
pub(crate) struct Unlimited;

impl Memory for Unlimited {
    fn make_room(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), NoRoom> {
        buffer.reserve(more);
        Ok(())
    }

    fn give_back(&mut self, _buffer: Vec<u8>) {}
}

const LIMIT: usize = 1_000;

fn connection(deflate: Option<Deflate>) -> Connection {
    Connection::new(Limits { message: LIMIT }, deflate, 7)
}

fn without_context() -> Option<Deflate> {
    Some(Deflate { server_context: false })
}

/// All that comes of these bytes.
fn receive(connection: &mut Connection, mut input: &[u8]) -> Result<Vec<Event>, Failure> {
    let (mut events, mut codec) = (Vec::new(), Codec::default());
    while let Some(event) = connection.next(&mut input, &mut codec, &mut Unlimited)? {
        events.push(event);
    }
    assert!(input.is_empty());
    Ok(events)
}

fn failure(deflate: Option<Deflate>, input: &[u8]) -> (String, u16) {
    let mut connection = connection(deflate);
    let failure = receive(&mut connection, input).unwrap_err();
    let sent = sent(&mut connection);
    let (last, before) = sent.split_last().unwrap();
    assert!(before.iter().all(|(opcode, _)| *opcode == Opcode::Pong));
    assert_eq!(*last, (Opcode::Close, failure.code().get().to_be_bytes().to_vec()));
    assert!(connection.is_over() && !connection.is_open());
    assert_eq!(receive(&mut connection, b"\x81\x05Hello"), Ok(vec![]), "nothing is read any more");
    (failure.to_string(), failure.code().get())
}

fn text(text: &str) -> Event {
    Event::Message(Message::Text(text.to_owned()))
}

/// The frames that the client has queued, unmasked.
fn sent(connection: &mut Connection) -> Vec<(Opcode, Vec<u8>)> {
    let bytes = connection.output().to_vec();
    connection.written(bytes.len(), 0, &mut Unlimited);
    let (mut rest, mut frames) = (&*bytes, Vec::new());
    while !rest.is_empty() {
        assert_ne!(rest[1] & 0x80, 0, "frames of a client are masked");
        let mut head = rest[..rest.len().min(10)].to_vec();
        head[1] &= 0x7F;
        let (head, length) = FrameHead::read(&head).unwrap().unwrap();
        let (key, after) = rest[length..].split_first_chunk().unwrap();
        let mut payload = after[..head.length as usize].to_vec();
        mask::apply(*key, &mut payload);
        frames.push((head.opcode, payload));
        rest = &after[head.length as usize..];
    }
    frames
}

#[test]
fn the_examples_of_the_rfc() {
    // Section 5.7.
    let mut connection = connection(None);
    assert_eq!(receive(&mut connection, b"\x81\x05Hello"), Ok(vec![text("Hello")]));
    assert_eq!(receive(&mut connection, b"\x01\x03Hel\x80\x02lo"), Ok(vec![text("Hello")]));
    assert_eq!(receive(&mut connection, b"\x89\x05Hello"), Ok(vec![Event::Ping(b"Hello".to_vec())]));
    assert_eq!(sent(&mut connection), [(Opcode::Pong, b"Hello".to_vec())]);
    let mut binary = b"\x82\x7E\x01\x00".to_vec();
    binary.extend([7; 256]);
    assert_eq!(receive(&mut connection, &binary), Ok(vec![Event::Message(Message::Binary(vec![7; 256]))]));
}

#[test]
fn a_compressed_message_may_be_in_fragments() {
    // RFC 7692, section 7.2.3.1: only the first frame has the bit.
    let mut connection = connection(without_context());
    assert_eq!(receive(&mut connection, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), Ok(vec![text("Hello")]));
    assert_eq!(receive(&mut connection, b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), Ok(vec![text("Hello")]));
    assert_eq!(receive(&mut connection, b"\x81\x05Hello"), Ok(vec![text("Hello")]), "some may be uncompressed");
    let mut with_context = self::connection(Some(Deflate { server_context: true }));
    let twice = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    assert_eq!(receive(&mut with_context, twice), Ok(vec![text("Hello"), text("Hello")]));
}

#[test]
fn control_frames_come_between_the_fragments_of_a_message() {
    let mut connection = connection(None);
    let events = receive(&mut connection, b"\x01\x03Hel\x89\x01!\x00\x00\x80\x02lo").unwrap();
    assert_eq!(events, [Event::Ping(b"!".to_vec()), text("Hello")]);
}

#[test]
fn what_breaks_a_rule_ends_the_connection_with_its_code() {
    for (input, reason, code) in [
        (&b"\x80\x00"[..], "a message goes on that has not begun", 1002),
        (b"\x01\x01a\x81\x01b", "a message begins before the last one has ended", 1002),
        (b"\xC1\x01a", "a message is compressed, which was not agreed on", 1002),
        (b"\x81\x01\xff", "a text message is not UTF-8", 1007),
        (b"\x01\x01\xf4\x00\x01\x90", "a text message is not UTF-8", 1007),
        (b"\x01\x01\xc3\x80\x00", "a text message is not UTF-8", 1007),
        (b"\x88\x01\x03", "a close frame has half a code", 1002),
        (b"\x88\x02\x03\xed", "a close frame has a code that may not be sent", 1002),
        (b"\x88\x03\x03\xe8\xff", "the reason of a close frame is not UTF-8", 1007),
        (b"\x82\x7E\x03\xE9", "a message is larger than 1000 bytes (limit)", 1009),
        (b"\x82\x7F\x7f\xff\xff\xff\xff\xff\xff\xff", "a message is larger than 1000 bytes (limit)", 1009),
        (b"\x02\x01a\x80\x7E\x03\xE8", "a message is larger than 1000 bytes (limit)", 1009),
    ] {
        assert_eq!(failure(None, input), (reason.to_owned(), code));
    }
    let broken = failure(without_context(), b"\xc1\x02\xff\xff");
    assert_eq!(broken, ("a compressed message cannot be decompressed".to_owned(), 1007));
    let later = failure(without_context(), b"\x41\x03\xf2\x48\xcd\xC0\x04\xc9\xc9\x07\x00");
    assert_eq!(later.0, "a later frame of a message says that it is compressed");
}

#[test]
fn a_bomb_is_too_large() {
    let bomb = Codec::default().deflate(&[b'a'; LIMIT + 1], &mut Unlimited).unwrap();
    let frame = [&[0xC1, bomb.len() as u8], &*bomb].concat();
    assert_eq!(failure(without_context(), &frame).1, 1009);
}

#[test]
fn messages_are_sent_masked_and_counted_when_their_last_byte_has_left() {
    let (mut connection, mut codec) = (connection(None), Codec::default());
    connection.send_text("Hello", &mut codec, &mut Unlimited).unwrap();
    connection.send_binary(&[1; 70_000], &mut codec, &mut Unlimited).unwrap();
    assert!(!connection.output().windows(5).any(|window| window == b"Hello"));
    assert_eq!(connection.written(10, 1, &mut Unlimited), Left { messages: 0 });
    assert_eq!(connection.written(1, 2, &mut Unlimited), Left { messages: 1 });
    connection.send_text("end", &mut codec, &mut Unlimited).unwrap();
    let rest = connection.output().len();
    assert_eq!(connection.written(rest, 3, &mut Unlimited), Left { messages: 2 });
    assert_eq!(connection.held(), 0, "a large buffer is given back");
    connection.send_text("Hello", &mut codec, &mut Unlimited).unwrap();
    assert_eq!(sent(&mut connection), [(Opcode::Text, b"Hello".to_vec())]);
}

#[test]
fn compressed_messages_come_back_from_a_server_that_repeats_them() {
    let (mut connection, mut codec) = (connection(without_context()), Codec::default());
    for message in ["Hello", "", &"again ".repeat(100)] {
        connection.send_text(message, &mut codec, &mut Unlimited).unwrap();
        assert_ne!(connection.output()[0] & 0x40, 0);
        let payload = &sent(&mut connection)[0].1;
        let mut frame = Vec::new();
        let length = payload.len() as u64;
        FrameHead { fin: true, compressed: true, opcode: Opcode::Text, length }.write(&mut frame, None);
        frame.extend_from_slice(payload);
        assert_eq!(receive(&mut connection, &frame), Ok(vec![text(message)]));
    }
}

#[test]
fn a_pong_is_matched_with_its_ping() {
    let mut connection = connection(None);
    for _ in 0..3 {
        connection.ping().unwrap();
    }
    // A ping of one digit takes seven bytes.
    connection.written(7, 100, &mut Unlimited);
    connection.written(14, 200, &mut Unlimited);
    assert_eq!(receive(&mut connection, b"\x8A\x012"), Ok(vec![Event::Pong(b"2".to_vec(), Some(200))]));
    assert_eq!(receive(&mut connection, b"\x8A\x011"), Ok(vec![Event::Pong(b"1".to_vec(), None)]), "passed over");
    assert_eq!(receive(&mut connection, b"\x8A\x03abc"), Ok(vec![Event::Pong(b"abc".to_vec(), None)]), "unasked");
    assert_eq!(receive(&mut connection, b"\x8A\x013"), Ok(vec![Event::Pong(b"3".to_vec(), Some(200))]));
    assert_eq!(receive(&mut connection, b"\x8A\x013"), Ok(vec![Event::Pong(b"3".to_vec(), None)]), "twice");
}

#[test]
fn a_flood_of_pings_does_not_fill_the_memory_and_the_last_one_is_answered() {
    let mut connection = connection(None);
    for number in 0..100_000_u32 {
        let mut ping = b"\x89\x04".to_vec();
        ping.extend(number.to_be_bytes());
        receive(&mut connection, &ping).unwrap();
    }
    assert!(connection.output().len() < 17 * 1024);
    sent(&mut connection);
    assert_eq!(sent(&mut connection), [(Opcode::Pong, 99_999_u32.to_be_bytes().to_vec())]);
    assert_eq!(sent(&mut connection), []);
}

#[test]
fn the_server_closes() {
    let mut connection = connection(None);
    let reason = CloseReason { code: CloseCode::NORMAL, text: "bye".to_owned() };
    let events = receive(&mut connection, b"\x88\x05\x03\xe8bye\x81\x05Hello").unwrap();
    assert_eq!(events, [Event::Close(Some(reason))]);
    assert!(connection.is_over());
    assert_eq!(connection.send_text("late", &mut Codec::default(), &mut Unlimited), Err(NotOpen::Closed));
    assert_eq!(sent(&mut connection), [(Opcode::Close, vec![3, 232])]);
}

#[test]
fn the_client_closes_and_reads_on_until_the_answer() {
    let mut connection = connection(None);
    connection.close(Some(&CloseReason::new(3000, "done").unwrap()));
    connection.close(None);
    assert_eq!(sent(&mut connection), [(Opcode::Close, b"\x0b\xb8done".to_vec())]);
    assert_eq!(connection.ping(), Err(NotOpen::Closed));
    let events = receive(&mut connection, b"\x81\x04late\x89\x00\x88\x00").unwrap();
    assert_eq!(events, [text("late"), Event::Ping(vec![]), Event::Close(None)]);
    assert_eq!(sent(&mut connection), [], "an answer is not answered, and after a close nothing is sent");
}

#[test]
fn without_memory_a_message_ends_the_connection() {
    struct Nothing;
    impl Memory for Nothing {
        fn make_room(&mut self, _buffer: &mut Vec<u8>, _more: usize) -> Result<(), NoRoom> {
            Err(NoRoom("out of memory".to_owned()))
        }
        fn give_back(&mut self, _buffer: Vec<u8>) {}
    }
    let (mut connection, mut codec) = (connection(None), Codec::default());
    let failure = connection.next(&mut &b"\x81\x05Hello"[..], &mut codec, &mut Nothing).unwrap_err();
    assert_eq!((failure.to_string(), failure.code().get()), ("out of memory".to_owned(), 1009));
    let refused = self::connection(None).send_text("Hello", &mut codec, &mut Nothing);
    assert_eq!(refused, Err(NotOpen::NoRoom(NoRoom("out of memory".to_owned()))));
}

/// A frame of a server.
fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    FrameHead { fin, compressed: false, opcode, length: payload.len() as u64 }.write(&mut bytes, None);
    bytes.extend_from_slice(payload);
    bytes
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        texts in proptest::collection::vec("\\PC{0,40}", 1..5),
        cuts in proptest::collection::vec(1_usize..40, 1..20),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (place, message) in texts.iter().enumerate() {
            let half = message.len() / 2;
            bytes.extend(frame(false, Opcode::Text, &message.as_bytes()[..half]));
            bytes.extend(frame(true, Opcode::Ping, &[place as u8]));
            bytes.extend(frame(true, Opcode::Continuation, &message.as_bytes()[half..]));
            expected.extend([Event::Ping(vec![place as u8]), text(message)]);
        }
        let mut connection = connection(None);
        let (mut events, mut rest) = (Vec::new(), &*bytes);
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*length));
            events.extend(receive(&mut connection, piece).unwrap());
            rest = after;
        }
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>, deflates: bool) {
        let mut connection = connection(deflates.then_some(Deflate { server_context: false }));
        let _ = receive(&mut connection, &bytes);
    }
}
