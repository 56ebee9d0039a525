//! The targets of `fuzz/` for this crate's input: encoded histograms from outside, and texts that must become harmless.

use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::{Histogram, Redactor, plain, plain_json};

/// A histogram in HdrHistogram's format. Without its compression, which would hide all damage. A histogram that could
/// be read must survive writing and reading.
pub fn histogram(bytes: &[u8]) -> Outcome {
    let read = Histogram::decode(&Histogram::compressed(bytes));
    match &read {
        Ok(histogram) => assert_eq!(Histogram::decode(&histogram.encode()).as_ref(), Ok(histogram)),
        Err(error) => assert_harmless(&error.to_string()),
    }
    if let Err(error) = Histogram::decode(bytes) {
        assert_harmless(&error.to_string());
    }
    Outcome::of(&read)
}

/// An untrusted text as it is printed: cleaning it twice changes nothing, and its JSON has the same content.
pub fn shown_text(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let shown = plain(&text);
    assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\t'), "{shown:?}");
    assert!(shown.len() <= 3 * text.len() && plain(&shown) == shown, "{shown:?}");
    assert!(!plain_json(&text).contains(['#', '\u{1b}', '\u{202e}']));
    Outcome::Taken
}

/// A text with secrets: the redacted text contains no part of them.
pub fn secrets(bytes: &[u8]) -> Outcome {
    const SECRET: &str = "correct-horse";
    let text = text(bytes);
    let hidden = Redactor::new([SECRET, "pä\"ss/wörd"]).hide(&text).into_owned();
    assert!(!hidden.contains(SECRET) && !hidden.contains("pä\"ss/wörd"), "{hidden:?}");
    Outcome::Taken
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    use super::*;
    use crate::Nanos;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn histograms() {
        let mut histogram = Histogram::new();
        for micros in [1, 2, 2, 900, 1_000_000, 3_600_000_000] {
            histogram.record(Nanos(micros * 1_000));
        }
        let seed = Histogram::uncompressed(&histogram.encode()).unwrap();
        let numbers = [&[0xff; 8][..], &[0xff; 9], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], &[0]];
        // All counters of a histogram, even if few bytes name them.
        let memory = Memory { base: 4 << 20, per_byte: 20 };
        Target::new("histogram", super::histogram).seeds(&[&seed]).pieces(&numbers).memory(memory).for_a_while();
    }

    #[test]
    fn shown_texts() {
        let seeds = [
            "ok ##vso[task.setvariable variable=x]y",
            "  ::error::x",
            "##teamcity[buildStop]",
            "a\u{1b}[31mb\u{202e}c",
        ];
        let pieces = ["##", "[", "::", "##a["];
        Target::new("shown_text", super::shown_text).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn texts_with_secrets() {
        let seeds = [
            "GET /?a=correct-horse&b=correct%2Dhorse",
            "{\"a\": \"p\\u00e4\\\"ss/w\\u00f6rd\"}",
            "Y29ycmVjdC1ob3JzZQ==",
            "correct-ho…",
        ];
        let pieces = ["correct-", "horse", "%", "\\u00", "…"];
        Target::new("secrets", super::secrets).seeds(&seeds).pieces(&pieces).for_a_while();
    }
}
