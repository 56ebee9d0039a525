//! What targets of several crates have to say of what they read.

/// An input as text; damage to text is often none any more.
pub fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Asserts that a message says something, in one line that steers no terminal.
pub fn assert_harmless(message: &str) {
    assert!(!message.trim().is_empty(), "a message that says nothing");
    assert!(!message.contains(char::is_control), "a message that steers a terminal: {message:?}");
}

/// The same of a message about what a stranger sent: it is no longer than a screen.
pub fn assert_brief(message: &str) {
    const LONGEST: usize = 2_000;
    assert_harmless(message);
    assert!(message.len() <= LONGEST, "a message of {} bytes: {message:.200}", message.len());
}
