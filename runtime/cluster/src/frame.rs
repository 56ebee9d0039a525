//! A second of an agent in bytes: a mark, the length of the head, the head in JSON, and the interval as `squall-metrics`
//! encodes it.

use serde::{Deserialize, Serialize};
use squall_load::{AgentRecord, AgentState};
use squall_metrics::{FrameError, Interval, Nanos, Registry};
use thiserror::Error;

/// The first byte of a frame. No JSON begins with it.
const MARK: u8 = 0x01;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    second: Option<u64>,
    complete_before: u64,
    busiest: u64,
    run_delay: u64,
    state: AgentState,
}

/// Why bytes are not a frame.
#[derive(Debug, Error)]
pub(crate) enum UnreadableFrame {
    #[error("a frame without its head")]
    Head,
    #[error(transparent)]
    Interval(#[from] FrameError),
}

/// Whether a message is a frame.
pub(crate) fn is_frame(bytes: &[u8]) -> bool {
    bytes.first() == Some(&MARK)
}

pub(crate) fn encode(record: &AgentRecord, registry: &Registry) -> Vec<u8> {
    let head = Head {
        second: record.second,
        complete_before: record.complete_before,
        busiest: record.busiest.0,
        run_delay: record.run_delay.0,
        state: record.state.clone(),
    };
    let head = crate::message::to_bytes(&head);
    let mut bytes = vec![MARK];
    bytes.extend(u32::try_from(head.len()).unwrap_or_default().to_le_bytes());
    bytes.extend(head);
    bytes.extend(record.recorded.encode(registry));
    bytes
}

pub(crate) fn decode(bytes: &[u8], registry: &Registry) -> Result<AgentRecord, UnreadableFrame> {
    let (head, interval) = split(bytes).ok_or(UnreadableFrame::Head)?;
    let head: Head = serde_json::from_slice(head).map_err(|_| UnreadableFrame::Head)?;
    Ok(AgentRecord {
        second: head.second,
        complete_before: head.complete_before,
        recorded: Interval::decode(interval, registry)?,
        busiest: Nanos(head.busiest),
        run_delay: Nanos(head.run_delay),
        state: head.state,
    })
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.get(1..)?.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}
