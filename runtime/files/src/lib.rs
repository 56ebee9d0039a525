//! Opening files where others may have a hand in it: a cache below a folder that all users share, a checkout that somebody
//! else wrote, a path that leads to a device.
//!
//! [`PrivateFolder`] is a folder that only this user can change, reached by descriptors from the root, so that what was
//! checked is what is used. [`read_bounded`] reads a file of any kind no further than it may be long, and [`append`] and
//! [`replace`] write to no place but the one that was named. This crate must not know what is in the files.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod bounded;
mod private_folder;
mod user_cache;
mod walk;
mod written;

pub use bounded::read_bounded;
pub use private_folder::{PrivateFolder, mark_used};
pub use user_cache::user_cache;
pub use written::{append, create_beside, replace};
