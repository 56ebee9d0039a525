//! Write [Squall](https://github.com/squall-load/squall) load-test scenarios in Rust.
//!
//! A scenario is a library crate (`crate-type = ["cdylib", "rlib"]`) of plain functions, its *flows*, and one
//! [`scenario!`] that names them:
//!
//! ```
//! use squall::prelude::*;
//!
//! squall::scenario! {
//!     flows: { browse: 80, search: 20 },
//!     vus: 10,
//!     duration: "30s",
//!     thresholds: { http_req_failed: "rate<0.01", http_req_duration: "p(95)<500" },
//! }
//!
//! fn browse() -> Outcome {
//!     let page = http::get("/products").send()?;
//!     check!(page.status() == 200, "products are listed");
//!     think(1.0..3.0);
//!     Ok(())
//! }
//!
//! fn search() -> Outcome {
//!     http::get("/search").query("q", "lamp").name("/search").send()?;
//!     Ok(())
//! }
//! ```
//!
//! `cargo build --release --target wasm32-wasip2` makes a component of it, which `squall run` runs. `cargo test` runs
//! it natively, against a host of your own making: see [`testing`].
//!
//! Paths are relative to the run's `--target`. Everything is measured by the host; nothing here reads a clock of its
//! own. Without features the crate has no dependencies at run time; `json` brings serde.

#![deny(missing_docs)]

#[cfg(all(feature = "small-heap", any(test, all(target_family = "wasm", not(target_feature = "atomics")))))]
mod allocator;
mod context;
mod error;
mod host;
mod json;
mod metrics;
mod random;
mod scenario;
mod timing;
mod transaction;

pub mod data;
pub mod http;
pub mod log;
#[doc(hidden)]
pub mod outcome;
pub mod shared;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;

pub use context::{abort, env, iteration, target, vu};
pub use error::{Error, Outcome};
pub use metrics::{Counter, Gauge, Rate, Trend, Unit, check};
pub use random::{pick, random, random_in};
pub use scenario::{Flow, Scenario};
/// Declares a scenario. Exactly one stands in a crate, at its root or in a module.
///
/// ```
/// squall::scenario! {
///     // Functions, each with its share of the traffic; the function's name is the flow's. No weight: 1. A weight of
///     // 0: only when the run asks for the flow by name.
///     flows: { browse: 60, account::login: 40 },
///
///     // Optional. `setup` and `teardown` run once for the whole run, `start` once for each virtual user.
///     setup: prepare,
///     start: arrive,
///     teardown: clean_up,
///
///     // Optional: the plan that the scenario suggests. Who runs it may override all of it.
///     vus: 10,
///     duration: "1m30s",
///     thresholds: {
///         http_req_failed: "rate<0.01",
///         "http_req_duration{name:home}": ["p(95)<500", "max<2000"],
///     },
/// }
///
/// fn browse() {}
/// mod account {
///     pub fn login() -> squall::Outcome {
///         Ok(())
///     }
/// }
/// fn prepare() -> squall::Outcome<String> {
///     Ok("for `shared::text()`".into())
/// }
/// fn arrive() -> Result<(), std::num::ParseIntError> {
///     Ok(())
/// }
/// fn clean_up() {}
/// ```
///
/// Further plan keys: `iterations: 1000`, `executor: "ramping-vus"`, `stages: [{ duration: "30s", target: 100 }]`,
/// `rate: "1000/s"`, `pre_allocated_vus: 20`, `max_vus: 200`, `data: { users: { policy: "shuffle" } }` (see [`data`]).
///
/// Flows, `start` and `teardown` take nothing and return `()`, [`Outcome`], or any `Result<(), E>` where `E: Display`.
/// What `setup` returns is described in [`shared`].
///
/// The macro makes `pub static SCENARIO: Scenario`, and the exports of the component.
///
/// Mistakes are found by the compiler:
///
/// ```compile_fail
/// squall::scenario! { flows: { browse: 60, browse: 40 } } // two flows are named `browse`
/// fn browse() {}
/// ```
/// ```compile_fail
/// squall::scenario! { flows: { browse } }
/// fn browse() -> u32 { 7 } // a flow cannot return `u32`
/// ```
pub use squall_sdk_macros::scenario;
pub use timing::{Seconds, now, pace, sleep, think};
pub use transaction::{Transaction, transaction};

/// The examples in the documents, kept compiling.
#[cfg(all(doctest, feature = "json"))]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/sdk-rust.md")]
    struct Tutorial;
}

/// What most scenarios use: `use squall::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Counter, Error, Gauge, Outcome, Rate, Transaction, Trend, abort, check, data::Blob, data::Feed, env, http,
        iteration, log, now, pace, pick, random, random_in, shared, sleep, target, think, transaction, vu,
    };
}
