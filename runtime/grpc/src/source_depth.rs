//! How deeply the blocks of a `.proto` file are nested. A parser that calls itself for each level needs a limit.

/// The deepest nesting of brackets outside comments and texts.
pub(crate) fn depth(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = source.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' | b'<' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' | b'>' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => skip_text(byte, &mut bytes),
            b'/' if bytes.peek() == Some(&b'/') => while bytes.next().is_some_and(|byte| byte != b'\n') {},
            b'/' if bytes.peek() == Some(&b'*') => skip_comment(&mut bytes),
            _ => {}
        }
    }
    deepest
}

fn skip_text(quote: u8, bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            // A text ends with its line, closed or not.
            b'\n' => return,
            byte if byte == quote => return,
            _ => {}
        }
    }
}

fn skip_comment(bytes: &mut impl Iterator<Item = u8>) {
    let mut last = 0;
    // The star of the beginning does not end it.
    bytes.next();
    for byte in bytes {
        if last == b'*' && byte == b'/' {
            return;
        }
        last = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_of_the_language_count() {
        assert_eq!(depth("message A { message B { } } message C {}"), 2);
        assert_eq!(depth("// {{{\n/* {{ */ option a = \"{{\\\"{\"; message A {}"), 1);
        assert_eq!(depth("/*/ {{ */ {"), 1);
        assert_eq!(depth("option a = \"}\"; { { {"), 3);
    }
}
