//! An item's text where a tracker has no fields of its own for parts of it, and Markdown as plain text.

use squall_work_items::{Block, WorkItem};

/// A text for a tracker, and what is worth knowing of it.
#[derive(Debug)]
pub(crate) struct IssueText {
    /// The description.
    pub blocks: Vec<Block>,
    /// Notes.
    pub notes: Vec<String>,
}

impl IssueText {
    /// All that the item says, and these further paragraphs before the record, which is last.
    pub fn new(item: &WorkItem, further: Vec<String>) -> IssueText {
        let mut blocks = item.body(false);
        let end = blocks.len().saturating_sub(1);
        blocks.splice(end..end, further.into_iter().map(Block::Paragraph));
        IssueText { blocks, notes: Vec::new() }
    }

    /// Leaves out the longest statements and plans until the text has at most so many characters.
    ///
    /// # Errors
    /// If it is too long without them.
    pub fn fit(&mut self, most: usize, render: impl Fn(&[Block]) -> String) -> Result<(), String> {
        let length = |blocks: &[Block]| render(blocks).chars().count();
        let mut left_out = 0;
        while length(&self.blocks) > most {
            let codes = self.blocks.iter().enumerate().filter(|(_, block)| matches!(block, Block::Code(_)));
            let longest = codes.max_by_key(|(_, block)| size(block)).map(|(place, _)| place);
            let Some(place) = longest else {
                return Err(format!(
                    "its text has {} characters, and at most {most} are taken: push fewer details",
                    length(&self.blocks)
                ));
            };
            self.blocks[place] = Block::Paragraph("(too long for this tracker: see the report)".to_owned());
            left_out += 1;
        }
        if left_out > 0 {
            self.notes.push(format!("{left_out} long statements or plans are left out of the description"));
        }
        Ok(())
    }
}

fn size(block: &Block) -> usize {
    if let Block::Code(text) = block { text.len() } else { 0 }
}

/// Labels of an item: our own, its fingerprint, its type where it is a bug, and further tags without the characters
/// that the tracker does not take.
pub(crate) fn labels_of(item: &WorkItem, bug: Option<&str>, is_forbidden: fn(char) -> bool) -> Vec<String> {
    let mut labels = vec!["squall".to_owned(), item.fingerprint.to_string()];
    if item.task.item_type == squall_work_items::ItemType::Bug {
        labels.extend(bug.map(str::to_owned));
    }
    for tag in &item.assignment.tags {
        let tag = tag.trim().replace(|letter: char| letter.is_control() || is_forbidden(letter), "-");
        if !tag.is_empty() && !labels.iter().any(|have| have.eq_ignore_ascii_case(&tag)) {
            labels.push(tag);
        }
    }
    labels
}

/// Markdown without its escapes, so that the record in it can be read.
pub(crate) fn markdown_to_text(markdown: &str) -> String {
    let markdown = markdown.replace("&#8203;", "").replace('\r', "");
    let mut text = String::with_capacity(markdown.len());
    let mut letters = markdown.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(char::is_ascii_punctuation) => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    text.replace("&lt;", "<").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use squall_work_items::markdown;

    use super::*;

    #[test]
    fn escapes_come_back_as_their_text() {
        let written = "run a_b-1* [x] <y> & #7 @you ~z | w! `c`";
        let read = markdown_to_text(&markdown(&[Block::Paragraph(written.to_owned())]));
        assert_eq!(read.trim(), written);
    }

    #[test]
    fn the_longest_statements_are_left_out_first() {
        let code = |size: usize| Block::Code("x".repeat(size));
        let mut text = IssueText { blocks: vec![code(500), code(50)], notes: Vec::new() };
        text.fit(200, markdown).unwrap();
        assert!(matches!(text.blocks[0], Block::Paragraph(_)) && matches!(text.blocks[1], Block::Code(_)));
        assert_eq!(text.notes, ["1 long statements or plans are left out of the description"]);
        assert!(text.fit(10, markdown).unwrap_err().contains("at most 10"));
    }
}
