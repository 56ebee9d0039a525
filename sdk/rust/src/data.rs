//! Data that the run was given: tables whose rows a scenario takes (`--data users=users.csv`), and files that are sent as
//! they are (`--data video=file:video.mp4`).
//!
//! ```
//! use squall::prelude::*;
//!
//! squall::scenario! {
//!     flows: { login },
//!     data: { users: { policy: "shuffle" } },
//! }
//!
//! static USERS: Feed = Feed::new("users");
//!
//! fn login() -> Outcome {
//!     let user = USERS.next()?;
//!     let form = format!("name={}&password={}", user.get("name")?, user.get("password")?);
//!     http::post("/login").body(form).send()?;
//!     Ok(())
//! }
//! # let mut host = squall::testing::Host::new().respond("POST", "/login", 200, "");
//! # host = host.feed("users", &["name", "password"], &[&["ada", "secret"]]);
//! # assert_eq!(host.run(login).expect_ok().requests[0].text(), "name=ada&password=secret");
//! ```
//!
//! The host holds all of it once, for all virtual users: a scenario has only the fields that it asks for.

mod blob;
mod error;
mod feed;

pub use blob::Blob;
pub use error::Error;
pub use feed::{AtEnd, Feed, Policy, Row};
