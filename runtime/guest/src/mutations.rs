//! Components that were damaged, by chance or on purpose: reading one gives an answer, never a panic. What `fuzz/` would
//! do for hours, for some seconds.

use crate::artifact::Artifact;
use crate::user::split_mix;

const WHOLE: &[u8] = include_bytes!("../../cli/assets/request.wasm");
const HOW_MANY: u64 = 10_000;

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

/// All that is done with a component before it is compiled.
fn survives(number: u64) -> bool {
    let Ok(artifact) = Artifact::from_bytes(damaged(number)) else { return false };
    // What the lines say does not matter, only that they can be had.
    assert!(artifact.about().lines().len() < 10);
    assert!(artifact.needs().initial_memory() < u64::MAX);
    artifact.needs().check(&squall_plan::Limits::default()).is_ok() && artifact.check().is_ok()
}

#[test]
fn reading_what_is_damaged_gives_an_answer() {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) as u64;
    let parts = (0..threads).map(|part| {
        std::thread::spawn(move || {
            (part..HOW_MANY).step_by(threads as usize).filter(|number| !survives(*number)).count()
        })
    });
    let parts: Vec<_> = parts.collect();
    let refused: usize = parts.into_iter().map(|part| part.join().expect("no panic, whatever the damage")).sum();
    // Some damage changes nothing but a constant.
    assert!(refused > 2_500, "only {refused} of {HOW_MANY} were found out");
}
