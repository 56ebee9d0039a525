//! The end-to-end tests are in `squall.rs`; this library is empty, so that the package has something to build.
