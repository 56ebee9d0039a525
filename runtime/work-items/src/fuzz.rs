//! The target of `fuzz/` for what this crate reads: the record in an item's text, which people edit and trackers rewrite.

use squall_fuzzing::{Outcome, text};

use crate::Record;

/// A text with a record: one that is found is written so that the same is found again.
pub fn item_record(bytes: &[u8]) -> Outcome {
    let Some(record) = Record::find(&text(bytes)) else { return Outcome::Refused };
    let line = record.line();
    assert_eq!(Record::find(&line).map(|again| again.line()), Some(line));
    Outcome::Taken
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn records() {
        let seed = "Analysis.\nSquall record: squall-fp-0123456789ab, run 20261130-065131-009a38, at GET%20/products, p95 850.25 ms, \
                    promised 200 ms, load 0a1b2c3d.\nMore.";
        let pieces = [
            "Squall record: ",
            "squall-fp-",
            ", run ",
            ", at ",
            "%",
            "1e308 ms",
            "NaN ms",
            "-",
            ", promised ",
            ", load ",
        ];
        Target::new("item_record", super::item_record).seeds(&[seed]).pieces(&pieces).for_a_while();
    }
}
