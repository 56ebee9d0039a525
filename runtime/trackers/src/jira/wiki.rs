//! The wiki markup of Jira on premises.
//! <https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all>

use squall_work_items::{Block, text};

use crate::api_base::web_url;

/// Letters that are markup anywhere. A backslash would escape or break lines, so it is written as an entity.
const MARKUP: [char; 12] = ['{', '}', '[', ']', '!', '*', '_', '+', '^', '~', '|', '#'];
const BACKSLASH: &str = "&#92;";
const VERBATIM: &str = "{noformat}";
/// Breaks a word without being seen.
const GAP: &str = "\u{200b}";

/// Blocks as wiki markup.
pub(super) fn wiki(blocks: &[Block]) -> String {
    let block = |block: &Block| match block {
        Block::Heading(words) => format!("h3. {}\n", escaped(words)),
        Block::Paragraph(words) => format!("{}\n", escaped(words)),
        Block::Bullets(lines) => lines.iter().map(|line| format!("* {}\n", escaped(line))).collect(),
        Block::Code(_) => {
            let code = text(std::slice::from_ref(block)).replace(VERBATIM, &format!("{{{GAP}noformat}}"));
            format!("{VERBATIM}\n{code}\n{VERBATIM}\n")
        }
        Block::Link { title, url } => match web_url(url) {
            Some(url) => {
                let url = url.replace('|', "%7C").replace('[', "%5B").replace(']', "%5D");
                format!("[{}|{url}]\n", escaped(title))
            }
            None => format!("{}\n", escaped(title)),
        },
    };
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// One line in which nothing is markup.
fn escaped(words: &str) -> String {
    let words = text(&[Block::Paragraph(words.to_owned())]);
    let mut escaped = String::with_capacity(words.len());
    let mut before = ' ';
    let mut letters = words.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        // Between letters it is part of a word.
        let is_dash = letter == '-' && !(before.is_alphanumeric() && after.is_alphanumeric());
        match letter {
            '\\' => escaped.push_str(BACKSLASH),
            letter if is_dash || MARKUP.contains(&letter) => escaped.extend(['\\', letter]),
            letter => escaped.push(letter),
        }
        before = letter;
    }
    escaped
}

/// The text of wiki markup as we write it, a line for each paragraph.
pub(super) fn text_of(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut is_verbatim = false;
    for line in markup.lines() {
        match line.trim_end() {
            VERBATIM => is_verbatim = !is_verbatim,
            line if is_verbatim => text.extend([line, "\n"]),
            line => {
                let line = line.strip_prefix("h3. ").or(line.strip_prefix("* ")).unwrap_or(line);
                unescape(line, &mut text);
                text.push('\n');
            }
        }
    }
    text
}

fn unescape(line: &str, text: &mut String) {
    let mut letters = line.chars().peekable();
    let begin = text.len();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(char::is_ascii_punctuation) => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    let plain = text[begin..].replace(BACKSLASH, "\\");
    text.truncate(begin);
    text.push_str(&plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let blocks = [
            Block::Heading("GET /a".to_owned()),
            Block::Paragraph("[~ada] {color:red}x *b* a-b -c- C:\\d !i! | # ^ ~".to_owned()),
            Block::Bullets(vec!["one".to_owned()]),
            Block::Code("SELECT 1\n{noformat}*x*".to_owned()),
            Block::Link { title: "a|b]".to_owned(), url: "https://ci/r?a=[1]|2".to_owned() },
        ];
        let written = wiki(&blocks);
        assert_eq!(
            written,
            "h3. GET /a\n\n\\[\\~ada\\] \\{color:red\\}x \\*b\\* a-b \\-c\\- C:&#92;d \\!i\\! \\| \\# \\^ \\~\n\n* one\n\n\
             {noformat}\nSELECT 1\n{\u{200b}noformat}*x*\n{noformat}\n\n[a\\|b\\]|https://ci/r?a=%5B1%5D%7C2]\n"
        );
        let text = text_of(&written);
        assert!(text.starts_with("GET /a\n\n[~ada] {color:red}x *b* a-b -c- C:\\d !i! | # ^ ~\n\none\n"), "{text}");
    }
}
