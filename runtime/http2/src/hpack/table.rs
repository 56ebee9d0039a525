//! The tables of one direction of a connection (RFC 7541, section 2.3): the static one, and after it the dynamic one,
//! whose newest entry comes first.

use std::fmt;

use super::static_table;

/// What an entry costs besides its bytes (section 4.1).
const OVERHEAD: usize = 32;
/// Index of the newest dynamic entry (section 2.3.3).
const FIRST_INDEX: usize = static_table::ENTRIES.len() + 1;
/// The largest table, in bytes. Together with evicted entries, it keeps positions within 32 bits.
const LARGEST: usize = 1 << 30;

/// A field of the dynamic table: a range of its bytes, the name first.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    name: u32,
    value: u32,
}

/// The best entry for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Name and value are those of the entry with this index.
    Field(usize),
    /// The name is that of the entry with this index.
    Name(usize),
    /// The name is new.
    Nothing,
}

/// Both tables; the dynamic one begins empty and without memory of the heap.
pub(super) struct Table {
    /// The entries, the oldest first. Evicted ones stay at the beginning, with their bytes, until they are reclaimed.
    entries: Vec<Entry>,
    /// Names and values.
    bytes: Vec<u8>,
    /// The number of evicted entries, and the sum of their sizes.
    evicted: usize,
    evicted_size: usize,
    /// The sum of the other entries' sizes, and its bound.
    size: usize,
    capacity: usize,
}

impl Entry {
    fn start(self) -> usize {
        self.start as usize
    }

    fn middle(self) -> usize {
        self.start() + self.name as usize
    }

    fn end(self) -> usize {
        self.middle() + self.value as usize
    }

    /// As section 4.1 counts.
    fn size(self) -> usize {
        self.end() - self.start() + OVERHEAD
    }
}

