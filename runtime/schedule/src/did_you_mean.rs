//! "Did you mean ...?": the known word nearest to one that was mistyped. Knows nothing of what the words stand for.

use strsim::levenshtein;

/// The candidate nearest to `word`, if one is near enough to be what was meant: about one slip in three letters.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_and_does_not_guess_wildly() {
        let words = ["duration", "iterations", "vus"];
        assert_eq!(nearest("durration", words), Some("duration"));
        assert_eq!(nearest("VUS", words), Some("vus"));
        assert_eq!(nearest("iteration", words), Some("iterations"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("duration", []), None);
    }
}
