//! Tests without their program are left out with a printed reason, which `cargo xtask test` collects.

use std::io::Write;

/// Reports that a test is skipped, and why.
#[expect(clippy::print_stdout, reason = "those who run the tests should know what was not tried")]
pub fn skip(test: &str, reason: &str) {
    println!("skipped: {test}: {reason}");
    if let Ok(path) = std::env::var("SQUALL_SKIPPED_TESTS") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(list, "{test}: {reason}").unwrap();
    }
}
