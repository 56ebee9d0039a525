//! The target of `fuzz/` for what this crate reads: a summary that is to be compared with.

use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::{Document, ctrf_report, html_report, junit_report, markdown_report};

/// A summary: what was read is written so that all reports of it are the same.
pub fn summary(bytes: &[u8]) -> Outcome {
    let read = Document::from_json(&text(bytes));
    match &read {
        Ok(document) => {
            let again = Document::from_json(&document.to_json()).map(|again| markdown_report(&again, None));
            assert_eq!(again.as_ref(), Ok(&markdown_report(document, None)));
            let pages = [html_report(document), junit_report(document), ctrf_report(document)];
            assert!(pages.iter().all(|page| !page.is_empty()));
        }
        Err(problem) => assert_harmless(problem),
    }
    Outcome::of(&read)
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn summaries() {
        let seed = crate::fixture::known_document("browse").to_json();
        // Three reports are made of it.
        let memory = Memory { base: 8 << 20, per_byte: 200 };
        let pieces = ["null", "\"version\":1", "1e308", "-1", "[]", "{}", "\"\""];
        Target::new("summary", super::summary).seeds(&[&seed]).pieces(&pieces).memory(memory).inputs(500).for_a_while();
    }
}
