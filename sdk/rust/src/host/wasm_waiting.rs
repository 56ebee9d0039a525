//! Waiting in the real host.

pub(crate) use crate::bindings::waiting::squall::scenario::waiting::next_of;
