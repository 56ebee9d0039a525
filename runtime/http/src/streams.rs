//! The connections with streams (HTTP/2, HTTP/3) that one owner has open: a client, or the clients of a thread together.
//!
//! A request gets a stream on one of them. Another one is opened while there are fewer than allowed and all carry
//! requests: with one connection its requests share it, with many they are spread over them.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::error::Error;
use crate::network::Network;
use crate::url::Origin;

/// A connection that carries several requests at the same time.
pub(crate) trait SharedConnection {
    /// The most connections of this protocol to a server, of at most `most`; `None` if the server does not speak it.
    fn most_connections(network: &Network, origin: &Rc<Origin>, most: usize) -> Option<usize>;

    fn origin(&self) -> &Rc<Origin>;

    /// Takes what has come while no request was under way.
    fn catch_up(&self, network: &Network);

    /// Whether requests can still be sent on it.
    fn is_usable(&self) -> bool;

    /// Whether a request on it had to be sent again.
    fn has_repeats(&self) -> bool;

    /// Requests that are under way.
    fn open_streams(&self) -> usize;

    /// Whether one more may be, of at most `most`.
    fn has_room(&self, most: usize) -> bool;
}

/// Why there is no response, and whether the request can be sent again.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server has not looked at it (RFC 9113, section 8.7): it can be sent again, whatever its method.
    NotProcessed(Error),
    /// The server wants HTTP/1.1 for it.
    WantsHttp1(Error),
    /// The connection was lost.
    Lost(Error),
    /// Sending it again would be of no use, or not safe.
    Final(Error),
}

impl Failed {
    /// The error for the caller.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Failed::NotProcessed(error) | Failed::WantsHttp1(error) | Failed::Lost(error) | Failed::Final(error) => {
                error
            }
        }
    }
}

/// Connections, and the requests that wait for one.
#[derive(Debug)]
pub(crate) struct Streams<C> {
    /// Most connections to one origin, and most requests on one of them.
    most_connections: usize,
    most_streams: usize,
    open: RefCell<Vec<Rc<C>>>,
    /// The origins to which connections are being opened, each as often as there are.
    opening: RefCell<Vec<Rc<Origin>>>,
    waiting: RefCell<Vec<Waker>>,
}

/// How a request gets to its server.
pub(crate) enum Way<'a, C> {
    /// On this connection, which has room.
    Stream(Rc<C>),
    /// On a connection that it opens itself, while others wait for the outcome. `reconnects`: in place of one that the
    /// server has closed.
    Open { opening: Opening<'a, C>, reconnects: bool },
    /// In another protocol: the server does not speak this one.
    Elsewhere,
}

impl<C: SharedConnection> Streams<C> {
    pub(crate) fn new(most_connections: usize, most_streams: usize) -> Streams<C> {
        Streams {
            most_connections: most_connections.max(1),
            most_streams: most_streams.max(1),
            open: RefCell::default(),
            opening: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    /// Waits for a way to the origin. Returns whether there was none at once, too.
    pub(crate) async fn way(&self, origin: &Rc<Origin>, network: &Network) -> (Way<'_, C>, bool) {
        let mut waited = false;
        poll_fn(|context| match self.look_for_way(origin, network) {
            Some(way) => Poll::Ready((way, waited)),
            None => {
                waited = true;
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// A way that is there now.
    fn look_for_way(&self, origin: &Rc<Origin>, network: &Network) -> Option<Way<'_, C>> {
        let Some(most_connections) = C::most_connections(network, origin, self.most_connections) else {
            return Some(Way::Elsewhere);
        };
        let reconnects = self.forget_closed(origin, network);
        let open = self.open.borrow();
        let to_origin = || open.iter().filter(|connection| connection.origin().same(origin));
        let free = to_origin().filter(|connection| connection.has_room(self.most_streams));
        let free = free.min_by_key(|connection| connection.open_streams());
        let opening = self.opening.borrow().iter().filter(|opening| opening.same(origin)).count();
        let may_open = to_origin().count() + opening < most_connections;
        match free {
            Some(connection) if connection.open_streams() == 0 || !may_open => Some(Way::Stream(Rc::clone(connection))),
            _ if may_open => Some(Way::Open { opening: self.begin_opening(origin), reconnects }),
            _ => None,
        }
    }

    /// Drops the connections to an origin on which no request can be sent any more. Returns whether the server has closed one
    /// without a request that had to be sent again: those are counted already.
    fn forget_closed(&self, origin: &Rc<Origin>, network: &Network) -> bool {
        let mut was_closed = false;
        self.open.borrow_mut().retain(|connection| {
            if !connection.origin().same(origin) {
                return true;
            }
            connection.catch_up(network);
            was_closed |= !connection.is_usable() && !connection.has_repeats();
            connection.is_usable()
        });
        was_closed
    }

    fn begin_opening(&self, origin: &Rc<Origin>) -> Opening<'_, C> {
        self.opening.borrow_mut().push(Rc::clone(origin));
        Opening { streams: self, origin: Rc::clone(origin) }
    }

    /// A request begins. When it has ended, or is given up, those that wait look again.
    pub(crate) fn begin_request(&self) -> UnderWay<'_, C> {
        UnderWay(self)
    }

    /// Forgets all connections. Requests that are under way go on.
    pub(crate) fn clear(&self) {
        self.open.borrow_mut().clear();
    }
}

impl<C> Streams<C> {
    fn wake_waiting(&self) {
        for waker in self.waiting.borrow_mut().drain(..) {
            waker.wake();
        }
    }
}

/// A request that has a stream.
pub(crate) struct UnderWay<'a, C>(&'a Streams<C>);

impl<C> Drop for UnderWay<'_, C> {
    fn drop(&mut self) {
        self.0.wake_waiting();
    }
}

/// A connection that is being opened. Dropped, it lets the others look again.
pub(crate) struct Opening<'a, C> {
    streams: &'a Streams<C>,
    origin: Rc<Origin>,
}

impl<C> Opening<'_, C> {
    /// The connection is there; others may use it, too.
    pub(crate) fn share(self, connection: &Rc<C>) {
        self.streams.open.borrow_mut().push(Rc::clone(connection));
    }
}

impl<C> Drop for Opening<'_, C> {
    fn drop(&mut self) {
        let mut opening = self.streams.opening.borrow_mut();
        if let Some(place) = opening.iter().position(|opening| Rc::ptr_eq(opening, &self.origin)) {
            opening.swap_remove(place);
        }
        drop(opening);
        self.streams.wake_waiting();
    }
}
