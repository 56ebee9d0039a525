//! HTML as plain text, so that descriptions compare after a tracker has rewritten their markup.

/// Elements that end a line.
const BLOCKS: [&str; 16] =
    ["p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "tr", "table", "blockquote"];
/// The longest entity that is read: `&#x10ffff;`.
const LONGEST_ENTITY: usize = 10;

/// The text of HTML, a line for each block, white space within a line as single spaces, no empty lines.
pub fn html_to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    let mut preformatted = false;
    while let Some(place) = rest.find(['<', '&']) {
        push_text(&mut text, &rest[..place], preformatted);
        rest = &rest[place..];
        rest = match rest.as_bytes()[0] {
            b'&' => read_entity(rest, &mut text),
            _ => read_tag(rest, &mut text, &mut preformatted),
        };
    }
    push_text(&mut text, rest, preformatted);
    lines(&text)
}

/// Outside `pre` the line feeds of the source are spaces.
fn push_text(text: &mut String, piece: &str, preformatted: bool) {
    match preformatted {
        true => text.push_str(piece),
        false => text.extend(piece.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter })),
    }
}

/// Reads an entity, or `&` as it is.
fn read_entity<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let end = rest.bytes().take(LONGEST_ENTITY + 1).position(|byte| byte == b';');
    let decoded = end.and_then(|end| Some((decode(&rest[1..end])?, end)));
    match decoded {
        Some((letter, end)) => {
            text.push(letter);
            &rest[end + 1..]
        }
        None => {
            text.push('&');
            &rest[1..]
        }
    }
}

fn decode(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Skips a tag, and ends the line if it is a block's. A `<` that begins no tag is text.
fn read_tag<'a>(rest: &'a str, text: &mut String, preformatted: &mut bool) -> &'a str {
    let inside = &rest[1..];
    let closes = inside.starts_with('/');
    let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
    if name.is_empty() && !inside.starts_with('!') {
        text.push('<');
        return inside;
    }
    // Without an end no later tag has one either; looking for it again and again would take forever.
    let Some(end) = tag_end(inside) else {
        text.push_str(rest);
        return "";
    };
    let name = name.to_ascii_lowercase();
    if BLOCKS.contains(&name.as_str()) {
        text.push('\n');
    }
    if name == "pre" {
        *preformatted = !closes;
    }
    &inside[end + 1..]
}

/// The place of the `>` that ends a tag; one within quotes does not.
fn tag_end(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (place, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(place),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn lines(text: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use squall_fake_trackers::Random;
    use squall_work_items::{Block, html, text};

    use super::*;

    #[test]
    fn rewritten_markup_has_the_same_text() {
        let written = "<h3>GET /a&amp;b</h3><p>one  two</p><ul><li>x</li><li>y</li></ul><pre>SELECT 1;\nFROM t</pre>";
        let rewritten = "<div>\r\n<h3 style=\"a > b\">GET /a&#38;b </h3><div>one&nbsp; two</div><br/><ul>\n<li>x</li>\
                         <LI>y</LI></ul><pre>SELECT 1;\nFROM t</pre></div>";
        assert_eq!(html_to_text(written), "GET /a&b\none two\nx\ny\nSELECT 1;\nFROM t");
        assert_eq!(html_to_text(rewritten), html_to_text(written));
    }

    #[test]
    fn blocks_come_back_as_their_text() {
        let blocks = [
            Block::Heading("a <b> & \"c\"".to_owned()),
            Block::Bullets(vec!["&amp;".to_owned(), "1 < 2".to_owned()]),
            Block::Code("x\ny".to_owned()),
        ];
        assert_eq!(html_to_text(&html(&blocks)), text(&blocks));
    }

    #[test]
    fn large_and_broken_markup_takes_linear_time() {
        for piece in ["<a", "<p '", "<", "&", "&#", "<p>", "<!", "</"] {
            let html = piece.repeat((4 << 20) / piece.len());
            assert!(html_to_text(&html).len() <= html.len(), "{piece}");
        }
    }

    #[test]
    fn whatever_blocks_say_comes_back_as_text() {
        let mut random = Random::new(3);
        let letters = ['<', '>', '&', ';', '#', '/', '"', '\'', ' ', '\n', 'p', 'x', '3', 'é', '\u{7}'];
        let mut piece = || (0..random.below(12)).map(|_| letters[random.below(15) as usize]).collect::<String>();
        for _ in 0..20_000 {
            let blocks = [Block::Paragraph(piece()), Block::Bullets(vec![piece(), piece()]), Block::Code(piece())];
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&html_to_text(&html(&blocks))), words(&text(&blocks)), "{blocks:?}");
            // No markup at all, and half a document.
            let _ = html_to_text(&piece());
        }
    }

    #[test]
    fn broken_markup_is_text() {
        assert_eq!(html_to_text("1 < 2 & 3 > 2 &bogus; <p unclosed"), "1 < 2 & 3 > 2 &bogus; <p unclosed");
        assert_eq!(html_to_text("&#xffffffff;&#;&é;<é"), "&#xffffffff;&#;&é;<é");
    }
}
