//! Assertions for targets of several crates.

/// An input as text; damaged text is often not UTF-8.
pub fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Asserts that a message is one non-empty line that steers no terminal.
pub fn assert_harmless(message: &str) {
    assert!(!message.trim().is_empty(), "a message that says nothing");
    assert!(!message.contains(char::is_control), "a message that steers a terminal: {message:?}");
}

/// The same for a message about untrusted input: it also fits on a screen.
pub fn assert_brief(message: &str) {
    const LONGEST: usize = 2_000;
    assert_harmless(message);
    assert!(message.len() <= LONGEST, "a message of {} bytes: {message:.200}", message.len());
}
