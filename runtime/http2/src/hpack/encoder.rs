//! From fields to blocks (RFC 7541, sections 4.2 and 6).

use super::table::{Match, Table};
use super::{DEFAULT_TABLE_SIZE, integer, string};

/// What a field does to the dynamic table (RFC 7541, section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// It goes into the table, and costs a byte or two from then on.
    Indexed,
    /// It changes from request to request: not worth a place.
    NotIndexed,
    /// It is secret, and no intermediary may index it either (section 7.1.3).
    Never,
}

/// Encodes the header blocks of one connection, in order.
#[derive(Debug)]
pub struct Encoder {
    pub(super) table: Table,
    /// The size of the table from the next block on, and the smallest one that was set since the last block.
    next_size: usize,
    smallest_size: usize,
}

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder::new()
    }
}

impl Encoder {
    /// An encoder with a table of 4096 bytes, the protocol's default.
    pub fn new() -> Encoder {
        let size = DEFAULT_TABLE_SIZE;
        Encoder { table: Table::new(size), next_size: size, smallest_size: size }
    }

    /// Takes the peer's `SETTINGS_HEADER_TABLE_SIZE`, in bytes. At most 4096 of them are used. The next block confirms
    /// a size that differs from the one before.
    pub fn set_peer_table_size(&mut self, size: usize) {
        self.next_size = size.min(DEFAULT_TABLE_SIZE);
        self.smallest_size = self.smallest_size.min(self.next_size);
    }

    /// Begins a block: writes the size updates that are due (section 4.2).
    pub fn begin(&mut self, block: &mut Vec<u8>) {
        // The peer has evicted entries for the smallest size, even if it has allowed a larger one since.
        for size in [self.smallest_size, self.next_size] {
            if size != self.table.capacity() {
                self.table.resize(size);
                integer::write(block, 5, 0x20, size);
            }
        }
        self.smallest_size = self.next_size;
    }

    /// Adds a field to a block that was begun. `name` is in lower case.
    pub fn field(&mut self, block: &mut Vec<u8>, name: &[u8], value: &[u8], indexing: Indexing) {
        let name_index = match self.table.find(name, value) {
            Match::Field(index) if indexing != Indexing::Never => return integer::write(block, 7, 0x80, index),
            Match::Field(index) | Match::Name(index) => index,
            Match::Nothing => 0,
        };
        // A field that is larger than the table would only empty it.
        let is_indexed = indexing == Indexing::Indexed && self.table.may_hold(name, value);
        let (bits, pattern) = match indexing {
            _ if is_indexed => (6, 0x40),
            Indexing::Never => (4, 0x10),
            Indexing::Indexed | Indexing::NotIndexed => (4, 0),
        };
        integer::write(block, bits, pattern, name_index);
        if name_index == 0 {
            string::write(block, 7, 0, name);
        }
        string::write(block, 7, 0, value);
        if is_indexed {
            self.table.insert(name, value);
        }
    }
}
