use super::*;
use crate::qpack::{QpackError, Secrecy};

type Field = (String, String);

fn fields_of(block: &[u8]) -> Result<Vec<Field>, QpackError> {
    let mut fields = Vec::new();
    let read = qpack::read(block, |name, value| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        fields.push((text(name), text(value)));
        Ok::<_, ()>(())
    });
    read.map(|_| fields)
}

fn block(fields: &[(&str, &str, Secrecy)]) -> Vec<u8> {
    let mut block = Vec::new();
    qpack::begin(&mut block);
    for (name, value, secrecy) in fields {
        qpack::write(&mut block, name.as_bytes(), value.as_bytes(), *secrecy);
    }
    block
}

#[test]
fn a_block_of_the_standard_is_read() {
    // RFC 9204, appendix B.1: a literal field whose name is in the static table.
    let example = b"\x00\x00\x51\x0b/index.html";
    assert_eq!(fields_of(example).unwrap(), [(":path".to_owned(), "/index.html".to_owned())]);
}

#[test]
fn fields_are_read_as_they_were_written() {
    let fields = [
        (":method", "GET", Secrecy::Public),
        (":path", "/a?b", Secrecy::Public),
        ("x-unknown", "value", Secrecy::Public),
        ("authorization", "secret", Secrecy::Secret),
        ("x-secret", "\u{fc}", Secrecy::Secret),
        ("empty", "", Secrecy::Public),
    ];
    let expected: Vec<Field> = fields.iter().map(|(name, value, _)| ((*name).into(), (*value).into())).collect();
    let block = block(&fields);
    assert_eq!(fields_of(&block).unwrap(), expected);
    assert_eq!(block[2], 0xc0 | 17, ":method: GET is an entry of the static table");
    let secret = block.windows(2).any(|bytes| bytes[0] == 0x50 | 0x20 | 15 && usize::from(bytes[1]) == 84 - 15);
    assert!(secret, "authorization stays a literal");
}

#[test]
fn a_block_that_needs_a_dynamic_table_is_refused() {
    for malformed in [&b"\x01\x00"[..], b"\x00\x00\x80", b"\x00\x00\x40\x00", b"\x00\x00\x10", b"\x00\x00\x00\x00"] {
        assert_eq!(fields_of(malformed), Err(QpackError::DynamicTable), "{malformed:?}");
    }
    assert_eq!(fields_of(b"\x00\x00\xff\x24"), Err(QpackError::UnknownIndex));
    for short in [&b""[..], b"\x00", b"\x00\x00\x51\x0b/index", b"\x00\x00\xff"] {
        assert!(matches!(fields_of(short), Err(QpackError::Malformed(_))), "{short:?}");
    }
}

/// Takes a response.
#[derive(Default)]
struct Response {
    status: String,
    statuses: Vec<String>,
    trailers: usize,
    body: Vec<u8>,
}

impl Receiver for Response {
    type Error = &'static str;

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match name {
            b":status" => self.status = String::from_utf8_lossy(value).into_owned(),
            b"trailer" => self.trailers += 1,
            b"refused" => return Err("refused"),
            _ => {}
        }
        Ok(())
    }

    fn head_ended(&mut self) -> Result<HeadKind, &'static str> {
        self.statuses.push(self.status.clone());
        Ok(if self.status.starts_with('1') { HeadKind::Interim } else { HeadKind::Final })
    }

    fn data(&mut self, data: &[u8]) -> Result<(), &'static str> {
        self.body.extend_from_slice(data);
        Ok(())
    }
}

fn head(output: &mut Vec<u8>, name: &str, value: &str) {
    write_head(output, |block| qpack::write(block, name.as_bytes(), value.as_bytes(), Secrecy::Public));
}

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write_header(&mut bytes, kind, payload.len());
    bytes.extend_from_slice(payload);
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    let mut reader = ResponseReader::new(1000);
    match reader.push(bytes, &mut Response::default()) {
        Err(error) => error.to_string(),
        Ok(()) => reader.end().unwrap_err().to_string(),
    }
}

