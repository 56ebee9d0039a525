//! Business operations that span several requests, measured as one.

use crate::error::Outcome;
use crate::host;

/// Measures what `work` does as one business operation, under a name. It counts as failed when `work` returns an error,
/// which is handed on.
///
/// ```
/// # use squall::prelude::*;
/// fn buy() -> Outcome {
///     let order = transaction("checkout", || {
///         http::post("/basket").body("one lamp").send()?;
///         let paid = http::post("/checkout").send()?;
///         Ok(paid.text())
///     })?;
///     log::info!("order {order}");
///     Ok(())
/// }
/// # squall::testing::Host::new().respond("POST", "/*", 201, "17").run(buy).expect_ok();
/// ```
///
/// # Errors
///
/// Those of `work`.
pub fn transaction<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let transaction = Transaction::begin(name);
    let outcome = work();
    if outcome.is_err() {
        transaction.fail();
    }
    outcome
}

/// A business operation that is under way, measured until it is dropped. Where a closure fits, [`transaction`] is
/// simpler: it cannot forget to fail.
#[derive(Debug)]
#[must_use = "a transaction is measured until it is dropped"]
pub struct Transaction {
    handle: host::Transaction,
}

impl Transaction {
    /// Begins one.
    pub fn begin(name: &str) -> Self {
        Transaction { handle: host::Transaction::new(name) }
    }

    /// Marks it as failed.
    pub fn fail(&self) {
        self.handle.fail();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::testing::Host;

    #[test]
    fn an_error_fails_the_transaction_and_goes_on() {
        let report = Host::new().run(|| {
            transaction("good", || Ok(1))?;
            transaction("bad", || Err::<(), _>(Error::new("no")))
        });
        assert_eq!(report.transactions, [("good".into(), true), ("bad".into(), false)]);
        assert_eq!(report.outcome, Err("no".into()));
    }

    #[test]
    fn a_guard_measures_until_it_is_dropped() {
        let report = Host::new().run(|| {
            let outer = Transaction::begin("outer");
            drop(Transaction::begin("inner"));
            outer.fail();
        });
        assert_eq!(report.transactions, [("inner".into(), true), ("outer".into(), false)]);
    }
}
