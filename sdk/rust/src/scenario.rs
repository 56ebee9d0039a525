//! A scenario as data: `scenario!` makes it, the component exports it, tests run it.

use crate::shared;

/// A function of the author's, with its error as text.
type Hook<T = ()> = fn() -> Result<T, String>;

/// A whole scenario. [`scenario!`](crate::scenario!) makes one, as `pub static SCENARIO`.
#[derive(Debug)]
pub struct Scenario {
    flows: &'static [Flow],
    plan: &'static str,
    setup: Option<Hook<Vec<u8>>>,
    start: Option<Hook>,
    teardown: Option<Hook>,
}

/// One journey through the target, and its share of the traffic.
#[derive(Debug)]
pub struct Flow {
    name: &'static str,
    weight: u32,
    run: Hook,
}

impl Flow {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, weight: u32, run: Hook) -> Self {
        Flow { name, weight, run }
    }

    /// Its name: that of the function.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its share of the traffic, relative to the other flows' weights.
    #[must_use]
    pub const fn weight(&self) -> u32 {
        self.weight
    }
}

impl Scenario {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(flows: &'static [Flow], plan: &'static str) -> Self {
        Scenario { flows, plan, setup: None, start: None, teardown: None }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_setup(mut self, setup: Hook<Vec<u8>>) -> Self {
        self.setup = Some(setup);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_start(mut self, start: Hook) -> Self {
        self.start = Some(start);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_teardown(mut self, teardown: Hook) -> Self {
        self.teardown = Some(teardown);
        self
    }

    /// The flows, in the order in which they were written.
    #[must_use]
    pub const fn flows(&self) -> &'static [Flow] {
        self.flows
    }

    /// The suggested plan: a JSON object, or empty.
    #[must_use]
    pub const fn plan(&self) -> &'static str {
        self.plan
    }

    /// Runs one iteration of the flow of that index.
    ///
    /// # Errors
    ///
    /// The text of the error that the flow returned, or that there is no such flow.
    pub fn run(&self, flow: u32) -> Result<(), String> {
        match self.flows.get(flow as usize) {
            Some(flow) => (flow.run)(),
            None => Err("no flow of that index".into()),
        }
    }

    /// Runs `setup`, if there is one, and returns the data that it shares.
    ///
    /// # Errors
    ///
    /// The text of the error that `setup` returned.
    pub fn setup(&self) -> Result<Vec<u8>, String> {
        self.setup.map_or_else(|| Ok(Vec::new()), |setup| setup())
    }

    /// Takes the shared data and runs `start`, if there is one.
    ///
    /// # Errors
    ///
    /// The text of the error that `start` returned.
    pub fn start(&self, shared: Vec<u8>) -> Result<(), String> {
        shared::store(shared);
        self.start.map_or(Ok(()), |start| start())
    }

    /// Takes the shared data and runs `teardown`, if there is one.
    ///
    /// # Errors
    ///
    /// The text of the error that `teardown` returned.
    pub fn teardown(&self, shared: Vec<u8>) -> Result<(), String> {
        shared::store(shared);
        self.teardown.map_or(Ok(()), |teardown| teardown())
    }
}
