//! The text of an item as blocks, so that each tracker gets it in its own markup with its own escapes.
//!
//! The texts within blocks are plain: names and statements come from targets and scenarios, and may hold anything.

use squall_report::escaped_markdown;

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// A list.
    Bullets(Vec<String>),
    /// Lines as they are: a statement, a plan, a command.
    Code(String),
    /// A paragraph that is a link.
    Link {
        /// Its text.
        title: String,
        /// Its address.
        url: String,
    },
}

/// As Markdown (CommonMark).
pub fn markdown(blocks: &[Block]) -> String {
    let block = |block: &Block| match block {
        Block::Heading(text) => format!("### {}\n", escaped_markdown(text)),
        Block::Paragraph(text) => format!("{}\n", escaped_markdown(text)),
        Block::Bullets(lines) => lines.iter().map(|line| format!("- {}\n", escaped_markdown(line))).collect(),
        // Indented, since a fence could be closed from within.
        Block::Code(text) => text.lines().map(|line| format!("    {}\n", without_controls(line))).collect(),
        Block::Link { title, url } => format!("[{}](<{}>)\n", escaped_markdown(title), plain_url(url)),
    };
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// As HTML.
pub fn html(blocks: &[Block]) -> String {
    let block = |block: &Block| match block {
        Block::Heading(text) => format!("<h3>{}</h3>", escaped_html(text)),
        Block::Paragraph(text) => format!("<p>{}</p>", escaped_html(text)),
        Block::Bullets(lines) => {
            format!(
                "<ul>{}</ul>",
                lines.iter().map(|line| format!("<li>{}</li>", escaped_html(line))).collect::<String>()
            )
        }
        Block::Code(text) => format!("<pre>{}</pre>", escaped_html(text)),
        Block::Link { title, url } => {
            format!("<p><a href=\"{}\">{}</a></p>", escaped_html(&plain_url(url)), escaped_html(title))
        }
    };
    blocks.iter().map(block).collect()
}

/// Without any markup, a line for each paragraph and each item of a list: what is compared after a tracker has rewritten it.
pub fn text(blocks: &[Block]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for block in blocks {
        match block {
            Block::Heading(text) | Block::Paragraph(text) => lines.push(without_controls(text)),
            Block::Bullets(items) => lines.extend(items.iter().map(|item| without_controls(item))),
            Block::Code(text) => lines.extend(text.lines().map(without_controls)),
            Block::Link { title, .. } => lines.push(without_controls(title)),
        }
    }
    lines.join("\n")
}

/// Text as HTML has it.
pub fn escaped_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn without_controls(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Only addresses of the web are links; characters that could end one are left out.
fn plain_url(url: &str) -> String {
    let is_web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    let kept = |letter: &char| !letter.is_control() && !matches!(letter, '<' | '>' | '"' | ' ');
    if is_web { url.chars().filter(kept).collect() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Vec<Block> {
        vec![
            Block::Heading("GET /<script>".to_owned()),
            Block::Paragraph("ask @everyone & [click](http://evil)".to_owned()),
            Block::Bullets(vec!["one".to_owned(), "two\u{7}".to_owned()]),
            Block::Code("SELECT 1;\n```\n</pre><b>".to_owned()),
            Block::Link { title: "report".to_owned(), url: "javascript:alert(1)".to_owned() },
        ]
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            markdown(&hostile()),
            "### GET /&lt;script>\n\nask @&#8203;everyone &amp; \\[click\\](http://evil)\n\n- one\n- two \n\n    SELECT 1;\n    \
             ```\n    </pre><b>\n\n[report](<>)\n"
        );
        assert_eq!(
            html(&hostile()),
            "<h3>GET /&lt;script&gt;</h3><p>ask @everyone &amp; [click](http://evil)</p><ul><li>one</li><li>two </li></ul>\
             <pre>SELECT 1;\n```\n&lt;/pre&gt;&lt;b&gt;</pre><p><a href=\"\">report</a></p>"
        );
    }

    #[test]
    fn text_has_a_line_for_each_piece() {
        let lines = "GET /<script>\nask @everyone & [click](http://evil)\none\ntwo \nSELECT 1;\n```\n</pre><b>\nreport";
        assert_eq!(text(&hostile()), lines);
    }
}
