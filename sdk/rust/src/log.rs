//! Lines for the run's log, tagged with virtual user and flow by the host.
//!
//! ```
//! # use squall::prelude::*;
//! # let report = squall::testing::Host::new().run(|| {
//! log::info!("basket of {} items", 3);
//! # });
//! # assert_eq!(report.logs[0].1, "basket of 3 items");
//! ```

use crate::host;

/// The importance of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For the scenario's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd, but the run goes on as meant.
    Warn,
    /// Wrong.
    Error,
}

/// Writes a line. The macros [`debug!`], [`info!`], [`warn!`] and [`error!`] format one first.
pub fn write(level: Level, message: &str) {
    host::log(level, message);
}

pub use crate::{__log_debug as debug, __log_error as error, __log_info as info, __log_warn as warn};

/// Logs at level `debug`; written as `format!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)+)) };
}

/// Logs at level `info`; written as `format!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)+)) };
}

/// Logs at level `warn`; written as `format!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($text)+)) };
}

/// Logs at level `error`; written as `format!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)+)) };
}