/// Without fields, which may be secret.
impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = formatter.debug_struct("Table");
        table.field("size", &self.size).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Table {
    /// An empty dynamic table of at most `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Table {
        Table {
            entries: Vec::new(),
            bytes: Vec::new(),
            evicted: 0,
            evicted_size: 0,
            size: 0,
            capacity: capacity.min(LARGEST),
        }
    }

    /// The bound of the dynamic table's size, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The size of the dynamic table, in bytes (section 4.1).
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The bytes of names and values, with those of evicted entries.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Changes the bound, and evicts entries until the rest is within it (section 4.3).
    pub(super) fn resize(&mut self, capacity: usize) {
        self.capacity = capacity.min(LARGEST);
        self.evict(self.capacity);
        self.reclaim();
    }

    /// The field with an index, if there is one (section 2.3.3).
    #[inline]
    pub(super) fn field(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let position = index.checked_sub(1)?;
        if let Some(field) = static_table::ENTRIES.get(position) {
            return Some(*field);
        }
        let entry = self.entry(position - static_table::ENTRIES.len())?;
        self.bytes.get(entry.start()..entry.end())?.split_at_checked(entry.name as usize)
    }

    /// The dynamic entry at a position, counted from the newest.
    #[inline]
    fn entry(&self, position: usize) -> Option<Entry> {
        let live = self.live();
        live.get(live.len().checked_sub(position + 1)?).copied()
    }

    /// The entries that are not evicted.
    #[inline]
    fn live(&self) -> &[Entry] {
        &self.entries[self.evicted..]
    }

    /// The best entry for a field. The few entries of the dynamic table come first: nearly all of them are told apart
    /// by their lengths.
    #[inline]
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> Match {
        if let Some(index) = self.find_field(name, value) {
            return Match::Field(index);
        }
        match static_table::find(name, value) {
            Match::Nothing => self.find_name(name).map_or(Match::Nothing, Match::Name),
            found => found,
        }
    }

    #[inline]
    fn find_field(&self, name: &[u8], value: &[u8]) -> Option<usize> {
        let is_field = |entry: &Entry| {
            let has_lengths = entry.name as usize == name.len() && entry.value as usize == value.len();
            // Fields of one name have different values, so the values are compared first.
            has_lengths && self.bytes[entry.middle()..entry.end()] == *value && self.name_of(entry) == name
        };
        let position = self.live().iter().rev().position(is_field)?;
        Some(FIRST_INDEX + position)
    }

    fn find_name(&self, name: &[u8]) -> Option<usize> {
        let position = self.live().iter().rev().position(|entry| self.name_of(entry) == name)?;
        Some(FIRST_INDEX + position)
    }

    fn name_of(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start()..entry.middle()]
    }

    /// Whether a field fits into an empty table.
    pub(super) fn may_hold(&self, name: &[u8], value: &[u8]) -> bool {
        name.len() + value.len() + OVERHEAD <= self.capacity
    }

    /// Adds a field and evicts the oldest ones for it. A field that is too large empties the table (section 4.4).
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        self.add(name.len(), value, |bytes| bytes.extend_from_slice(name));
    }

    /// Adds a field that has its name in common with the entry of an index, as [`Table::insert`] does.
    pub(super) fn insert_like(&mut self, index: usize, value: &[u8]) {
        let Some(position) = index.checked_sub(1) else { return };
        if let Some((name, _)) = static_table::ENTRIES.get(position) {
            return self.insert(name, value);
        }
        let Some(entry) = self.entry(position - static_table::ENTRIES.len()) else { return };
        // The entry may be evicted for the new one, but its bytes stay until they are reclaimed.
        let name = entry.start()..entry.middle();
        self.add(name.len(), value, |bytes| bytes.extend_from_within(name));
    }

    fn add(&mut self, name: usize, value: &[u8], write_name: impl FnOnce(&mut Vec<u8>)) {
        let size = name + value.len() + OVERHEAD;
        self.evict(self.capacity.saturating_sub(size));
        if size <= self.capacity {
            let start = self.bytes.len();
            write_name(&mut self.bytes);
            self.bytes.extend_from_slice(value);
            self.entries.push(Entry { start: start as u32, name: name as u32, value: value.len() as u32 });
            self.size += size;
        }
        self.reclaim();
    }

    /// Evicts the oldest entries until at most `bound` bytes are left.
    fn evict(&mut self, bound: usize) {
        while self.size > bound {
            let Some(oldest) = self.live().first() else { return };
            let size = oldest.size();
            self.evicted += 1;
            self.evicted_size += size;
            self.size -= size;
        }
    }

    /// Drops evicted entries once they are a quarter of the others. So memory exceeds the table by no more than that,
    /// and an entry is moved four times on average.
    fn reclaim(&mut self) {
        if self.evicted == 0 || self.evicted_size * 4 < self.size {
            return;
        }
        let unused = self.live().first().map_or(self.bytes.len(), |oldest| oldest.start());
        self.bytes.drain(..unused);
        self.entries.drain(..self.evicted);
        for entry in &mut self.entries {
            entry.start -= unused as u32;
        }
        (self.evicted, self.evicted_size) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_has_no_memory() {
        let table = Table::new(4096);
        assert_eq!((table.entries.capacity(), table.bytes.capacity()), (0, 0));
        assert!(size_of::<Table>() <= 80);
    }

    #[test]
    fn evicted_entries_take_a_quarter_of_the_memory_of_others() {
        let mut table = Table::new(4096);
        for number in 0..100_000_usize {
            table.insert(b"name", &vec![b'v'; number * 7919 % 1000]);
            assert!(table.bytes.len() <= 4096 + 1024 && table.entries.len() <= (4096 + 1024) / OVERHEAD);
            assert_eq!(table.find_name(b"name"), Some(FIRST_INDEX));
        }
    }

    #[test]
    fn debug_shows_no_fields() {
        let mut table = Table::new(4096);
        table.insert(b"cookie", b"secret");
        assert_eq!(format!("{table:?}"), "Table { size: 44, capacity: 4096, .. }");
    }
}
