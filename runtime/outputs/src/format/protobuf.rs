//! The part of Protocol Buffers' wire format that remote write needs
//! (<https://protobuf.dev/programming-guides/encoding/>).

/// A message, written field by field.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;

impl Message {
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub fn uint(&mut self, field: u64, value: u64) {
        self.varint(field << 3 | VARINT);
        self.varint(value);
    }

    pub fn int(&mut self, field: u64, value: i64) {
        self.uint(field, value as u64);
    }

    /// `sint32`, `sint64`: small numbers of either sign are short.
    pub fn sint(&mut self, field: u64, value: i64) {
        self.uint(field, zigzag(value));
    }

    pub fn double(&mut self, field: u64, value: f64) {
        self.varint(field << 3 | FIXED_64);
        self.0.extend(value.to_le_bytes());
    }

    pub fn bytes(&mut self, field: u64, value: &[u8]) {
        self.varint(field << 3 | LENGTH_DELIMITED);
        self.varint(value.len() as u64);
        self.0.extend(value);
    }

    pub fn message(&mut self, field: u64, write: impl FnOnce(&mut Message)) {
        let mut inner = Message::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }

    /// `repeated sint64`, packed.
    pub fn packed_sints(&mut self, field: u64, values: impl Iterator<Item = i64>) {
        let mut inner = Message::default();
        for value in values {
            inner.varint(zigzag(value));
        }
        self.bytes(field, &inner.0);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification.
    #[test]
    fn messages_are_those_of_the_specification() {
        let mut message = Message::default();
        message.uint(1, 150);
        message.bytes(2, b"testing");
        message.message(3, |inner| inner.uint(1, 150));
        message.sint(1, -2);
        message.packed_sints(6, [-1, 1].into_iter());
        let expected: &[&[u8]] =
            &[&[8, 0x96, 1], b"\x12\x07testing", &[0x1a, 3, 8, 0x96, 1], &[8, 3], &[0x32, 2, 1, 2]];
        assert_eq!(message.into_bytes(), expected.concat());
    }
}
