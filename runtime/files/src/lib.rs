//! Opening files in places where others may interfere: a cache below a folder that all users share, a checkout of
//! another author, a path that leads to a device.
//!
//! [`PrivateFolder`] is a folder that only this user can change. It is reached by descriptors from the root, so the
//! checked folder is the used one. [`read_bounded`] reads at most a given length of a file of any kind. [`append`] and
//! [`replace`] write only to the path that was named. This crate must not know the files' contents.
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
