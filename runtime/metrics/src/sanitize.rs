//! Makes text from outside - a guest's names, a server's errors - harmless for readers of the records: a terminal, and
//! a CI system that takes certain lines of output for commands.

use std::borrow::Cow;

/// Replaces a character that would steer a terminal.
const REPLACEMENT: char = '\u{fffd}';

/// Removes everything from a text that steers its reader. Control characters (except tabs) and characters that change
/// the direction of writing become `�`. A space splits the commands of Azure Pipelines (`##vso[`), GitHub (`##[`, `::`
/// at the beginning) and TeamCity (`##teamcity[`).
pub fn plain(text: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(text);
    if text.chars().any(steers) {
        plain = Cow::Owned(text.chars().map(|letter| if steers(letter) { REPLACEMENT } else { letter }).collect());
    }
    if command_in(&plain, 0).is_some() {
        plain = Cow::Owned(apart(&plain));
    }
    plain
}

/// Splits each command with a space. In one pass: an untrusted text can consist of commands.
fn apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + text.len() / 2);
    let mut rest = 0;
    while let Some(place) = command_in(text, rest) {
        apart.push_str(&text[rest..=place]);
        apart.push(' ');
        rest = place + 1;
    }
    apart.push_str(&text[rest..]);
    apart
}

/// JSON with the same content that steers no reader: where [`plain`] would change the text, it is escaped.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for letter in json.chars() {
        // A line feed stands between values; in a string it is escaped already.
        if letter == '#' || (steers(letter) && letter != '\n') {
            plain.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Whether a character controls a terminal instead of being shown.
fn steers(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (letter.is_control() && letter != '\t')
}

/// The place of the first command for a CI system among those that do not end before `from`.
fn command_in(text: &str, from: usize) -> Option<usize> {
    let leading = text.len() - text.trim_start().len();
    if from <= leading && text[leading..].starts_with("::") {
        return Some(leading);
    }
    text[from..].match_indices('[').find_map(|(bracket, _)| {
        let before = text[from..from + bracket].trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        before.ends_with("##").then(|| from + before.len() - 2)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_text_is_unchanged() {
        for text in ["status is 200", "POST /a::b?c=#1", "http://[::1]:80/", "日本語\tok", "## heading [1]", ""] {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\r\nc\u{9b}2J\u{202e}d"), "a�[31mb��c�2J�d");
    }

    #[test]
    fn nothing_is_a_command() {
        assert_eq!(plain("ok ##vso[task.setvariable variable=x]y"), "ok # #vso[task.setvariable variable=x]y");
        assert_eq!(plain("##[group]x###[add-mask]y"), "# #[group]x## #[add-mask]y");
        assert_eq!(plain("##teamcity[buildStop]"), "# #teamcity[buildStop]");
        assert_eq!(plain("  ::error::x"), "  : :error::x");
        // A control character in the middle does not hide one.
        assert_eq!(plain("\u{1b}::stop-commands::x"), "�::stop-commands::x");
    }

    #[test]
    fn json_keeps_its_content_and_steers_nothing() {
        let text = "###vso[x] \u{202e}a\u{9b}2J\u{1b}[2J\n::error::x";
        let json = serde_json::to_string_pretty(&[text]).expect("JSON");
        let shown = plain_json(&json);
        let lines_are_plain = shown.lines().all(|line| matches!(plain(line), Cow::Borrowed(_)));
        assert!(lines_are_plain, "{shown}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).expect("JSON"), [text]);
    }

    #[test]
    fn a_text_of_commands_alone_takes_one_pass() {
        let many = "##a[".repeat(500_000);
        assert_eq!(plain(&many), "# #a[".repeat(500_000));
    }

    proptest! {
        #[test]
        fn once_is_enough(text in "[#:\\[a-c \u{1b}]{0,40}") {
            let once = plain(&text).into_owned();
            prop_assert_eq!(command_in(&once, 0), None);
            let twice = plain(&once).into_owned();
            prop_assert_eq!(twice, once);
        }
    }
}
