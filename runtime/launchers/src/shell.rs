//! Quoting for POSIX shells.

use std::borrow::Cow;

/// A word as a shell reads it back: unchanged if it needs no quotes.
pub(crate) fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,".contains(&byte);
    // `--name=value` is no assignment.
    let is_option = word.starts_with("--");
    if !word.is_empty() && word.bytes().all(|byte| is_plain(byte) || (is_option && byte == b'=')) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// Words, quoted and separated by spaces.
pub(crate) fn join<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| quote(word.as_ref()).into_owned()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_each_word_back(words in prop::collection::vec("[^\0]{0,12}", 1..5)) {
            let script = format!("printf '%s\\0' {}", join(&words));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let read: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
            prop_assert_eq!(read.len(), words.len() + 1);
            for (read, word) in read.iter().zip(&words) {
                prop_assert_eq!(*read, word.as_bytes());
            }
        }
    }
}
