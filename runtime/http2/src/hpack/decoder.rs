//! From blocks to fields (RFC 7541, sections 3 and 6).

use std::fmt;

use super::string::Sent;
use super::table::Table;
use super::{DEFAULT_TABLE_SIZE, HpackError, integer};

/// The most room for compressed strings that an idle connection keeps, in bytes.
const KEPT_ROOM: usize = 1024;

/// Decodes the header blocks of one connection, in order.
pub struct Decoder {
    pub(super) table: Table,
    /// The bound of the sizes that the peer may set.
    announced: usize,
    /// The room for compressed strings.
    pub(super) room: Vec<u8>,
}

/// Without strings, which may be secret.
impl fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Decoder").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder for the blocks of a peer that knows our `SETTINGS_HEADER_TABLE_SIZE`, in bytes.
    ///
    /// The peer begins with a table of 4096 bytes, or of `table_size` bytes if that is less. It need not confirm the
    /// smaller size, although section 4.2 demands it: servers that index no fields leave that out.
    pub fn new(table_size: usize) -> Decoder {
        Decoder { table: Table::new(table_size.min(DEFAULT_TABLE_SIZE)), announced: table_size, room: Vec::new() }
    }

    /// Decodes a whole block and passes each field to `take`, in order. Names and values are raw bytes.
    ///
    /// A field that `take` refuses does not end the decoding, because the table must stay in step with the peer's. All
    /// later fields are passed, too. The first refusal is returned in the end, as `Ok(Err(_))`.
    ///
    /// A block of N bytes may stand for more than 4000 times N bytes of fields, which `take` has to refuse.
    ///
    /// # Errors
    /// The block is malformed. Then the decoder can decode no other block of the connection.
    pub fn decode<E>(
        &mut self,
        block: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<Result<(), E>, HpackError> {
        let mut refused = Ok(());
        let take = |name: &[u8], value: &[u8]| {
            let taken = take(name, value);
            if refused.is_ok() {
                refused = taken;
            }
        };
        self.read_block(block, take)?;
        if self.room.len() > KEPT_ROOM {
            self.room = Vec::new();
        }
        Ok(refused)
    }

    fn read_block(&mut self, block: &[u8], mut take: impl FnMut(&[u8], &[u8])) -> Result<(), HpackError> {
        let mut input = block;
        self.read_size_updates(&mut input)?;
        while let Some(first) = input.first() {
            // The patterns of section 6: the position of the first 1 is the kind.
            match first.leading_zeros() {
                0 => self.read_indexed(&mut input, &mut take)?,
                1 => self.read_literal(&mut input, 6, true, &mut take)?,
                2 => return Err(HpackError::LateSizeUpdate),
                _ => self.read_literal(&mut input, 4, false, &mut take)?,
            }
        }
        Ok(())
    }

    /// Section 6.3.
    fn read_size_updates(&mut self, input: &mut &[u8]) -> Result<(), HpackError> {
        while input.first().is_some_and(|first| first.leading_zeros() == 2) {
            let size = integer::read(input, 5)?;
            if size > self.announced {
                return Err(HpackError::TableTooLarge);
            }
            self.table.resize(size);
        }
        Ok(())
    }

    /// Section 6.1.
    #[inline]
    fn read_indexed(&self, input: &mut &[u8], take: &mut impl FnMut(&[u8], &[u8])) -> Result<(), HpackError> {
        let index = integer::read(input, 7)?;
        let (name, value) = self.table.field(index).ok_or(HpackError::UnknownIndex)?;
        take(name, value);
        Ok(())
    }

    /// Section 6.2: a field whose index of the name has its first part in `bits` bits.
    fn read_literal(
        &mut self,
        input: &mut &[u8],
        bits: u32,
        is_indexed: bool,
        take: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<(), HpackError> {
        let index = integer::read(input, bits)?;
        let new_name = if index == 0 { Some(Sent::read(input, 7)?) } else { None };
        let value = Sent::read(input, 7)?;

        let name_room = new_name.map_or(0, Sent::room);
        let room = name_room + value.room();
        if room > self.room.len() {
            self.room.resize(room, 0);
        }
        let (name_room, value_room) = self.room.split_at_mut(name_room);
        let value = value.decode(value_room)?;
        if let Some(name) = new_name {
            let name = name.decode(name_room)?;
            take(name, value);
            if is_indexed {
                self.table.insert(name, value);
            }
        } else {
            let (name, _) = self.table.field(index).ok_or(HpackError::UnknownIndex)?;
            take(name, value);
            if is_indexed {
                self.table.insert_like(index, value);
            }
        }
        Ok(())
    }
}
