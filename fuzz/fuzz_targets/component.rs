//! Whatever a file holds, looking at it gives an answer: all that is done with a component before it is compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use squall_guest::Artifact;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(artifact) = Artifact::from_bytes(bytes.to_vec()) {
        let _ = artifact.check();
        let _ = (artifact.about().lines(), artifact.needs().initial_memory());
    }
});
