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
pub mod grpc;
pub mod http;
pub mod log;
#[doc(hidden)]
pub mod outcome;
pub mod shared;
pub mod sockets;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod waiting;
pub mod websocket;

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
/// Every key of the plan, as in [the table of options](https://github.com/squall-load/squall/blob/main/docs/options.md):
///
/// | key | value | |
/// | --- | --- | --- |
/// | `vus` | `10` | Virtual users; with stages, the number to start with; with a rate, as `pre_allocated_vus`. |
/// | `duration` | `"30s"` | How long virtual users iterate; with iterations, how long these may take. |
/// | `iterations` | `1000` | The number of iterations: in all, or for each virtual user with `per-vu-iterations`. |
/// | `stages` | `[{ duration: "30s", target: 100 }]` | The stages of a ramp: `30s:100`. |
/// | `executor` | `"ramping-vus"` | How the load is shaped, where the other options leave a choice. |
/// | `max_duration` | `"5m"` | How long a number of iterations may take. |
/// | `graceful_stop` | `"10s"` | How long iterations may go on once the load has ended. |
/// | `graceful_ramp_down` | `"10s"` | How long a virtual user that the ramp no longer needs may go on with its iteration. |
/// | `start_vus` | `1` | Virtual users at the start of the first stage. |
/// | `rate` | `1000`, `"90/m"` | Iterations started in a second, or in each `time_unit`, however long they take: `1000/s`. |
/// | `time_unit` | `"1m"` | The time that rates without a unit of their own are for. |
/// | `start_rate` | `10` | The rate at the start of the first stage. |
/// | `pre_allocated_vus` | `20` | Virtual users that are made before an open load begins. |
/// | `max_vus` | `200` | Virtual users at most, where their number is not fixed. |
/// | `arrival` | `"constant"`, `"poisson"` | Whether the iterations of an open load start evenly or at random. |
/// | `max_backlog` | `"5s"` | How long an iteration of an open load may wait for a virtual user before it is dropped. |
/// | `warmup` | `"none"`, `"auto"`, `"30s"` | How long the load warms up before its measurements count: `30s`; `auto` finds it out. |
/// | `pacing` | `"timer"`, `"spin"` | How worker threads wait for the next start. |
/// | `flow` | `"browse"` | Run only this flow. |
/// | `weights` | `{ browse: 60 }` | Weights of flows, in place of those that the component describes. |
/// | `think_time` | `{ browse: "1s..3s" }` | How long a virtual user thinks after an iteration, by flow: `1s..3s`. |
/// | `scenarios` | `{ buying: { vus: 5, duration: "1m", flow: "buy" } }` | Loads of their own, by name, in place of the one above. |
/// | `thresholds` | `{ checks: "rate>0.99" }` | Thresholds by metric, as k6 writes them: `p(95)<500`. |
/// | `target` | `"https://shop.example.test"` | The base URL of requests that name only a path. |
/// | `env` | `{ NAME: "value" }` | Options of the scenario, by name. |
/// | `data` | `{ users: { policy: "shuffle" } }` | Data for the scenario, by name. |
/// | `tags` | `{ release: "1.2" }` | Tags of the whole run, or of a scenario. |
/// | `seed` | `7` | The origin of all randomness: the same seed, the same choices. |
/// | `threads` | `2` | Worker threads; one for each core unless said otherwise. |
/// | `setup_timeout` | `"30s"` | How long `setup` may take. |
/// | `teardown_timeout` | `"30s"` | How long `teardown` may take. |
/// | `min_iteration_duration` | `"1s"` | The least time from the start of an iteration to the start of the next one of the same virtual user. |
/// | `max_series` | `500` | Series that are kept apart; further ones are counted together. |
/// | `insecure` | `true` | Accept any TLS certificate. |
/// | `request_timeout` | `"5s"` | How long a request may take in all. |
/// | `connect_timeout` | `"2s"` | How long opening a connection may take, TLS included. |
/// | `max_redirects` | `0` | Redirects that are followed; 0 for none. |
/// | `no_connection_reuse` | `true` | Open a connection for every request. |
/// | `discard_response_bodies` | `true` | Read the bodies of responses off the connection and throw them away. |
/// | `user_agent` | `"my-test/1"` | The `User-Agent` header of requests that bring none. |
/// | `shared_connections` | `8` | Connections to one origin that all virtual users share; each has its own unless said otherwise. |
/// | `http_version` | `"2"` | The version of HTTP: `auto`, `1.1`, `2`, `2-prior-knowledge` or `3`. |
/// | `max_streams` | `50` | Requests that are under way at once on one connection of HTTP/2, if its server allows as many. |
/// | `batch_per_origin` | `4` | Requests of one batch that go to the same origin at once. |
/// | `no_vu_connection_reuse` | `true` | Close a virtual user's connections at the end of each iteration, as if another user came. |
/// | `tls_min` | `"1.3"` | The lowest version of TLS: 1.2 or 1.3. |
/// | `tls_max` | `"1.2"` | The highest version of TLS: 1.2 or 1.3. |
/// | `tls_ciphers` | `"TLS_AES_128_GCM_SHA256"` | The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise. |
/// | `no_tls_resumption` | `true` | Make a full TLS handshake for each connection, instead of resuming sessions. |
/// | `dns` | `"ttl=30s"` | How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4. |
/// | `connect_rate` | `"500/s"` | The most connections that are opened a second, over the whole run: 500, or 90/m. |
/// | `no_tcp_nodelay` | `true` | Let small packets wait for others (Nagle's algorithm). |
///
/// A scenario of `scenarios` takes `start_time: "10s"`, `flow`, and the keys that shape a load or belong to its samples:
/// `vus` to `max_backlog`, `weights`, `think_time`, `thresholds`, `env`, `tags` and `min_iteration_duration`. A `target` or
/// `insecure: true` is refused unless the user says the same option, which counts. For `data` see [`data`].
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

/// The names that most scenarios use: `use squall::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Counter, Error, Gauge, Outcome, Rate, Transaction, Trend, abort, check, data::Blob, data::Feed, env, grpc,
        http, iteration, log, now, pace, pick, random, random_in, shared, sleep, target, think, transaction, vu,
    };
}