#[test]
fn a_response_comes_in_any_pieces() {
    let mut bytes = Vec::new();
    head(&mut bytes, ":status", "103");
    head(&mut bytes, ":status", "200");
    write_data(&mut bytes, b"hello ");
    bytes.extend(frame(0x21, b"of a kind that is unknown"));
    write_data(&mut bytes, b"");
    write_data(&mut bytes, b"world");
    head(&mut bytes, "trailer", "1");
    for size in [1, 2, 3, 7, 1000] {
        let (mut reader, mut response) = (ResponseReader::new(1000), Response::default());
        for piece in bytes.chunks(size) {
            reader.push(piece, &mut response).unwrap();
        }
        reader.end().unwrap();
        assert_eq!(response.statuses, ["103", "200"]);
        assert_eq!((&*response.body, response.trailers), (&b"hello world"[..], 1));
    }
}

#[test]
fn a_response_that_breaks_a_rule_is_refused_by_name() {
    let mut whole = Vec::new();
    head(&mut whole, ":status", "200");
    head(&mut whole, "trailer", "1");
    let after_trailers = |more: &[u8]| refusal(&[&whole, more].concat());
    assert_eq!(refusal(&frame(0, b"x")), "its response has data before a head (H3_FRAME_UNEXPECTED)");
    assert!(after_trailers(&frame(0, b"x")).contains("data after the trailers"));
    assert!(after_trailers(&frame(1, b"\0\0")).contains("head after the trailers"));
    assert!(refusal(&frame(4, b"")).contains("belongs to the control stream"));
    assert!(refusal(&frame(5, b"")).contains("H3_ID_ERROR"));
    assert!(refusal(&frame(6, b"")).contains("a frame of HTTP/2"));
    assert!(refusal(&frame(1, b"\xff")).contains("QPACK_DECOMPRESSION_FAILED"));
    assert_eq!(refusal(b"\x01\x7f\xff"), "the head is too large");
    assert!(refusal(b"\x01\x10\x00").contains("within a frame"));
    assert!(refusal(b"").contains("before a head"));
    let mut refused = Vec::new();
    head(&mut refused, "refused", "");
    assert_eq!(refusal(&refused), "the response was refused");
}

fn told(bytes: &[u8]) -> Result<Vec<ControlEvent>, Fault> {
    let (mut stream, mut events) = (PeerStream::default(), Vec::new());
    for byte in bytes {
        stream.push(&[*byte], |event| events.push(event))?;
    }
    Ok(events)
}

#[test]
fn a_control_stream_tells_when_the_server_goes_away() {
    let mut bytes = opening(65_536);
    assert_eq!(bytes, [0, 4, 5, 6, 0x80, 1, 0, 0]);
    bytes.extend(frame(0x21, b"unknown"));
    bytes.extend(frame(7, &[8]));
    assert_eq!(told(&bytes), Ok(vec![ControlEvent::IsControl, ControlEvent::GoAway(8)]));
    // The stream of an encoder, and an unknown one.
    assert_eq!(told(b"\x02\x3f\xe1\x1f"), Ok(vec![]));
    assert_eq!(told(b"\x40\x21abc"), Ok(vec![]));
}

#[test]
fn a_control_stream_that_breaks_a_rule_ends_the_connection() {
    let after_settings = |more: &[u8]| told(&[&opening(1), more].concat()).unwrap_err().code;
    assert_eq!(told(&[0, 7, 1, 0]).unwrap_err().code, ErrorCode::MISSING_SETTINGS);
    assert_eq!(told(&[1]).unwrap_err().code, ErrorCode::ID_ERROR);
    assert_eq!(told(&[0, 4, 2, 2, 0]).unwrap_err().code, ErrorCode::SETTINGS_ERROR);
    assert_eq!(told(&[0, 4, 1, 6]).unwrap_err().code, ErrorCode::FRAME_ERROR);
    assert_eq!(after_settings(&[4, 0]), ErrorCode::FRAME_UNEXPECTED);
    assert_eq!(after_settings(&[0, 0]), ErrorCode::FRAME_UNEXPECTED);
    assert_eq!(after_settings(&[7, 2, 0, 0]), ErrorCode::FRAME_ERROR);
    assert_eq!(after_settings(&[7, 0x80, 1, 0, 0]), ErrorCode::EXCESSIVE_LOAD);
    let mut stream = PeerStream::default();
    stream.push(&opening(1), |_| ()).unwrap();
    assert_eq!(stream.end().unwrap_err().code, ErrorCode::CLOSED_CRITICAL_STREAM);
}
