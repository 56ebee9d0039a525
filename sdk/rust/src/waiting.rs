//! Waiting for whichever of several streams has something first.

use crate::host;
use crate::timing::{Seconds, nanoseconds};

/// Something that can be waited for: a [`Stream`](crate::http::Stream), a [`Tcp`](crate::sockets::Tcp), a
/// [`Udp`](crate::sockets::Udp), a [`WebSocket`](crate::websocket::WebSocket).
pub trait Waitable {
    #[doc(hidden)]
    fn key(&self) -> u32;
}

/// Waits until one of these has something: data, its end, or an error. Returns its place in the list; of several, that of
/// the one that has been ready longest. Takes nothing: the next call of its own returns at once.
///
/// ```
/// use squall::prelude::*;
/// use squall::sockets::Tcp;
///
/// fn listen() -> Outcome {
///     let (news, mut chat) = (Tcp::connect("news:7000")?, Tcp::connect("chat:7000")?);
///     chat.send("hello\n")?;
///     if squall::waiting::any(&[&news, &chat]) == 1 {
///         check!(chat.receive_line()?.is_some(), "the chat answers");
///     }
///     Ok(())
/// }
/// # let host = squall::testing::Host::new().serve("news:7000", |_| vec![]);
/// # host.serve("chat:7000", |said| said.to_vec()).run(listen).expect_ok();
/// ```
#[must_use]
pub fn any(streams: &[&dyn Waitable]) -> usize {
    next(streams, u64::MAX).unwrap_or_default()
}

/// The same, for at most that long.
pub fn any_within(streams: &[&dyn Waitable], time: impl Seconds) -> Option<usize> {
    next(streams, nanoseconds(time.duration()))
}

fn next(streams: &[&dyn Waitable], nanoseconds: u64) -> Option<usize> {
    let keys: Vec<u32> = streams.iter().map(|stream| stream.key()).collect();
    let ready = host::next_of(&keys, nanoseconds)?;
    keys.iter().position(|key| *key == ready)
}

impl Waitable for crate::websocket::WebSocket {
    fn key(&self) -> u32 {
        self.ready_key()
    }
}

impl Waitable for crate::http::Stream {
    fn key(&self) -> u32 {
        self.ready_key()
    }
}
