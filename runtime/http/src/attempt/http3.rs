//! The way of a request over HTTP/3.

use std::rc::Rc;

use super::{MOST_REPEATS, may_repeat, note_failure};
use crate::client::Client;
use crate::config::{ConnectionReuse, Protocol};
use crate::connect::diagnose_failure;
use crate::error::Error;
use crate::exchange::BodyTransfer;
use crate::http3::{self, QuicConnection};
use crate::reader::Reader;
use crate::request::Prepared;
use crate::stopwatch::Stopwatch;
use crate::streams::{Streams, Way};
use crate::wire_log;

impl Client {
    /// Gets a connection and makes the exchange on it; again if the server did not look at the request.
    pub(super) async fn attempt_http3<T: BodyTransfer>(
        &self,
        request: &Prepared,
        travel: &mut T,
        reader: &mut Reader,
        watch: &mut Stopwatch,
    ) -> Result<(), Error> {
        let network = &*self.network;
        let mut repeats = 0;
        loop {
            let (connection, is_new) = self.quic_connection(request, watch).await?;
            let shown = wire_log::request(request, Protocol::Http3);
            let under_way = self.quic().begin_request();
            let outcome = http3::exchange(network, &connection, request, travel, reader, watch).await;
            drop(under_way);
            let Err(failed) = outcome else {
                self.note_response(shown, reader);
                return Ok(());
            };
            let again = reader.is_untouched() && travel.can_start_again();
            if again && repeats < MOST_REPEATS && may_repeat(request, &failed, is_new) {
                repeats += 1;
                self.begin_repeat(&connection.has_repeats, watch);
                continue;
            }
            return Err(note_failure(failed, shown));
        }
    }

    /// A connection with room for a request, and whether it was opened for this one.
    async fn quic_connection(
        &self,
        request: &Prepared,
        watch: &mut Stopwatch,
    ) -> Result<(Rc<QuicConnection>, bool), Error> {
        let network = &*self.network;
        if network.config.reuse == ConnectionReuse::Never {
            return Ok((self.open_quic(request, watch).await?, true));
        }
        let (way, waited) = self.quic().way(&request.origin, network).await;
        if waited {
            watch.lap(network.clock.now());
        }
        let (opening, reconnects) = match way {
            Way::Stream(connection) => return Ok((connection, false)),
            Way::Open { opening, reconnects } => (opening, reconnects),
            Way::Elsewhere => {
                return Err(Error::Protocol(format!("{} does not speak HTTP/3", request.origin.authority)));
            }
        };
        if reconnects {
            network.recorder.borrow_mut().run().reconnects += 1;
        }
        let connection = self.open_quic(request, watch).await?;
        opening.share(&connection);
        Ok((connection, true))
    }

    async fn open_quic(&self, request: &Prepared, watch: &mut Stopwatch) -> Result<Rc<QuicConnection>, Error> {
        let opened = QuicConnection::open(&self.network, &request.origin, self.source, watch).await;
        opened.inspect_err(|error| diagnose_failure(&request.origin, error))
    }

    /// The connections of HTTP/3 that this client uses.
    fn quic(&self) -> &Streams<QuicConnection> {
        match &self.network.pool {
            None => self.own_quic(),
            Some(pool) => &pool.quic,
        }
    }
}
