//! The numbers of a cell, by its list of fields.

use super::FrameError;
use super::bytes::{FrameReader, FrameWriter, add_amount};
use crate::cell::{Cell, Number};

pub(super) fn write_cell<C: Cell>(cell: &C, writer: &mut FrameWriter) {
    for field in C::FIELDS {
        match field.number {
            Number::Sum(get, _) => writer.number(*get(cell)),
            Number::Trend(get, _) => get(cell).write(writer),
        }
    }
}

/// Adds what is read, because two series of a frame can be one here.
pub(super) fn add_cell<C: Cell>(cell: &mut C, reader: &mut FrameReader<'_>) -> Result<(), FrameError> {
    for field in C::FIELDS {
        match field.number {
            Number::Sum(_, get_mut) => {
                let sum = get_mut(cell);
                *sum = add_amount(*sum, reader.number()?)?;
            }
            Number::Trend(_, get_mut) => get_mut(cell).add_read(reader)?,
        }
    }
    Ok(())
}
