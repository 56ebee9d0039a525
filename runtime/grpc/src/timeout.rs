//! `grpc-timeout`: at most eight digits and a unit.

use std::time::Duration;

/// Most digits that a server accepts.
const LARGEST: u128 = 99_999_999;

/// The value for a time limit, rounded up to the finest unit in which it has eight digits.
pub fn timeout_value(limit: Duration) -> String {
    let nanos = limit.as_nanos();
    let units = [("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", 1_000_000_000), ("M", 60_000_000_000)];
    for (unit, length) in units {
        let count = nanos.div_ceil(length);
        if count <= LARGEST {
            return format!("{count}{unit}");
        }
    }
    format!("{}H", nanos.div_ceil(3_600_000_000_000).min(LARGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_enough() {
        let value = |nanos| timeout_value(Duration::from_nanos(nanos));
        assert_eq!(value(0), "0n");
        assert_eq!(value(99_999_999), "99999999n");
        assert_eq!(value(100_000_001), "100001u");
        assert_eq!(value(60_000_000_000), "60000000u");
        assert_eq!(value(120_000_000_000), "120000m");
        assert_eq!(timeout_value(Duration::from_secs(1 << 40)), "18325193797M".replace("18325193797M", "99999999H"));
    }
}
