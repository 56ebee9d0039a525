//! Words of SQL, in statements and in what a plan prints. Must not know their meaning.

/// Whose SQL it is: they quote in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Names in double quotes; a backslash in a text is one, unless it begins with `E`.
    Postgres,
    /// Names in backquotes; a backslash in a text gives the next character another meaning.
    Mysql,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or a word, perhaps in quotes.
    Word,
    /// A literal, a number or a placeholder.
    Value,
    Operator,
    /// Parentheses, commas, dots and casts.
    Mark,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// Its place in the text, in bytes.
    pub(crate) start: usize,
}

impl Token<'_> {
    /// The name without its quotes.
    pub(crate) fn name(&self) -> String {
        for (quote, doubled) in [("\"", "\"\""), ("`", "``")] {
            if let Some(quoted) = self.text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
                return quoted.replace(doubled, quote);
            }
        }
        self.text.to_owned()
    }
}

pub(crate) fn tokens(text: &str, dialect: Dialect) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let (kind, length) = next_token(&text[start..], first, dialect);
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: &text[start..start + length], start });
        }
        start += length;
    }
    tokens
}

/// The kind of the next token, nothing for space and comments, and its length.
fn next_token(rest: &str, first: char, dialect: Dialect) -> (Option<TokenKind>, usize) {
    let is_mysql = dialect == Dialect::Mysql;
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let run = |accept: &dyn Fn(char) -> bool| rest.find(|letter| !accept(letter)).unwrap_or(rest.len());
    match first {
        _ if first.is_whitespace() => (None, run(&char::is_whitespace)),
        '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (None, end_of_comment(rest)),
        '#' if is_mysql => (None, rest.find('\n').unwrap_or(rest.len())),
        '\'' => (Some(TokenKind::Value), end_of_quotes(rest, first, is_mysql)),
        '"' if is_mysql => (Some(TokenKind::Value), end_of_quotes(rest, first, true)),
        '"' | '`' => (Some(TokenKind::Word), end_of_quotes(rest, first, false)),
        '$' => (Some(TokenKind::Value), end_of_dollars(rest).unwrap_or_else(|| run(&is_word))),
        _ if first.is_ascii_digit() => (Some(TokenKind::Value), run(&|letter| is_word(letter) || letter == '.')),
        // `E'it\'s'`
        _ if rest[first.len_utf8()..].starts_with('\'') && "eEbBxXnN".contains(first) => {
            let escapes = is_mysql || matches!(first, 'e' | 'E');
            (Some(TokenKind::Value), 1 + end_of_quotes(&rest[1..], '\'', escapes))
        }
        _ if is_word(first) => (Some(TokenKind::Word), run(&is_word)),
        ':' if rest.starts_with("::") => (Some(TokenKind::Mark), 2),
        _ if is_operator(first) => {
            let length = run(&is_operator);
            let comment = ["--", "/*"].iter().filter_map(|comment| rest[..length].find(comment)).min();
            (Some(TokenKind::Operator), comment.unwrap_or(length))
        }
        _ => (Some(TokenKind::Mark), first.len_utf8()),
    }
}

fn is_operator(letter: char) -> bool {
    "+-*/<>=~!@#%^&|?".contains(letter)
}

/// The length of the comment that begins here; it may have others in it.
fn end_of_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(next) = rest[at..].find(['/', '*']).map(|next| at + next) {
        at = next + 1;
        if rest[next..].starts_with("/*") {
            (depth, at) = (depth + 1, next + 2);
        } else if rest[next..].starts_with("*/") {
            (depth, at) = (depth.saturating_sub(1), next + 2);
            if depth == 0 {
                return at;
            }
        }
    }
    rest.len()
}

/// The length of a text between dollars: `$tag$it's$tag$`.
fn end_of_dollars(rest: &str) -> Option<usize> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let name = &tag[1..tag_end - 1];
    let is_tag = !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    is_tag.then(|| rest[tag_end..].find(tag).map_or(rest.len(), |end| tag_end + end + tag_end))
}

/// The length of a quoted text that begins here; a doubled quote is a part of it, and so is what a backslash escapes.
fn end_of_quotes(rest: &str, quote: char, escapes: bool) -> usize {
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && escapes {
            letters.next();
        } else if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

/// How the depth of parentheses changes.
pub(crate) fn depth_change(token: &Token<'_>) -> i32 {
    match (token.kind, token.text) {
        (TokenKind::Mark, "(" | "[") => 1,
        (TokenKind::Mark, ")" | "]") => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        words_of(text, Dialect::Postgres)
    }

    fn words_of(text: &str, dialect: Dialect) -> Vec<&str> {
        tokens(text, dialect).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_space_are_left_out_and_texts_are_one_token() {
        assert_eq!(words("a -- b\n/* c /* d */ e */f"), ["a", "f"]);
        assert_eq!(words("x=$1-- end"), ["x", "=", "$1"]);
        assert_eq!(words("'it''s' \"a \"\" b\" E'x'"), ["'it''s'", "\"a \"\" b\"", "E'x'"]);
        assert_eq!(words("$tag$ it's $tag$ $$a$$ $1"), ["$tag$ it's $tag$", "$$a$$", "$1"]);
        assert_eq!(words("a.b::text>=1.5"), ["a", ".", "b", "::", "text", ">=", "1.5"]);
        assert_eq!(words("E'a\\'b' 'a\\'"), ["E'a\\'b'", "'a\\'"]);
        let mysql = words_of("`a b`.\"it\\\"s\" # c\n'it\\'s'", Dialect::Mysql);
        assert_eq!(mysql, ["`a b`", ".", "\"it\\\"s\"", "'it\\'s'"]);
        for unfinished in ["'", "\"", "/*", "$a$", "$", "-", "E'", "é'"] {
            assert_eq!(words(unfinished).concat().len(), if unfinished == "/*" { 0 } else { unfinished.len() });
        }
    }
}
