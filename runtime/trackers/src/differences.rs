//! Differences between what was written and what was read, as phrases with both values.

use crate::transport::plain_message;

/// Two texts, by their lines. White space at the end of lines is left out: services trim it.
pub(crate) fn compare_text(name: &str, written: &str, read: &str) -> Option<String> {
    let lines = |text: &str| text.trim().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (written, read) = (lines(written), lines(read));
    if written == read {
        return None;
    }
    let place = written.iter().zip(&read).take_while(|(one, other)| one == other).count();
    let line = |lines: &[String]| lines.get(place).cloned().unwrap_or_default();
    Some(compare_value(name, &line(&written), &line(&read)).unwrap_or_else(|| format!("{name} differs")))
}

/// Whether two texts have the same lines.
pub(crate) fn is_same_text(one: &str, other: &str) -> bool {
    compare_text("", one, other).is_none()
}

/// Two values as they are.
pub(crate) fn compare_value(name: &str, written: &str, read: &str) -> Option<String> {
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("{:?}", plain_message(text)) };
    (written != read).then(|| format!("{name} is {}, not {}", shown(read), shown(written)))
}

/// What a list that was read lacks. Further entries are fine: rules and people add labels.
pub(crate) fn compare_labels(written: &[String], read: &[String]) -> Option<String> {
    let has = |label: &String| read.iter().any(|have| have.eq_ignore_ascii_case(label));
    let missing: Vec<_> = written.iter().filter(|label| !has(label)).map(|label| plain_message(label)).collect();
    (!missing.is_empty()).then(|| format!("labels lack {:?}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_both_values() {
        assert_eq!(compare_text("body", "a\nb ", "a\r\nb\n"), None);
        assert_eq!(compare_text("body", "a\nb", "a\nc").unwrap(), r#"body is "c", not "b""#);
        assert_eq!(compare_text("body", "a\nb", "a").unwrap(), r#"body is nothing, not "b""#);
        let labels = |list: &[&str]| list.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        assert_eq!(compare_labels(&labels(&["Squall"]), &labels(&["squall", "ours"])), None);
        assert_eq!(compare_labels(&labels(&["a", "b"]), &labels(&["a"])).unwrap(), r#"labels lack "b""#);
    }
}
