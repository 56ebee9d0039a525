//! The target of `fuzz/` for this crate's parsers: components, with everything inside.

use squall_fuzzing::{Outcome, assert_harmless};

use crate::artifact::Artifact;

/// A component, up to the checks before compilation. Its description of itself must be short and free of control
/// characters.
pub fn component(bytes: &[u8]) -> Outcome {
    let read = Artifact::from_bytes(bytes.to_vec());
    match &read {
        Ok(artifact) => {
            let lines = artifact.about().lines();
            assert!(lines.len() < 10);
            lines.iter().for_each(|(_, text)| {
                assert!(text.len() < 4_000 && !text.contains(['\n', '\r', '\u{1b}', '\0']), "{text:?}")
            });
            assert!(artifact.needs().initial_memory() < u64::MAX);
            let fits = artifact.needs().check(&squall_plan::Limits::default()).is_ok() && artifact.check().is_ok();
            if fits { Outcome::Taken } else { Outcome::Refused }
        }
        Err(error) => {
            assert_harmless(&error.to_string());
            Outcome::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    const WHOLE: &[u8] = include_bytes!("../../cli/assets/request.wasm");

    #[test]
    fn components() {
        // The limit for components that were made to be large: see `generated.rs`.
        let memory = Memory { base: 64 << 20, per_byte: 0 };
        Target::new("component", super::component).seeds(&[WHOLE]).memory(memory).inputs(10_000).for_a_while();
    }
}
