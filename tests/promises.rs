//! `docs/security.md` promises nothing without a test: each of its sentences, rows and items names the tests that hold
//! it, in a footnote, and they exist. Quotations are explanations, and promise nothing.

use std::collections::BTreeSet;
use std::fs;

use crate::support::program::root;

/// Headings of parts about trust, or about limits of the promises.
const NO_PROMISES: [&str; 3] = ["Who is trusted", "What is not promised", "How it is tested"];

fn page() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// The blocks of the parts with promises, each with the title of its part: paragraphs, tables and lists.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap());
    let promising = parts.filter(|(title, _)| !NO_PROMISES.contains(title));
    let all = promising.flat_map(|(title, part)| part.trim().split("\n\n").map(move |block| (title, block)));
    all.filter(|(_, block)| !block.starts_with('>') && !block.starts_with("[^")).collect()
}

/// The rows of a table, or the items of a list.
fn pieces(block: &str) -> Option<Vec<&str>> {
    match block.chars().next() {
        Some('|') => Some(block.lines().skip(2).collect()),
        Some('-') => Some(block.split("\n- ").collect()),
        _ => None,
    }
}

/// Whether a text begins with references to footnotes, and the rest after them.
fn after_references(mut text: &str) -> (bool, &str) {
    let mut is_held = false;
    while let Some((_, rest)) = text.strip_prefix("[^").and_then(|reference| reference.split_once(']')) {
        (is_held, text) = (true, rest);
    }
    (is_held, text)
}

/// A text in one line, with the punctuation of code removed.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let pieces = line.split('`').enumerate();
    pieces.map(|(number, piece)| if number % 2 == 1 { "x".repeat(piece.len()) } else { piece.to_owned() }).collect()
}

/// The sentences of a paragraph without a footnote at their end.
fn bare_sentences(paragraph: &str) -> Vec<String> {
    let text = plain(paragraph);
    let (mut bare, mut begin) = (Vec::new(), 0);
    for (at, mark) in text.char_indices().filter(|(_, mark)| ".!?:".contains(*mark)) {
        let (is_held, rest) = after_references(&text[at + 1..]);
        // A colon introduces a table or a list, which continues the sentence.
        let ends = if mark == ':' { rest.is_empty() } else { rest.is_empty() || rest.starts_with(' ') };
        if ends {
            if !is_held {
                bare.push(text[begin..=at].trim().to_owned());
            }
            begin = text.len() - rest.len();
        }
    }
    bare.extend(Some(text[begin..].trim().to_owned()).filter(|rest| !rest.is_empty()));
    bare
}

/// Whether a block ends in a colon and a footnote, which then holds the table or the list that follows.
fn holds_what_follows(block: &str) -> bool {
    let last = block.rfind(':').map(|at| after_references(&block[at + 1..]));
    last.is_some_and(|(is_held, rest)| is_held && rest.is_empty())
}

/// The parts of a block without a footnote, given the blocks before and after it.
fn bare(block: &str, before: &str, after: &str) -> Vec<String> {
    match pieces(block) {
        Some(_) if holds_what_follows(before) => Vec::new(),
        Some(pieces) => pieces.into_iter().filter(|piece| !piece.contains("[^")).map(str::to_owned).collect(),
        None => {
            let goes_on = |sentence: &str| sentence.ends_with(':') && pieces(after).is_some();
            bare_sentences(block).into_iter().filter(|sentence| !goes_on(sentence)).collect()
        }
    }
}

#[test]
fn every_promise_names_the_tests_that_hold_it() {
    let page = page();
    let blocks = blocks(&page);
    assert!(blocks.len() > 40, "{} blocks", blocks.len());
    for (number, (title, block)) in blocks.iter().enumerate() {
        let text = |number: usize| blocks.get(number).map_or("", |(_, block)| block);
        let bare = bare(block, number.checked_sub(1).map_or("", text), text(number + 1));
        assert!(bare.is_empty(), "{title}: name the tests that hold this, in a footnote, or set it apart: {bare:#?}");
    }
}

#[test]
fn a_sentence_without_a_footnote_is_found() {
    assert_eq!(bare_sentences("One `a. b`.[^x] Two,\nand [three](x.md#y).[^y][^z] Four"), ["Four"]);
    assert_eq!(bare_sentences("One. Two.[^x] Three!"), ["One.", "Three!"]);
    assert_eq!(bare("| a |\n| - |\n| b[^x] |\n| c |", "These:", ""), ["| c |"]);
    assert_eq!(bare("| a |\n| - |\n| b |", "Others.[^x]", ""), ["| b |"]);
    assert!(bare("- a\n- b", "These:[^x]", "").is_empty());
    assert_eq!(bare("- a;[^x]\n- b", "These:", ""), ["b"]);
    assert!(bare("These:", "", "- a").is_empty());
    assert_eq!(bare("These:", "", "Others."), ["These:"]);
}

/// The footnotes of the page: their names, and the tests in them.
fn footnotes(page: &str) -> Vec<(&str, Vec<&str>)> {
    let paragraphs = page.split("\n\n").filter(|paragraph| paragraph.starts_with("[^"));
    let notes = paragraphs.flat_map(|paragraph| paragraph.split("\n[^"));
    notes
        .map(|note| {
            let (name, tests) = note.trim_start_matches("[^").split_once("]: ").unwrap();
            (name, tests.split('`').skip(1).step_by(2).collect())
        })
        .collect()
}

/// The names of the footnotes that the page refers to.
fn references(page: &str) -> BTreeSet<&str> {
    let named = page.split("[^").skip(1).filter_map(|rest| rest.split_once(']'));
    named.filter(|(_, rest)| !rest.starts_with(": ")).map(|(name, _)| name).collect()
}

#[test]
fn every_footnote_is_there_once_and_is_referred_to() {
    let page = page();
    let names: Vec<&str> = footnotes(&page).into_iter().map(|(name, _)| name).collect();
    let defined: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(defined.len(), names.len(), "a footnote is there twice: {names:?}");
    assert_eq!(defined, references(&page));
}

/// Whether a source has a test function with this name: one of the attributes above it marks it as a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    let found = lines.iter().position(|line| starts.iter().any(|start| line.starts_with(start)));
    let is_mark = |line: &&str| ["#[test]", "#[tokio::test]"].contains(line);
    found.is_some_and(|at| lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(is_mark))
}

#[test]
fn every_named_test_exists() {
    let page = page();
    for (note, tests) in footnotes(&page) {
        assert!(!tests.is_empty(), "{note} names no test");
        for test in tests {
            let (file, name) = test.split_once('#').unwrap_or_else(|| panic!("{note}: {test} is not FILE#TEST"));
            let source =
                fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{note}: {file}: {error}"));
            assert!(has_test(&source, name), "{note}: {file} has no test {name}");
        }
    }
    assert!(has_test("    #[test]\n    #[cfg(unix)]\n    fn it_holds() {", "it_holds"));
    assert!(!has_test("#[test]\nfn it_holds() {}\nfn it() {", "it"));
}

/// The helpers that run untrusted scenarios and connect to untrusted servers.
const HOSTILE: [&str; 9] = [
    "boundaries",
    "hostile",
    "hostile_files",
    "hostile_servers",
    "limits",
    "memory",
    "sandbox",
    "suggestions",
    "two_users",
];

#[test]
fn no_hostile_guest_runs_without_a_limit_of_memory() {
    for file in HOSTILE {
        let source = fs::read_to_string(root().join(format!("tests/{file}.rs"))).unwrap();
        assert!(!source.contains("Squall::"), "{file}: run it by `support::caged::Caged`");
    }
}
