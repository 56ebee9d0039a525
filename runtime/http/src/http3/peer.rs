//! What a server says beside responses, on streams that it opens itself.

use std::cell::Cell;
use std::rc::Rc;

use quinn::{Connection, ReadError, RecvStream};
use squall_http3::{ControlEvent, ErrorCode, Fault, PeerStream};

use super::connection::code;

/// Bytes of such a stream that are read at once.
const PEER_READ: usize = 4096;

/// What the server has said beside responses.
#[derive(Debug, Default)]
pub(super) struct PeerState {
    /// Requests from this stream on are not processed.
    pub(super) gone_from: Cell<Option<u64>>,
    has_control: Cell<bool>,
    /// The broken rule for which the connection was closed.
    pub(super) fault: Cell<Option<Fault>>,
}

impl PeerState {
    /// Closes the connection for a broken rule.
    pub(super) fn close_for(&self, quic: &Connection, fault: Fault) {
        if self.fault.get().is_none() {
            self.fault.set(Some(fault));
        }
        quic.close(code(fault.code), fault.reason.as_bytes());
    }

    fn take(&self, event: ControlEvent) -> Result<(), Fault> {
        match event {
            ControlEvent::IsControl if self.has_control.replace(true) => {
                Err(Fault { code: ErrorCode::STREAM_CREATION_ERROR, reason: "it opens a second control stream" })
            }
            ControlEvent::IsControl => Ok(()),
            ControlEvent::GoAway(from) if self.gone_from.get().is_some_and(|before| before < from) => {
                Err(Fault { code: ErrorCode::ID_ERROR, reason: "it takes back that it goes away" })
            }
            ControlEvent::GoAway(from) => {
                self.gone_from.set(Some(from));
                Ok(())
            }
        }
    }
}

/// Reads what the server sends on streams of its own, as long as the connection lasts.
pub(super) async fn hear_peer(quic: Connection, peer: Rc<PeerState>) {
    while let Ok(stream) = quic.accept_uni().await {
        let (quic, peer) = (quic.clone(), Rc::clone(&peer));
        tokio::task::spawn_local(async move {
            if let Err(fault) = hear_stream(stream, &peer).await {
                peer.close_for(&quic, fault);
            }
        });
    }
}

async fn hear_stream(mut stream: RecvStream, peer: &PeerState) -> Result<(), Fault> {
    let mut reader = PeerStream::default();
    let mut bytes = [0; PEER_READ];
    loop {
        match stream.read(&mut bytes).await {
            Ok(Some(count)) => {
                let mut heard = Ok(());
                reader.push(&bytes[..count], |event| {
                    if heard.is_ok() {
                        heard = peer.take(event);
                    }
                })?;
                heard?;
            }
            Ok(None) | Err(ReadError::Reset(_)) => return reader.end(),
            // The connection is gone.
            Err(_) => return Ok(()),
        }
    }
}
