//! Run a scenario natively, without Wasm, network or waiting, in unit tests.
//!
//! The test sets the responses of its [`Host`], runs a flow, and reads the [`Report`] on the flow's actions. Sleeping
//! moves a clock of the host's own and takes no time.
//!
//! ```
//! use squall::prelude::*;
//! use squall::testing::Host;
//!
//! fn browse() -> Outcome {
//!     let page = http::get("/products").header("accept", "application/json").send()?;
//!     check!(page.status() == 200, "products are listed");
//!     sleep(2);
//!     Ok(())
//! }
//!
//! // #[test]
//! fn browsing_asks_for_the_products() {
//!     let report = Host::new().respond("GET", "/products", 200, "[]").run(browse).expect_ok();
//!     assert_eq!(report.requests[0].header("accept"), Some("application/json"));
//!     assert!(report.passed("products are listed"));
//!     assert_eq!(report.slept.as_secs(), 2);
//! }
//! # browsing_asks_for_the_products();
//! ```
//!
//! It does not redirect, keep cookies, or time anything: those are the real host's.

mod call;
pub(crate) mod glob;
mod host;
mod peer;
mod reply;
mod report;
mod socket;
mod state;

pub use call::{CallReply, SentCall};
pub use host::Host;
pub use reply::Reply;
pub use report::{Report, Sent};
pub use socket::SocketMessage;

pub(crate) use peer::Peer;
pub(crate) use socket::SocketAnswer;
pub(crate) use state::{Rows, State};
