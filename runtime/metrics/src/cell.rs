//! The numbers of a series, listed: what merges, keeps and restores them goes by the list. Recording does not: it sets the
//! fields themselves.

use crate::histogram::Histogram;

/// A number of a cell.
#[derive(Debug)]
pub struct Field<C> {
    /// Its name in kept runs: another name would be another field.
    pub name: &'static str,
    /// Where it is.
    pub number: Number<C>,
}

/// Where a cell has a number, to read and to change.
#[derive(Debug)]
pub enum Number<C> {
    /// A sum; of times, in nanoseconds.
    Sum(fn(&C) -> &u64, fn(&mut C) -> &mut u64),
    /// A distribution.
    Trend(fn(&C) -> &Histogram, fn(&mut C) -> &mut Histogram),
}

impl<C> Field<C> {
    pub(crate) const fn sum(name: &'static str, get: fn(&C) -> &u64, get_mut: fn(&mut C) -> &mut u64) -> Field<C> {
        Field { name, number: Number::Sum(get, get_mut) }
    }

    pub(crate) const fn trend(
        name: &'static str,
        get: fn(&C) -> &Histogram,
        get_mut: fn(&mut C) -> &mut Histogram,
    ) -> Field<C> {
        Field { name, number: Number::Trend(get, get_mut) }
    }
}

/// The numbers of one series. All of them add up.
pub trait Cell: Default + 'static {
    /// All of them, in the order of kept runs.
    const FIELDS: &'static [Field<Self>];

    /// Adds what another stretch of time, or another thread, recorded.
    fn merge_fields(&mut self, other: &Self) {
        for field in Self::FIELDS {
            match field.number {
                Number::Sum(get, get_mut) => *get_mut(self) += get(other),
                Number::Trend(get, get_mut) => get_mut(self).merge(get(other)),
            }
        }
    }

    /// Whether nothing was recorded.
    fn has_nothing(&self) -> bool {
        Self::FIELDS.iter().all(|field| match field.number {
            Number::Sum(get, _) => *get(self) == 0,
            Number::Trend(get, _) => get(self).is_empty(),
        })
    }

    /// About what it takes beside itself, in bytes.
    fn weight(&self) -> usize {
        let of_field = |field: &Field<Self>| match field.number {
            Number::Sum(..) => 0,
            Number::Trend(get, _) => get(self).weight(),
        };
        Self::FIELDS.iter().map(of_field).sum()
    }
}

/// A trend alone.
impl Cell for Histogram {
    const FIELDS: &'static [Field<Histogram>] = &[Field::trend("duration", |times| times, |times| times)];
}
