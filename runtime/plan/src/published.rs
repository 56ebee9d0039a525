//! Pages that repeat what the code says: each test of one compares, and with `UPDATE_EXPECT=1` writes it.

use std::fs;
use std::path::Path;

/// The whole page is this text.
pub(crate) fn expect_page(page: &str, expected: &str) {
    expect(page, |_| expected.to_owned());
}

/// The page has this table, which its first line begins.
pub(crate) fn expect_table(page: &str, table: &str) {
    let head = table.lines().next().unwrap_or_default();
    expect(page, |published| {
        let from = published.find(head).unwrap_or_else(|| panic!("{page} has no table that begins with {head}"));
        let length: usize =
            published[from..].split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
        format!("{}{table}{}", &published[..from], &published[from + length..])
    });
}

fn expect(page: &str, make: impl Fn(&str) -> String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let published = fs::read_to_string(&file).unwrap();
    let expected = make(&published);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, expected).unwrap();
    } else {
        assert!(
            published == expected,
            "{page} is not what the code says: UPDATE_EXPECT=1 cargo test -p squall-plan writes it"
        );
    }
}
