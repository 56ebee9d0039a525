//! `docs/security.md` promises nothing without a test: each part names the tests that hold it, and they exist.

use std::fs;

use crate::support::program::root;

/// What is about trust, or says what is not promised.
const NO_PROMISES: [&str; 3] = ["Who is trusted", "What is not promised", "How it is tested"];

/// The parts of the page, each with its title.
fn parts(page: &str) -> Vec<(&str, &str)> {
    page.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap()).collect()
}

/// What stands in backquotes behind "Held by", up to the end of the paragraph.
fn tests_named(part: &str) -> Vec<&str> {
    let paragraphs = part.split("\n\n").filter_map(|paragraph| paragraph.trim_start().strip_prefix("*Held by* "));
    paragraphs.flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_promise_names_the_tests_that_hold_it() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut checked = 0;
    for (title, part) in parts(&page).into_iter().filter(|(title, _)| !NO_PROMISES.contains(title)) {
        let tests = tests_named(part);
        assert!(!tests.is_empty(), "{title}: say which tests hold it");
        for test in tests {
            let (file, name) = test.split_once('#').unwrap_or_else(|| panic!("{title}: {test} is not FILE#TEST"));
            let source =
                fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{title}: {file}: {error}"));
            assert!(source.contains(&format!("fn {name}(")), "{title}: {file} has no test {name}");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}
