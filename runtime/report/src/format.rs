//! Numbers as people read them, in k6's style: `1.23ms`, `12.4 kB`, `99.10%`.

use squall_metrics::Nanos;

/// A duration with the unit that fits: `850ns`, `12.3µs`, `4.56ms`, `1.23s`, `1m5s`, `2h3m`.
pub fn duration(value: Nanos) -> String {
    let nanos = value.0 as f64;
    match value.0 {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", significant(nanos / 1e3)),
        1_000_000..1_000_000_000 => format!("{}ms", significant(nanos / 1e6)),
        1_000_000_000..60_000_000_000 => format!("{}s", significant(nanos / 1e9)),
        _ => long(value.0 / 1_000_000_000),
    }
}

fn long(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}h{minutes:02}m{seconds:02}s") } else { format!("{minutes}m{seconds:02}s") }
}

/// At most two decimals, without zeros at the end.
fn significant(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// A time in milliseconds, of any sign and size.
pub fn millis(value: f64) -> String {
    if value < 0.0 {
        return format!("-{}", millis(-value));
    }
    let nanos = (value * 1e6).round();
    // No unit is smaller than a nanosecond.
    if nanos == 0.0 && value != 0.0 { format!("{}ms", decimal(value)) } else { duration(Nanos(nanos as u64)) }
}

/// A number with two decimals, or, below 1, with three significant digits.
pub fn decimal(value: f64) -> String {
    match value.abs() {
        0.0 | 1.0.. => count((value * 100.0).round() / 100.0),
        0.001..1.0 => {
            let places = (2.0 - value.abs().log10().floor()) as usize;
            format!("{value:.places$}").trim_end_matches('0').to_owned()
        }
        _ => {
            let text = format!("{value:.2e}");
            match text.split_once('e') {
                Some((number, power)) => format!("{}e{power}", number.trim_end_matches('0').trim_end_matches('.')),
                None => text,
            }
        }
    }
}

/// An amount of data: bytes, in powers of 1000 as k6 prints them.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    if value < 0.0 {
        return format!("-{}", bytes(-value));
    }
    let mut value = value;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A whole number with its thousands apart; a fraction with two decimals.
pub fn count(value: f64) -> String {
    if value.fract() != 0.0 {
        return significant(value);
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// A rate: `12.5/s`.
pub fn per_second(value: f64) -> String {
    if value >= 1000.0 { format!("{}/s", count(value.round())) } else { format!("{}/s", significant(value)) }
}

/// A share, 0 to 1, in per cent.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            (0, "0s"),
            (850, "850ns"),
            (12_300, "12.3µs"),
            (999_990, "999.99µs"),
            (4_560_000, "4.56ms"),
            (50_000_000, "50ms"),
            (1_230_000_000, "1.23s"),
            (65_000_000_000, "1m05s"),
            (7_384_000_000_000, "2h03m04s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration(Nanos(nanos)), text);
        }
    }

    #[test]
    fn amounts() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(999.9), "1.0 kB");
        assert_eq!(bytes(12_400.0), "12.4 kB");
        assert_eq!(bytes(519_000.0), "519 kB");
        assert_eq!(bytes(2_500_000.0), "2.5 MB");
    }

    #[test]
    fn numbers_of_any_sign_and_size() {
        let cases = [
            (0.0, "0"),
            (1_234.567, "1234.57"),
            (-1.2, "-1.2"),
            (0.5, "0.5"),
            (0.123_456, "0.123"),
            (0.001_234, "0.00123"),
            (1.5e-7, "1.5e-7"),
            (-3e-9, "-3e-9"),
        ];
        for (value, text) in cases {
            assert_eq!(decimal(value), text);
        }
        let cases = [(-0.25, "-250µs"), (4.56, "4.56ms"), (0.0, "0s"), (2e-7, "2e-7ms")];
        for (value, text) in cases {
            assert_eq!(millis(value), text);
        }
        assert_eq!(bytes(-12_400.0), "-12.4 kB");
    }

    #[test]
    fn counts_and_rates() {
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(100.0), "100");
        assert_eq!(count(12.5), "12.5");
        assert_eq!(per_second(13.122), "13.12/s");
        assert_eq!(per_second(123_456.7), "123,457/s");
        assert_eq!(percent(0.9991), "99.91%");
    }
}
