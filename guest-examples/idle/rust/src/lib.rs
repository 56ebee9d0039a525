//! Virtual users that only think, for `cargo xtask bench memory`.

use std::time::Duration;

use squall::prelude::*;

squall::scenario! {
    flows: { idle },
}

/// Sleeps for `SLEEP` whole seconds (`-e SLEEP=600`), else for one. (Parsing fractions would bring tables of 10 KiB.)
fn idle() {
    let seconds = env("SLEEP").and_then(|text| text.parse().ok()).unwrap_or(1);
    sleep(Duration::from_secs(seconds));
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    #[test]
    fn it_sleeps_as_long_as_it_is_told() {
        assert_eq!(Host::new().option("SLEEP", "600").run(idle).slept, Duration::from_secs(600));
        assert_eq!(Host::new().run(idle).slept, Duration::from_secs(1));
    }
}
