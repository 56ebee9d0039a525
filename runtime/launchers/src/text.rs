//! Texts of others in our sentences.

/// Longer texts are cut.
const LONGEST: usize = 600;

/// A text for a sentence: one line, not steering its reader, without the credentials of URLs, not too long.
pub(crate) fn plain_message(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = squall_address::text_without_credentials(&line);
    let short: String = line.chars().take(LONGEST).collect();
    squall_metrics::plain(&short).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_plain_and_without_credentials() {
        assert_eq!(plain_message("a\n\u{1b}[2J nats://u:s3cret@h"), "a \u{fffd}[2J nats://h");
        assert_eq!(plain_message(&"x".repeat(5000)).len(), LONGEST);
    }
}
