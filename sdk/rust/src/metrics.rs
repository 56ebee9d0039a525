//! Checks and custom metrics.
//!
//! Metrics live in statics. The host is asked for each once per virtual user, when it is first used:
//!
//! ```
//! use squall::prelude::*;
//!
//! static ORDERS: Counter = Counter::new("orders_placed");
//! static BASKET: Trend = Trend::new("basket_value");
//!
//! fn checkout() {
//!     ORDERS.add(1);
//!     BASKET.add(99.5);
//! }
//! # let report = squall::testing::Host::new().run(checkout);
//! # assert_eq!(report.values("orders_placed"), [1.0]);
//! ```

use std::sync::OnceLock;

use crate::host;

/// Records whether something that should be true was, under a name, and returns it. A check that fails does not end
/// the iteration.
pub fn check(name: &str, passed: bool) -> bool {
    host::check(name, passed);
    passed
}

/// Records and returns whether a condition holds: `check!(page.status() == 200, "home is there")`. Without a name the
/// condition itself is the name.
///
/// ```
/// # use squall::prelude::*;
/// # squall::testing::Host::new().respond("GET", "/", 200, "").run(|| -> Outcome {
/// let page = http::get("/").send()?;
/// if check!(page.status() == 200, "home is there") {
///     think(1.0..2.0);
/// }
/// # Ok(()) }).expect_ok();
/// ```
#[macro_export]
macro_rules! check {
    ($condition:expr $(,)?) => {
        $crate::check(::core::stringify!($condition), $condition)
    };
    ($condition:expr, $name:expr $(,)?) => {
        $crate::check($name, $condition)
    };
}

/// The unit of a trend's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A plain number.
    Number,
    /// A duration, in milliseconds.
    Time,
    /// An amount of data, in bytes.
    Data,
}

/// A sum: orders placed, bytes uploaded.
#[derive(Debug)]
pub struct Counter {
    name: &'static str,
    handle: OnceLock<host::Counter>,
}

impl Counter {
    /// The counter of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Counter { name, handle: OnceLock::new() }
    }

    /// Adds to the sum. The host drops values that are negative or not finite.
    pub fn add(&self, value: impl Into<f64>) {
        let handle = self.handle.get_or_init(|| host::Counter::new(self.name));
        handle.add(value.into());
    }
}

/// A value of which the latest, the least and the greatest are kept: the length of a queue.
#[derive(Debug)]
pub struct Gauge {
    name: &'static str,
    handle: OnceLock<host::Gauge>,
}

impl Gauge {
    /// The gauge of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Gauge { name, handle: OnceLock::new() }
    }

    /// Sets the value.
    pub fn set(&self, value: impl Into<f64>) {
        let handle = self.handle.get_or_init(|| host::Gauge::new(self.name));
        handle.set(value.into());
    }
}

/// A share: cache hits, successful logins.
#[derive(Debug)]
pub struct Rate {
    name: &'static str,
    handle: OnceLock<host::Rate>,
}

impl Rate {
    /// The rate of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Rate { name, handle: OnceLock::new() }
    }

    /// Counts one event that was, or was not, of the kind.
    pub fn add(&self, value: bool) {
        self.handle.get_or_init(|| host::Rate::new(self.name)).add(value);
    }
}

/// A distribution, of which percentiles are kept: items in a basket, time to checkout.
#[derive(Debug)]
pub struct Trend {
    name: &'static str,
    unit: Unit,
    handle: OnceLock<host::Trend>,
}

impl Trend {
    /// The trend of that name, of plain numbers.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Trend::with_unit(name, Unit::Number)
    }

    /// The trend of that name, whose values are of that unit.
    #[must_use]
    pub const fn with_unit(name: &'static str, unit: Unit) -> Self {
        Trend { name, unit, handle: OnceLock::new() }
    }

    /// Adds a value, which may be negative. The host drops values that are not finite.
    pub fn add(&self, value: impl Into<f64>) {
        let handle = self.handle.get_or_init(|| host::Trend::new(self.name, self.unit));
        handle.add(value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn checks_are_recorded_and_returned() {
        let report = Host::new().run(|| {
            assert!(check!(1 + 1 == 2));
            assert!(!check!(false, "never"));
        });
        assert_eq!(report.checks, [("1 + 1 == 2".into(), true), ("never".into(), false)]);
        assert!(!report.passed("never"));
        assert!(!report.passed("not there"));
    }

    #[test]
    fn every_kind_of_metric_is_recorded() {
        static COUNTER: Counter = Counter::new("counter");
        static GAUGE: Gauge = Gauge::new("gauge");
        static RATE: Rate = Rate::new("rate");
        static TREND: Trend = Trend::with_unit("trend", Unit::Time);
        let report = Host::new().run(|| {
            COUNTER.add(1);
            COUNTER.add(2.5);
            GAUGE.set(7_u32);
            RATE.add(true);
            RATE.add(false);
            TREND.add(12.5);
        });
        assert_eq!(report.values("counter"), [1.0, 2.5]);
        assert_eq!(report.values("gauge"), [7.0]);
        assert_eq!(report.values("rate"), [1.0, 0.0]);
        assert_eq!(report.values("trend"), [12.5]);
        assert!(report.values("none").is_empty());
    }
}
