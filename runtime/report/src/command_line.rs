//! A command line as it may be shown: ready to be typed again, and without what looks like a secret.

use squall_plan::credentials_in;

/// Words in a name that say that its value is private.
const SECRET: [&str; 9] =
    ["authorization", "cookie", "token", "secret", "password", "passwd", "api-key", "api_key", "apikey"];
const HIDDEN: &str = "…";

/// The command line, quoted for a POSIX shell. Values of headers and of `-e` whose names sound secret, and passwords in
/// URLs, are replaced by `…`.
pub fn shown_command(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().map(|word| quoted(&without_secrets(&word))).collect::<Vec<_>>().join(" ")
}

/// A word of a command line as it may be kept: see [`shown_command`].
pub fn without_secrets(word: &str) -> String {
    if let Some(found) = credentials_in(word)
        && (found.start > 0 || is_pair(&word[found.clone()]))
    {
        return format!("{}{HIDDEN}@{}", &word[..found.start], &word[found.end..]);
    }
    // An option and its value may come as one word: --header=NAME: VALUE, -eNAME=VALUE.
    let separator = word.match_indices([':', '=']).map(|(place, _)| place).find(|place| sounds_secret(&word[..*place]));
    match separator {
        Some(place) => format!("{}{HIDDEN}", &word[..=place]),
        None => word.to_owned(),
    }
}

/// Whether what stands before a host is a user and a password, where no scheme says that it is a URL.
fn is_pair(text: &str) -> bool {
    text.contains(':') && !text.contains([' ', '='])
}

/// A file that has a secret is no secret itself.
fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word)) && !name.ends_with("-file")
}

fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> String {
        shown_command(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn a_command_can_be_typed_again() {
        assert_eq!(
            shown(&["squall", "run", "a b.wasm", "--threshold", "http_req_duration=p(95)<500", "-e", "WHO=it's"]),
            "squall run 'a b.wasm' --threshold 'http_req_duration=p(95)<500' -e 'WHO=it'\\''s'"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        for word in ["Authorization: Bearer abc", "--header=Cookie: abc", "API_KEY=abc", "-eDB_PASSWORD=abc"] {
            let text = shown(&[word]);
            assert!(!text.contains("abc") && text.contains(HIDDEN), "{text}");
        }
        assert_eq!(shown(&["http://user:abc@shop/a?b=c@d"]), "'http://…@shop/a?b=c@d'");
        assert_eq!(shown(&["--target=http://user:ab@c@shop/"]), "'--target=http://…@shop/'");
        assert_eq!(shown(&["user:abc@shop:80/a"]), "'…@shop:80/a'");
        assert_eq!(shown(&["http://shop/a@b"]), "http://shop/a@b");
        assert_eq!(shown(&["mail=ada@shop.test"]), "mail=ada@shop.test");
        assert_eq!(shown(&["From: ada@shop.test"]), "'From: ada@shop.test'");
        assert_eq!(shown(&["--control-token-file=abc"]), "--control-token-file=abc");
    }
}
