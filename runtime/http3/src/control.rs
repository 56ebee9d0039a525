//! The streams that belong to a connection, not to a request (RFC 9114, section 6.2).

use crate::error::{ErrorCode, Fault};
use crate::frame::{FrameReader, Part, kind, write_header};
use crate::varint;

/// The kinds of unidirectional streams.
mod stream {
    pub(super) const CONTROL: u64 = 0x0;
    pub(super) const PUSH: u64 = 0x1;
}

/// The setting for the largest list of fields that is accepted (section 7.2.4.1).
const MAX_FIELD_SECTION_SIZE: u64 = 0x6;

/// The most bytes of a frame of the control stream.
const LARGEST_FRAME: u64 = 16 << 10;

/// The first bytes of the client's control stream: its settings. It announces no dynamic table.
pub fn opening(largest_field_section: u64) -> Vec<u8> {
    let mut settings = Vec::new();
    varint::write(&mut settings, MAX_FIELD_SECTION_SIZE);
    varint::write(&mut settings, largest_field_section);
    let mut bytes = Vec::new();
    varint::write(&mut bytes, stream::CONTROL);
    write_header(&mut bytes, kind::SETTINGS, settings.len());
    bytes.extend_from_slice(&settings);
    bytes
}

/// What a control stream tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlEvent {
    /// The stream is the connection's control stream, of which there is one.
    IsControl,
    /// The server processes no request on a stream of this id or a later one (section 5.2).
    GoAway(u64),
}

#[derive(Debug)]
enum Kind {
    /// Its first integer is still coming.
    Unknown(Vec<u8>),
    Control,
    /// Of no interest: the streams of a dynamic table that was not announced, or an unknown kind.
    Ignored,
}

/// A unidirectional stream that the server has opened.
#[derive(Debug)]
pub struct PeerStream {
    kind: Kind,
    frames: FrameReader,
    has_settings: bool,
    /// The frame that is coming.
    frame: (u64, Vec<u8>),
}

impl Default for PeerStream {
    fn default() -> PeerStream {
        PeerStream {
            kind: Kind::Unknown(Vec::new()),
            frames: FrameReader::default(),
            has_settings: false,
            frame: (0, Vec::new()),
        }
    }
}

impl PeerStream {
    /// Takes the bytes that came next, and passes on what they tell.
    ///
    /// # Errors
    /// The connection must end.
    pub fn push(&mut self, mut bytes: &[u8], mut tell: impl FnMut(ControlEvent)) -> Result<(), Fault> {
        if let Kind::Unknown(held) = &mut self.kind {
            held.extend_from_slice(bytes);
            let Some((kind, length)) = varint::read(held) else { return Ok(()) };
            bytes = &bytes[bytes.len() - (held.len() - length)..];
            self.kind = match kind {
                stream::CONTROL => Kind::Control,
                stream::PUSH => {
                    return Err(Fault::new(ErrorCode::ID_ERROR, "it pushes responses that nothing asked for"));
                }
                _ => Kind::Ignored,
            };
            if matches!(self.kind, Kind::Control) {
                tell(ControlEvent::IsControl);
            }
        }
        match self.kind {
            Kind::Control => self.push_control(bytes, tell),
            Kind::Unknown(_) | Kind::Ignored => Ok(()),
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// It must not, if it is the control stream.
    pub fn end(&self) -> Result<(), Fault> {
        match self.kind {
            Kind::Control => Err(Fault::new(ErrorCode::CLOSED_CRITICAL_STREAM, "it closed the control stream")),
            Kind::Unknown(_) | Kind::Ignored => Ok(()),
        }
    }

    fn push_control(&mut self, mut bytes: &[u8], mut tell: impl FnMut(ControlEvent)) -> Result<(), Fault> {
        while let Some(part) = self.frames.next(&mut bytes) {
            match part {
                Part::Begin { kind, length } => self.begin(kind, length)?,
                Part::Payload { bytes, is_last } => {
                    if self.is_read() {
                        self.frame.1.extend_from_slice(bytes);
                    }
                    if is_last && let Some(event) = self.end_frame()? {
                        tell(event);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the frame that is coming is of interest.
    fn is_read(&self) -> bool {
        matches!(self.frame.0, kind::SETTINGS | kind::GOAWAY)
    }

    fn begin(&mut self, kind: u64, length: u64) -> Result<(), Fault> {
        self.frame = (kind, Vec::new());
        let unexpected = |reason| Err(Fault::new(ErrorCode::FRAME_UNEXPECTED, reason));
        match kind {
            kind::SETTINGS if self.has_settings => unexpected("its control stream has settings twice"),
            _ if kind != kind::SETTINGS && !self.has_settings => {
                Err(Fault::new(ErrorCode::MISSING_SETTINGS, "its control stream does not begin with settings"))
            }
            kind::DATA | kind::HEADERS | kind::PUSH_PROMISE | kind::MAX_PUSH_ID => {
                unexpected("its control stream has a frame that belongs elsewhere")
            }
            _ if kind::RESERVED.contains(&kind) => unexpected("its control stream has a frame of HTTP/2"),
            _ if self.is_read() && length > LARGEST_FRAME => {
                Err(Fault::new(ErrorCode::EXCESSIVE_LOAD, "its control stream has a frame that is too large"))
            }
            _ => Ok(()),
        }
    }

    fn end_frame(&mut self) -> Result<Option<ControlEvent>, Fault> {
        let (kind, payload) = std::mem::take(&mut self.frame);
        match kind {
            kind::SETTINGS => {
                self.has_settings = true;
                check_settings(&payload).map(|()| None)
            }
            kind::GOAWAY => match varint::read(&payload) {
                Some((id, length)) if length == payload.len() => Ok(Some(ControlEvent::GoAway(id))),
                _ => Err(Fault::new(ErrorCode::FRAME_ERROR, "it sends a malformed GOAWAY")),
            },
            _ => Ok(None),
        }
    }
}

/// Settings are pairs of integers. None of the server's matters to a client that sends small heads and no datagrams.
fn check_settings(mut payload: &[u8]) -> Result<(), Fault> {
    let malformed = Fault::new(ErrorCode::FRAME_ERROR, "it sends malformed settings");
    while !payload.is_empty() {
        let (setting, length) = varint::read(payload).ok_or(malformed)?;
        let (_, length_of_value) = varint::read(&payload[length..]).ok_or(malformed)?;
        payload = &payload[length + length_of_value..];
        // Section 7.2.4.1: settings of HTTP/2.
        if (0x2..=0x5).contains(&setting) {
            return Err(Fault::new(ErrorCode::SETTINGS_ERROR, "it sends a setting of HTTP/2"));
        }
    }
    Ok(())
}
