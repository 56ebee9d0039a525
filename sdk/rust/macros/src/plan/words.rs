//! Words that are values, and the closest known word for a mistyped one.

pub(crate) const EXECUTORS: &[&str] = &[
    "constant-vus",
    "ramping-vus",
    "per-vu-iterations",
    "shared-iterations",
    "constant-arrival-rate",
    "ramping-arrival-rate",
    "stepped-vus",
    "stepped-arrival-rate",
    "externally-controlled",
];
pub(crate) const ARRIVALS: &[&str] = &["constant", "poisson"];
pub(crate) const WARMUPS: &[&str] = &["none", "auto"];
pub(crate) const PACINGS: &[&str] = &["timer", "spin"];
pub(crate) const HTTP_VERSIONS: &[&str] = &["auto", "1.1", "2", "2-prior-knowledge", "3"];
pub(crate) const POLICIES: &[&str] = &["sequential", "random", "shuffle", "unique-per-vu", "once-each"];
pub(crate) const ENDS: &[&str] = &["recycle", "stop", "error"];

/// The end of a message about an unknown word: the one that was meant, or all of them.
pub(crate) fn advise(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("expected {}", list(known)),
    }
}

/// The known word nearest to `word`, up to one slip in three letters.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let by_distance = known.iter().map(|candidate| (distance(word, candidate), *candidate));
    by_distance.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Levenshtein's distance: the insertions, deletions and replacements between two words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// `` `a`, `b` or `c` ``
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::advise;

    #[test]
    fn a_slip_is_put_right_and_anything_else_gets_the_list() {
        let words = ["constant", "poisson", "burst"];
        assert_eq!(advise("poison", &words), "did you mean `poisson`?");
        assert_eq!(advise("normal", &words), "expected `constant`, `poisson` or `burst`");
        assert_eq!(advise("", &["one"]), "expected `one`");
    }
}
