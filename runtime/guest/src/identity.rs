//! The identity of a virtual user: everything that outlives its instances.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use squall_http::Client;
use squall_metrics::{FlowId, Nanos, SampleOrigin, TagSetId};
use squall_plan::random::next_bits;

use crate::worker::WorkerContext;

/// The part of a virtual user that survives the replacement of a trapped instance: number, connections, cookies, random
/// numbers, count of iterations.
pub struct Identity {
    number: u32,
    client: Client,
    flow: Cell<FlowId>,
    tags: Cell<TagSetId>,
    random: Cell<u64>,
    iterations: Cell<u64>,
    away: Cell<Nanos>,
    /// Whether it would go on computing, if others had not their turn.
    gives_way: Cell<bool>,
    /// Computing time since the last call, for rehearsals, where virtual time stands still for a guest that computes.
    computed: Computed,
    last_words: RefCell<Option<Box<str>>>,
    /// The last error logged outside of an iteration.
    last_error: RefCell<Option<Box<str>>>,
}

#[derive(Default)]
struct Computed {
    since: Cell<Option<Nanos>>,
    before: Cell<Nanos>,
}

impl Identity {
    /// Virtual user `number` (from 1; 0 is for `setup` and `teardown`).
    pub fn new(worker: &WorkerContext, number: u32) -> Identity {
        // Users with neighbouring numbers must not have neighbouring sequences.
        let mut seed = worker.run.seed ^ u64::from(number).wrapping_mul(0xa076_1d64_78bd_642f);
        let random = next_bits(&mut seed);
        Identity {
            number,
            client: Client::new(Rc::clone(&worker.network)),
            flow: Cell::new(FlowId::START),
            tags: Cell::default(),
            random: Cell::new(random),
            iterations: Cell::new(0),
            away: Cell::new(Nanos::ZERO),
            gives_way: Cell::new(false),
            computed: Computed::default(),
            last_words: RefCell::new(None),
            last_error: RefCell::new(None),
        }
    }

    /// The user's number in the run, from 1; 0 outside of any user.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its connections and cookies.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Number of iterations begun.
    pub fn iterations(&self) -> u64 {
        self.iterations.get()
    }

    /// Counts an iteration, if that flow is one of the load. Returns its number among those of the user.
    pub(crate) fn begin_iteration(&self, flow: FlowId) -> u64 {
        let number = self.iterations.get();
        if flow.index().is_some() {
            self.iterations.set(number + 1);
        }
        number
    }

    pub(crate) fn is_giving_way(&self) -> bool {
        self.gives_way.get()
    }

    pub(crate) fn flow(&self) -> FlowId {
        self.flow.get()
    }

    /// The flow and tags of its samples.
    pub(crate) fn origin(&self) -> SampleOrigin {
        SampleOrigin { flow: self.flow.get(), tags: self.tags.get() }
    }

    /// Begins a flow, without tags.
    pub(crate) fn enter(&self, flow: FlowId) {
        self.flow.set(flow);
        self.client.set_flow(flow);
        self.set_tags(TagSetId::NONE);
    }

    pub(crate) fn set_tags(&self, tags: TagSetId) {
        self.tags.set(tags);
        self.client.set_tags(tags);
    }

    /// Notes time that was not the guest's: sleeping, or giving way to others. (The client counts requests itself.)
    pub(crate) fn was_away(&self, time: Nanos) {
        self.away.set(self.away.get() + time);
    }

    pub(crate) fn gives_way(&self, gives_way: bool) {
        self.gives_way.set(gives_way);
    }

    /// A call begins: no time has been computed, and it has not yielded yet.
    #[inline]
    pub(crate) fn begins_to_compute(&self) {
        self.gives_way.set(false);
        self.computed.since.set(None);
        self.computed.before.set(Nanos::ZERO);
    }

    /// Adds the last stretch of computing. Returns the time computed since the call, counted from the first yield.
    pub(crate) fn has_computed(&self, now: Nanos) -> Nanos {
        let Computed { since, before } = &self.computed;
        before.set(before.get() + since.replace(None).map_or(Nanos::ZERO, |since| now.since(since)));
        before.get()
    }

    /// It goes on computing.
    pub(crate) fn computes_again(&self, now: Nanos) {
        self.computed.since.set(Some(now));
    }

    /// All the time up to now that was not the guest's.
    pub(crate) fn elsewhere(&self) -> Nanos {
        self.away.get() + self.client.waited()
    }

    pub(crate) fn random(&self) -> u64 {
        let mut state = self.random.get();
        let number = next_bits(&mut state);
        self.random.set(state);
        number
    }

    pub(crate) fn remember_words(&self, text: String) {
        *self.last_words.borrow_mut() = Some(text.into());
    }

    pub(crate) fn remember_error(&self, text: String) {
        *self.last_error.borrow_mut() = Some(text.into());
    }

    pub(crate) fn take_last_error(&self) -> Option<Box<str>> {
        self.last_error.borrow_mut().take()
    }

    pub(crate) fn take_last_words(&self) -> Option<Box<str>> {
        self.last_words.borrow_mut().take()
    }
}
