//! Sums of series since the beginning of the run, for outputs that need totals instead of differences.

use std::collections::BTreeMap;

use squall_metrics::Unit;

use crate::series::{Key, Series, Value};

/// Sums by series.
#[derive(Debug, Default)]
pub(crate) struct Sums(BTreeMap<Key, (Unit, Value<'static>)>);

impl Sums {
    /// Adds the series of a batch that `wanted` selects.
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
