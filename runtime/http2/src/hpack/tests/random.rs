//! Random fields, sizes and blocks, the same in each run.

use super::super::{Decoder, Encoder, HpackError, Indexing};
use super::{Field, decode};

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(256) as u8).collect()
    }

    fn text(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| 32 + self.below(95) as u8).collect()
    }

    /// A field like one before it, more often than not.
    fn field(&mut self) -> Field {
        let name = match self.below(8) {
            0 => self.bytes(40),
            1 => self.text(40),
            _ => self.one_of(&[":path", ":method", "date", "cookie", "x-a", "x-b", "traceparent", ""]).into(),
        };
        let value = match self.below(8) {
            0 => self.bytes(300),
            1 => self.text(300),
            _ => self.one_of(&["", "GET", "/", "/index.html", "a", "b", "c", "a longer value"]).into(),
        };
        (name, value)
    }

    fn indexing(&mut self) -> Indexing {
        [Indexing::Indexed, Indexing::Indexed, Indexing::NotIndexed, Indexing::Never][self.below(4)]
    }
}

#[test]
fn fields_are_read_as_they_were_written() {
    for table_size in [0, 33, 64, 200, 4096, 65536] {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 + table_size as u64);
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new(table_size));
        encoder.set_peer_table_size(table_size);
        for _ in 0..2_000 {
            if random.below(10) == 0 {
                encoder.set_peer_table_size(random.below(table_size + 1));
            }
            let mut block = Vec::new();
            encoder.begin(&mut block);
            let fields: Vec<Field> = (0..random.below(12)).map(|_| random.field()).collect();
            for (name, value) in &fields {
                encoder.field(&mut block, name, value, random.indexing());
            }
            assert_eq!(decode(&mut decoder, &block), Ok(fields));
            assert_eq!(decoder.table.size(), encoder.table.size());
            assert!(decoder.table.size() <= decoder.table.capacity());
            assert!(4 * decoder.table.held() <= 5 * decoder.table.capacity(), "{}", decoder.table.held());
        }
    }
}

#[test]
fn blocks_that_end_early_have_no_wrong_fields() {
    let mut random = Random(3);
    for _ in 0..300 {
        let (mut encoder, mut block) = (Encoder::new(), Vec::new());
        let fields: Vec<Field> = (0..5).map(|_| random.field()).collect();
        for (name, value) in &fields {
            encoder.field(&mut block, name, value, random.indexing());
        }
        for end in 0..block.len() {
            match decode(&mut Decoder::new(4096), &block[..end]) {
                Ok(decoded) => assert!(fields.starts_with(&decoded) && decoded.len() < fields.len(), "{decoded:?}"),
                Err(error) => assert_eq!(error, HpackError::Truncated),
            }
        }
    }
}

#[test]
fn random_blocks_are_decoded_or_refused() {
    let mut random = Random(1);
    let mut decoded = 0;
    for _ in 0..100_000 {
        let mut decoder = Decoder::new(100);
        for _ in 0..4 {
            let block = random.bytes(24);
            if let Ok(fields) = decode(&mut decoder, &block) {
                decoded += fields.len();
            }
            assert!(decoder.table.size() <= 100 && decoder.table.held() <= 125);
        }
    }
    assert!(decoded > 5_000, "{decoded}");
}

#[test]
fn damaged_blocks_are_decoded_or_refused() {
    let mut random = Random(2);
    for _ in 0..20_000 {
        let mut encoder = Encoder::new();
        let mut block = Vec::new();
        for _ in 0..random.below(6) {
            let (name, value) = random.field();
            encoder.field(&mut block, &name, &value, Indexing::Indexed);
        }
        for _ in 0..random.below(3) {
            if let Some(position) = block.len().checked_sub(1).map(|last| random.below(last + 1)) {
                block[position] ^= 1 << random.below(8);
            }
        }
        drop(decode(&mut Decoder::new(4096), &block));
    }
}
