//! The state of the current test's host. One per thread, as tests run in threads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use super::call::CallReply;
use super::peer::Peer;
use super::reply::Rule;
use super::report::Report;
use super::socket::SocketRule;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rules: Vec<Rule>,
    /// Answers to calls by gRPC, by method.
    pub(crate) calls: Vec<(String, CallReply)>,
    pub(crate) sockets: Vec<SocketRule>,
    pub(crate) options: HashMap<String, String>,
    pub(crate) feeds: HashMap<String, Rows>,
    pub(crate) blobs: HashMap<String, Vec<u8>>,
    pub(crate) peers: Vec<(String, Peer)>,
    pub(crate) target: Option<String>,
    pub(crate) vu: u32,
    pub(crate) iteration: u64,
    /// Nanoseconds since the run began.
    pub(crate) clock: u64,
    pub(crate) iteration_began: u64,
    pub(crate) seed: u64,
    pub(crate) report: Report,
    /// The number of handles for request options that were made.
    pub(crate) options_made: usize,
}

/// A test's table, and the number of rows taken.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) taken: u64,
}

thread_local! {
    static CURRENT: RefCell<State> = RefCell::new(State::new());
}

impl State {
    pub(crate) fn new() -> Self {
        State {
            rules: Vec::new(),
            calls: Vec::new(),
            sockets: Vec::new(),
            options: HashMap::new(),
            feeds: HashMap::new(),
            blobs: HashMap::new(),
            peers: Vec::new(),
            target: None,
            vu: 1,
            iteration: 0,
            clock: 0,
            iteration_began: 0,
            seed: 0,
            report: Report::new(),
            options_made: 0,
        }
    }

    /// Lends the state of the current test's host.
    pub(crate) fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
        CURRENT.with_borrow_mut(work)
    }

    pub(crate) fn sleep(&mut self, nanoseconds: u64) {
        self.clock = self.clock.saturating_add(nanoseconds);
        self.report.slept += Duration::from_nanos(nanoseconds);
    }

    /// SplitMix64: one line of state, and good enough for tests.
    pub(crate) fn next_random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
