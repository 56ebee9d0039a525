//! Values on the command line: each parser gives the value, or a sentence that says how to write one.

use std::net::Ipv4Addr;
use std::net::SocketAddr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use squall_toolchain::{Compat, Engine, Language};

/// A number of things.
pub fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, like 100".to_owned())
}

pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

pub fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some(("http" | "https", rest)) if rest.starts_with("//") => {
            Err("-H is a header, and this is a URL: write the URL as it is, or as --target".to_owned())
        }
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("write 'name: value'".to_owned()),
    }
}

/// A share: `0.05`, or `5%`.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map(|number| number * scale);
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "write a share from 0 to 1, or 0% to 100%".to_owned())
}

/// An amount of memory or data: `64MiB`, `1GiB`, `500MB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 6] =
        [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let bytes = UNITS.iter().find_map(|(unit, bytes)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(*bytes)
    });
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "write a whole number with a unit: 64MiB".to_owned())
}

/// What one memory can have.
pub fn parse_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text)?;
    // Less than a page cannot hold anything; more than 4 GiB cannot be addressed by a guest.
    if (64 << 10..=4 << 30).contains(&bytes) { Ok(bytes) } else { Err("from 64KiB to 4GiB".to_owned()) }
}

/// An address with its port. Only `localhost` is known by name: whatever else there is must be asked for, and is not here.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    local
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "write an address of this machine with a port: 127.0.0.1:6565".to_owned())
}

/// One of a list of named values, which help and errors list.
fn one_of<T: Copy + Send + Sync + 'static>(
    values: impl IntoIterator<Item = (PossibleValue, T)>,
) -> impl TypedValueParser<Value = T> {
    let (names, values): (Vec<PossibleValue>, Vec<T>) = values.into_iter().unzip();
    let known = names.clone();
    PossibleValuesParser::new(names).try_map(move |name| {
        let place = known.iter().position(|known| known.matches(&name, false));
        place.and_then(|place| values.get(place)).copied().ok_or("no such value")
    })
}

/// A language of scenarios.
pub fn language() -> impl TypedValueParser<Value = Language> {
    one_of([
        (PossibleValue::new("rust"), Language::Rust),
        (PossibleValue::new("typescript").alias("ts"), Language::TypeScript),
        (PossibleValue::new("javascript").alias("js"), Language::JavaScript),
        (PossibleValue::new("python"), Language::Python),
        (PossibleValue::new("go"), Language::Go),
        (PossibleValue::new("c"), Language::C),
    ])
}

/// A tool whose scripts can be built.
pub fn compat() -> impl TypedValueParser<Value = Compat> {
    one_of([(PossibleValue::new("k6").help("k6: JavaScript with the modules `k6`, `k6/http` and so on"), Compat::K6)])
}

/// A JavaScript engine.
pub fn engine() -> impl TypedValueParser<Value = Engine> {
    one_of([
        (PossibleValue::new("quickjs").help("Small, and starts fast"), Engine::QuickJs),
        (
            PossibleValue::new("starlingmonkey").help("Large, faster at computing, and has `fetch()`"),
            Engine::StarlingMonkey,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_sizes() {
        assert_eq!(parse_share("5%"), Ok(0.05));
        assert_eq!(parse_share("0.25"), Ok(0.25));
        assert!(parse_share("7").is_err());
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert!(parse_size("64").is_err());
        assert!(parse_memory("9GiB").is_err());
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_address("localhost:6565"), parse_address("127.0.0.1:6565"));
        assert!(parse_address("[::1]:0").is_ok());
        for wrong in ["6565", "localhost", "example.com:80", "127.0.0.1", "localhost:99999"] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }
}
