//! Header fields that go on in the next line: obsolete, but for a user agent to understand (RFC 9112, section 5.2).

/// The head with each folded line break replaced by spaces of the same length; `None` if no field is folded. The line
/// after the status line begins the first field, so it cannot be folded.
#[cold]
pub(crate) fn unfolded(head: &[u8]) -> Option<Vec<u8>> {
    let mut unfolded = head.to_vec();
    unfold(&mut unfolded).then_some(unfolded)
}

/// The same, without a copy. Returns whether anything changed.
#[cold]
pub(crate) fn unfold(head: &mut [u8]) -> bool {
    let Some(status_line) = head.iter().position(|byte| *byte == b'\n') else { return false };
    let mut changed = false;
    for place in status_line + 1..head.len().saturating_sub(1) {
        // The body follows the empty line, and may begin with white space.
        if head[place] == b'\n' && matches!(head[..place], [.., b'\n'] | [.., b'\n', b'\r']) {
            break;
        }
        if head[place] == b'\n' && matches!(head[place + 1], b' ' | b'\t') {
            head[place] = b' ';
            if head[place - 1] == b'\r' {
                head[place - 1] = b' ';
            }
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(head: &str) -> Option<String> {
        unfolded(head.as_bytes()).map(|head| String::from_utf8(head).unwrap())
    }

    #[test]
    fn a_field_goes_on_in_the_next_line() {
        assert_eq!(
            text("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td\r\nE: f\r\n\r\n").unwrap(),
            "HTTP/1.1 200 OK\r\nA: b   c  \td\r\nE: f\r\n\r\n"
        );
        assert_eq!(text("HTTP/1.1 200 OK\nA: b\n c\n\n").unwrap(), "HTTP/1.1 200 OK\nA: b  c\n\n");
    }

    #[test]
    fn other_heads_are_left_alone() {
        for head in [
            "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
            "a\n\n b\n c",
            "a\r\nb\r\n\r\n c\n d",
            "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
            "HTTP/1.1",
            "",
            "\n",
            "\n\n",
        ] {
            assert_eq!(text(head), None, "{head:?}");
        }
    }
}
