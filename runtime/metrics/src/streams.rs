//! The numbers of streams: responses that guests read piece by piece, server-sent events, and the tokens of language
//! models.

use crate::cell::{Cell, Field};
use crate::histogram::Histogram;

/// The streams of one name in one flow. All times are of reads of the socket: no guest's time is in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamCell {
    /// From the first byte of the request written to the last byte of the response read, or to the end of the stream.
    pub duration: Histogram,
    /// From the first byte of the request written to the read that completed the first event.
    pub first_event: Histogram,
    /// Between the reads that completed an event and the next one.
    pub event_gap: Histogram,
    /// Events.
    pub events: u64,
    /// Streams that continued an earlier one.
    pub reconnects: u64,
    /// How often the host stopped reading, because the guest had not taken what had come.
    pub inbox_full: u64,
    /// From the first byte of the request written to the read that completed the first event with a token.
    pub first_token: Histogram,
    /// Between the reads that completed an event with tokens and the next one.
    pub inter_token: Histogram,
    /// From the first event with tokens to the last, for each token but the first.
    pub time_per_output_token: Histogram,
    /// Tokens, as the server counted them, or else events with tokens.
    pub output_tokens: u64,
    /// Messages of gRPC that were sent.
    pub messages_sent: u64,
    /// Messages of gRPC that came.
    pub messages_received: u64,
    /// From the first byte of the call written to the read that completed its first message.
    pub first_message: Histogram,
    /// Between the reads that completed a message and the next one.
    pub message_gap: Histogram,
    /// From the write of a message to the read that completed the next message of the server.
    pub message_response: Histogram,
}

impl Cell for StreamCell {
    const FIELDS: &'static [Field<StreamCell>] = &[
        Field::trend("duration", |cell| &cell.duration, |cell| &mut cell.duration),
        Field::trend("first_event", |cell| &cell.first_event, |cell| &mut cell.first_event),
        Field::trend("event_gap", |cell| &cell.event_gap, |cell| &mut cell.event_gap),
        Field::sum("events", |cell| &cell.events, |cell| &mut cell.events),
        Field::sum("reconnects", |cell| &cell.reconnects, |cell| &mut cell.reconnects),
        Field::sum("inbox_full", |cell| &cell.inbox_full, |cell| &mut cell.inbox_full),
        Field::trend("first_token", |cell| &cell.first_token, |cell| &mut cell.first_token),
        Field::trend("inter_token", |cell| &cell.inter_token, |cell| &mut cell.inter_token),
        Field::trend(
            "time_per_output_token",
            |cell| &cell.time_per_output_token,
            |cell| &mut cell.time_per_output_token,
        ),
        Field::sum("output_tokens", |cell| &cell.output_tokens, |cell| &mut cell.output_tokens),
        Field::sum("messages_sent", |cell| &cell.messages_sent, |cell| &mut cell.messages_sent),
        Field::sum("messages_received", |cell| &cell.messages_received, |cell| &mut cell.messages_received),
        Field::trend("first_message", |cell| &cell.first_message, |cell| &mut cell.first_message),
        Field::trend("message_gap", |cell| &cell.message_gap, |cell| &mut cell.message_gap),
        Field::trend("message_response", |cell| &cell.message_response, |cell| &mut cell.message_response),
    ];
}
