//! The text of a digest, which the server prints in its own way: ``SELECT NAME FROM `products` WHERE `id` IN (...) ``.
//! Must not know counters.

use squall_findings::database::template;

use crate::token::{Dialect, TokenKind, tokens};

/// Words before a parenthesis that are not the name of a function.
const BEFORE_PARENTHESES: [&str; 18] = [
    "in", "values", "where", "and", "or", "on", "from", "join", "not", "exists", "as", "by", "having", "=", "<", ">",
    ",", "all",
];

/// As a statement reads, if no execution of it was seen: without the quotes that are not needed.
pub(crate) fn shown(digest_text: &str) -> String {
    let mut text = String::new();
    let all = tokens(digest_text, Dialect::Mysql);
    let words = all.iter().map(|token| match token.kind {
        TokenKind::Word if is_plain(&token.name()) => token.name(),
        _ => token.text.to_owned(),
    });
    let mut last = String::new();
    for word in words {
        let is_call = word == "(" && !BEFORE_PARENTHESES.contains(&&*last.to_ascii_lowercase());
        let is_close = matches!(word.as_str(), "," | ")" | ".") || matches!(last.as_str(), "" | "(" | ".") || is_call;
        if !is_close {
            text.push(' ');
        }
        text.push_str(&word);
        last = word;
    }
    template(&text.replace("...", "?"))
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// What a statement and its digest have in common: without space, quotes of names, case, and lengths of lists.
pub(crate) fn key(text: &str) -> String {
    let kept = |letter: &char| !letter.is_whitespace() && *letter != '`';
    let mut key: String = template(text).chars().filter(kept).collect::<String>().to_lowercase();
    for (list, one) in [(",...", ""), ("(...)", "(?)"), ("?,?", "?"), ("(?),(?)", "(?)")] {
        while key.contains(list) {
            key = key.replace(list, one);
        }
    }
    key
}

/// A statement that can be explained in the place of one that was not seen: with a text for each value. `None` if it
/// was cut.
pub(crate) fn with_values(digest_text: &str) -> Option<String> {
    // At the end of a list, there may be more values.
    let rest = digest_text.trim_end().strip_suffix("...");
    if rest.is_some_and(|rest| !rest.trim_end().ends_with(',')) {
        return None;
    }
    let mut last = String::new();
    let mut values = String::new();
    for token in tokens(&digest_text.replace(", ...", "").replace("...", "?"), Dialect::Mysql) {
        let is_count = matches!(last.as_str(), "limit" | "offset");
        // A function's name ends at its parenthesis.
        if !values.is_empty() && token.text != "(" {
            values.push(' ');
        }
        values.push_str(match token.text {
            "?" if is_count => "1",
            "?" => "'1'",
            other => other,
        });
        if token.text != "?" {
            last = token.text.to_ascii_lowercase();
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_like_the_statement() {
        assert_eq!(
            shown("SELECT `p` . `name` , COUNT ( * ) FROM `products` `p` WHERE `id` IN (...) AND `x y` = ? "),
            "SELECT p.name, COUNT(*) FROM products p WHERE id IN (?) AND `x y` = ?"
        );
    }

    #[test]
    fn a_statement_and_its_digest_have_the_same_key() {
        let digest = "SELECT NAME FROM `products` WHERE `id` IN (...) AND `kind` = ? LIMIT ?, ... ";
        assert_eq!(key(digest), key("select name\nfrom products where id in (1, 2, 3) and kind = 'it''s' limit 1, 2;"));
        assert_ne!(key(digest), key("select name from products where id in (1) and kind > 'a' limit 1, 2"));
    }

    #[test]
    fn a_statement_that_was_not_seen_gets_values() {
        let digest = "SELECT `a` FROM `b` WHERE `c` IN (...) AND `d` = ? LIMIT ?, ... ";
        assert_eq!(
            with_values(digest).as_deref(),
            Some("SELECT `a` FROM `b` WHERE `c` IN( '1' ) AND `d` = '1' LIMIT 1")
        );
        assert_eq!(with_values("SELECT `a` FROM `b` WHERE ..."), None);
    }
}
