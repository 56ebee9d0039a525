//! Components that were damaged, by chance or on purpose: reading one gives an answer, never a panic. What `fuzz/` would
//! do for hours, for some seconds.

use crate::artifact::Artifact;
use crate::user::split_mix;

const WHOLE: &[u8] = include_bytes!("../../cli/assets/request.wasm");
/// Enough to meet every kind of section, few enough for seconds.
const HOW_MANY: u64 = 2_000;

/// A damaged copy; the same number gives the same damage.
fn damaged(number: u64) -> Vec<u8> {
    let mut state = number;
    let mut below = |end: usize| (split_mix(&mut state) % end as u64) as usize;
    let mut bytes = WHOLE.to_vec();
    // Headers, types and imports are in the first tenth, where damage does most.
    let reach = if below(2) == 0 { bytes.len() } else { bytes.len() / 10 };
    for _ in 0..=below(8) {
        let place = below(reach.min(bytes.len()));
        match below(4) {
            0 => bytes[place] = below(256) as u8,
            1 => bytes[place] ^= 1 << below(8),
            2 => bytes.truncate(place.max(1)),
            _ => {
                let end = (place + below(64)).min(bytes.len());
                let piece = bytes[place..end].to_vec();
                bytes.splice(place..place, piece);
            }
        }
    }
    bytes
}

#[test]
fn reading_what_is_damaged_gives_an_answer() {
    let refused = (0..HOW_MANY).filter(|number| Artifact::from_bytes(damaged(*number)).is_err()).count();
    // Some damage changes nothing but a constant.
    assert!(refused > 500, "only {refused} of {HOW_MANY} were found out");
}
