//! Virtual users that only think: what `cargo xtask bench memory` weighs.

use squall::prelude::*;

squall::scenario! {
    flows: { idle },
}

/// Sleeps for `SLEEP` seconds (`-e SLEEP=600`), else for one.
fn idle() {
    sleep(env("SLEEP").and_then(|text| text.parse::<f64>().ok()).unwrap_or(1.0));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use squall::testing::Host;

    use super::*;

    #[test]
    fn it_sleeps_as_long_as_it_is_told() {
        assert_eq!(Host::new().option("SLEEP", "600").run(idle).slept, Duration::from_secs(600));
        assert_eq!(Host::new().run(idle).slept, Duration::from_secs(1));
    }
}
