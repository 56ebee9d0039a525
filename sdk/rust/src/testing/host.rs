//! The host that a test sets up.

use std::mem;
use std::rc::Rc;

use super::call::CallReply;
use super::peer::Peer;
use super::reply::{Reply, Rule};
use super::report::{Report, Sent};
use super::socket::{SocketMessage, SocketRule};
use super::state::{Rows, State};
use crate::http::{Error, IntoBody};
use crate::outcome::Completion;
use crate::scenario::{Flow, Scenario};
use crate::shared;

/// A host for tests: it gives the set responses, and its clock moves only by sleeping.
///
/// URLs are given as patterns in which `*` stands for anything: `/products/*`. A path fits whatever the host and the
/// query are. The first answer that fits is given; a request that none fits is an error.
#[derive(Debug)]
pub struct Host {
    state: State,
    shared: Vec<u8>,
}

impl Default for Host {
    fn default() -> Self {
        Host::new()
    }
}

impl Host {
    /// A host that knows no answers yet. It plays virtual user 1, with the seed 0.
    #[must_use]
    pub fn new() -> Self {
        Host { state: State::new(), shared: Vec::new() }
    }

    /// Answers requests that fit with a status and a body.
    #[must_use]
    pub fn respond<'a>(self, method: &str, url: &str, status: u16, body: impl IntoBody<'a>) -> Self {
        let reply = Reply::new(status).body(body);
        self.respond_with(method, url, move |_| Ok(reply.clone()))
    }

    /// Answers requests that fit with the function's result. The function may read the request and keep count.
    ///
    /// ```
    /// # use squall::http;
    /// # use squall::testing::{Host, Reply};
    /// let mut host = Host::new()
    ///     .respond_with("GET", "/slow", |_| Err(http::Error::Timeout))
    ///     .respond_with("POST", "/echo", |sent| Ok(Reply::new(201).body(&sent.body)));
    /// # host.run(|| {
    /// #     assert_eq!(http::get("/slow").send().unwrap_err(), http::Error::Timeout);
    /// #     assert_eq!(http::post("/echo").body("hi").send().unwrap().text(), "hi");
    /// # });
    /// ```
    #[must_use]
    pub fn respond_with(
        mut self,
        method: &str,
        url: &str,
        answer: impl Fn(&Sent) -> Result<Reply, Error> + 'static,
    ) -> Self {
        self.state.rules.push(Rule { method: method.to_owned(), url: url.to_owned(), answer: Rc::new(answer) });
        self
    }

    /// Accepts WebSockets at URLs that fit. The function says what the server sends in answer to a message; it sends nothing
    /// else, and it does not close.
    #[must_use]
    pub fn websocket(mut self, url: &str, answer: impl Fn(&SocketMessage) -> Vec<SocketMessage> + 'static) -> Self {
        self.state.sockets.push(SocketRule { url: url.to_owned(), answer: Rc::new(answer) });
        self
    }

    /// Serves "host:port" over TCP and UDP: the function gets what is sent, piece by piece, and returns the answer.
    #[must_use]
    pub fn serve(mut self, address: &str, answer: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.state.peers.push((address.to_owned(), Peer::new(answer)));
        self
    }

    /// Answers calls by gRPC of that method ("package.Service/Method"). Schemas of tests have all methods, and do not look at
    /// messages.
    #[must_use]
    pub fn answer_call(mut self, method: &str, reply: CallReply) -> Self {
        self.state.calls.push((method.to_owned(), reply));
        self
    }

    /// Sets an option, as `-e KEY=VALUE` does.
    #[must_use]
    pub fn option(mut self, key: &str, value: &str) -> Self {
        self.state.options.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Gives data, as `--data NAME=FILE` does: the names of the columns, and rows of as many values. They are taken in
    /// their order, whatever the policy.
    ///
    /// # Panics
    ///
    /// Without rows: the real host does not take such data.
    #[must_use]
    pub fn feed(mut self, name: &str, columns: &[&str], rows: &[&[&str]]) -> Self {
        assert!(!rows.is_empty(), "data {name:?} needs at least one row");
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rows = Rows { columns: owned(columns), rows: rows.iter().map(|row| owned(row)).collect(), taken: 0 };
        self.state.feeds.insert(name.to_owned(), rows);
        self
    }

    /// Gives a file to be sent unchanged, as `--data NAME=file:FILE` does.
    #[must_use]
    pub fn blob<'a>(mut self, name: &str, bytes: impl IntoBody<'a>) -> Self {
        self.state.blobs.insert(name.to_owned(), bytes.into_body().into_owned());
        self
    }

    /// Sets the target, as `--target` does.
    #[must_use]
    pub fn target(mut self, url: &str) -> Self {
        self.state.target = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// Sets the seed, as `--seed` does.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.state.seed = seed;
        self
    }

    /// Sets the number of the virtual user.
    #[must_use]
    pub fn vu(mut self, number: u32) -> Self {
        self.state.vu = number;
        self
    }

    /// Sets the data that `setup` would have shared.
    #[must_use]
    pub fn shared<'a>(mut self, data: impl IntoBody<'a>) -> Self {
        self.shared = data.into_body().into_owned();
        self
    }

    /// Runs one iteration and reports its actions. The next one on this host continues where this one ended: clock,
    /// chance and iteration number go on.
    pub fn run<C: Completion>(&mut self, flow: impl FnOnce() -> C) -> Report {
        let shared = self.shared.clone();
        self.enter(|| {
            shared::store(shared);
            iterate(|| flow().complete())
        })
    }

    /// Runs a whole scenario: `setup`, `start`, that many iterations in the proportions of the flows' weights, and
    /// `teardown`. The report's outcome is the first error, with the name of the function that returned it.
    pub fn rehearse(&mut self, scenario: &Scenario, iterations: u32) -> Report {
        let vu = self.state.vu;
        self.enter(|| {
            State::with(|state| state.vu = 0);
            let shared = scenario.setup().map_err(|error| format!("setup: {error}"))?;

            State::with(|state| state.vu = vu);
            let start = scenario.start(shared.clone());
            let mut first_error = start.map_err(|error| format!("start: {error}"));

            let mut credits = vec![0; scenario.flows().len()];
            for _ in 0..iterations {
                let index = next_flow(scenario.flows(), &mut credits);
                let outcome = iterate(|| scenario.run(index as u32));
                let name = scenario.flows()[index].name();
                first_error = first_error.and(outcome.map_err(|error| format!("{name}: {error}")));
            }

            State::with(|state| state.vu = 0);
            let teardown = scenario.teardown(shared);
            State::with(|state| state.vu = vu);
            first_error.and(teardown.map_err(|error| format!("teardown: {error}")))
        })
    }

    /// Makes this host the current one for as long as `work` takes, also if it panics.
    fn enter(&mut self, work: impl FnOnce() -> Result<(), String>) -> Report {
        struct Leave<'a>(&'a mut State);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                State::with(|current| mem::swap(current, self.0));
            }
        }

        State::with(|current| mem::swap(current, &mut self.state));
        let leave = Leave(&mut self.state);
        let outcome = work();
        drop(leave);
        let mut report = mem::replace(&mut self.state.report, Report::new());
        report.outcome = outcome;
        report
    }
}

fn iterate(flow: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    State::with(|state| state.iteration_began = state.clock);
    let outcome = flow();
    State::with(|state| state.iteration += 1);
    outcome
}

/// Smooth weighted round-robin: the flow that is furthest behind its share.
fn next_flow(flows: &[Flow], credits: &mut [i64]) -> usize {
    let mut best = 0;
    for (index, flow) in flows.iter().enumerate() {
        credits[index] += i64::from(flow.weight());
        if credits[index] > credits[best] {
            best = index;
        }
    }
    credits[best] -= flows.iter().map(|flow| i64::from(flow.weight())).sum::<i64>();
    best
}
