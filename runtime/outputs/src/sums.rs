//! What series add up to since the run began: for outputs that want totals, not differences.

use std::collections::BTreeMap;

use squall_metrics::Unit;

use crate::series::{Key, Series, Value};

/// Sums by series.
#[derive(Debug, Default)]
pub(crate) struct Sums(BTreeMap<Key, (Unit, Value<'static>)>);

impl Sums {
    /// Adds what these series of a batch say; those that `wanted` tells.
    pub fn add(&mut self, series: &[Series<'_>], wanted: impl Fn(&Value<'_>) -> bool) {
        for one in series.iter().filter(|one| wanted(&one.value)) {
            match self.0.get_mut(&one.key) {
                Some((_, sum)) => sum.add(&one.value),
                None => drop(self.0.insert(one.key.clone(), (one.unit, one.value.clone().into_owned()))),
            }
        }
    }

    /// All sums, by metric and tags.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, Unit, &Value<'static>)> {
        self.0.iter().map(|(key, (unit, value))| (key, *unit, value))
    }
}
