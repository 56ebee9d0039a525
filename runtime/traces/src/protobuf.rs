//! Reads the wire format of Protocol Buffers (<https://protobuf.dev/programming-guides/encoding/>), field by field, out
//! of the bytes as they are: nothing is copied, nothing allocated. A message within a message is read only by a caller
//! that knows its fields, so no input can nest deeper than the callers do.

use thiserror::Error;

/// The reason why a message cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum WireError {
    #[error("a field ends after the message does")]
    Truncated,
    #[error("a number is longer than 64 bits")]
    LongNumber,
    #[error("a field has the number {0}")]
    FieldNumber(u64),
    #[error("a field has the unknown wire type {0}")]
    WireType(u64),
}

/// A field's value, in one of the forms of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValue<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A string, bytes, or a message.
    Bytes(&'a [u8]),
}

/// The fields of a message, in the order of the wire. Ends after the first error.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    fn read_field(&mut self) -> Result<(u64, FieldValue<'a>), WireError> {
        let key = self.read_varint()?;
        let number = key >> 3;
        if number == 0 {
            return Err(WireError::FieldNumber(number));
        }
        let value = match key & 7 {
            0 => FieldValue::Varint(self.read_varint()?),
            1 => FieldValue::Fixed64(u64::from_le_bytes(self.read_array()?)),
            2 => {
                let length = usize::try_from(self.read_varint()?).map_err(|_| WireError::Truncated)?;
                FieldValue::Bytes(self.read_bytes(length)?)
            }
            5 => FieldValue::Fixed32(u32::from_le_bytes(self.read_array()?)),
            // 3 and 4 were groups, which OTLP does not have.
            other => return Err(WireError::WireType(other)),
        };
        Ok((number, value))
    }

    fn read_bytes(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn read_array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    fn read_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.read_array()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(WireError::LongNumber);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::LongNumber)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, FieldValue<'a>), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read_field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// The messages (or strings) in a message that have this number.
pub(crate) fn messages(message: &[u8], number: u64) -> impl Iterator<Item = Result<&[u8], WireError>> {
    Fields::of(message).filter_map(move |field| match field {
        Ok((found, FieldValue::Bytes(bytes))) if found == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &[u8]) -> Result<Vec<(u64, FieldValue<'_>)>, WireError> {
        Fields::of(message).collect()
    }

    /// The examples of the specification.
    #[test]
    fn messages_are_read_as_the_specification_says() {
        assert_eq!(fields(&[8, 0x96, 1]), Ok(vec![(1, FieldValue::Varint(150))]));
        assert_eq!(fields(b"\x12\x07testing"), Ok(vec![(2, FieldValue::Bytes(b"testing"))]));
        assert_eq!(fields(&[0x1a, 3, 8, 0x96, 1]), Ok(vec![(3, FieldValue::Bytes(&[8, 0x96, 1]))]));
        assert_eq!(fields(&[0x39, 1, 0, 0, 0, 0, 0, 0, 0x80]), Ok(vec![(7, FieldValue::Fixed64((1 << 63) | 1))]));
        assert_eq!(fields(&[0x85, 1, 2, 0, 0, 0]), Ok(vec![(16, FieldValue::Fixed32(2))]));
        assert_eq!(fields(&[]), Ok(vec![]));
        let minus_one = [&[8][..], &[0xff; 9], &[1]].concat();
        assert_eq!(fields(&minus_one), Ok(vec![(1, FieldValue::Varint(u64::MAX))]));
    }

    #[test]
    fn what_cannot_be_read_is_refused_once() {
        for (message, error) in [
            (&[8][..], WireError::Truncated),
            (&[8, 0x80], WireError::Truncated),
            (&[0x12, 5, 1, 2], WireError::Truncated),
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], WireError::Truncated),
            (&[0x39, 1, 2, 3], WireError::Truncated),
            (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], WireError::LongNumber),
            (&[8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], WireError::LongNumber),
            (&[0], WireError::FieldNumber(0)),
            (&[0x0b], WireError::WireType(3)),
            (&[0x0f], WireError::WireType(7)),
        ] {
            let read: Vec<_> = Fields::of(message).collect();
            assert_eq!(read, [Err(error)], "{message:?}");
        }
    }

    #[test]
    fn messages_of_one_number_are_found_among_others() {
        let message = b"\x0a\x01a\x10\x05\x12\x01b\x0a\x01c";
        let found: Result<Vec<_>, _> = messages(message, 1).collect();
        assert_eq!(found, Ok(vec![&b"a"[..], b"c"]));
    }
}
