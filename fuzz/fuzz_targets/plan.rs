//! Whatever a plan's text is, reading it gives a plan or mistakes; and the same for the JSON that a component suggests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use squall_plan::{Defaults, Options, Plan, PlanFile};

fuzz_target!(|text: &str| {
    let flows = [("browse".to_owned(), 60), ("checkout".to_owned(), 40)];
    let resolve = |options| drop(Plan::resolve(options, &flows, Defaults { threads: 1, seed: 1 }));
    match PlanFile::read(text) {
        Ok(plan) => resolve(plan.under(Options::default(), &flows)),
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
    if let Ok(options) = Options::from_json(text) {
        resolve(options);
    }
});
