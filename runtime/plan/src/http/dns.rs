//! How names are looked up, in k6's words: how long an answer counts, which of its addresses are used, and in which order.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use squall_schedule::{HumanDuration, nearest, parse_duration};

/// What one layer says about look-ups; everything optional.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DnsOptions {
    /// How long an answer counts: 5 minutes unless said otherwise.
    pub ttl: Option<Duration>,
    /// Which of several addresses a connection tries first.
    pub select: Option<DnsSelect>,
    /// Which addresses are used.
    pub policy: Option<DnsPolicy>,
}

/// What is settled about look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsPlan {
    /// How long an answer counts; 5 minutes unless said otherwise.
    pub ttl: Duration,
    /// Which of several addresses a connection tries first; one after the other unless said otherwise.
    pub select: DnsSelect,
    /// Which addresses are used; the system's choice unless said otherwise.
    pub policy: DnsPolicy,
}

impl Default for DnsPlan {
    fn default() -> DnsPlan {
        DnsPlan { ttl: Duration::from_secs(300), select: DnsSelect::RoundRobin, policy: DnsPolicy::System }
    }
}

/// For ever: `inf`. Longer than any run.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

macro_rules! words {
    ($(#[$meta:meta])* $Type:ident { $($(#[$of_word:meta])* $Word:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $Type {
            $($(#[$of_word])* #[serde(rename = $text)] $Word,)*
        }

        impl $Type {
            /// As they are written.
            pub(crate) const NAMES: &'static [&'static str] = &[$($text),*];

            /// As it is written.
            pub fn name(self) -> &'static str {
                match self {
                    $($Type::$Word => $text,)*
                }
            }
        }

        impl FromStr for $Type {
            type Err = String;

            fn from_str(text: &str) -> Result<$Type, String> {
                match text {
                    $($text => Ok($Type::$Word),)*
                    _ => Err(format!("unknown word {text:?}: known are {}", $Type::NAMES.join(", "))),
                }
            }
        }
    };
}

words!(
    /// Which of several addresses a connection tries first.
    DnsSelect {
        /// Always the first.
        First = "first",
        /// One at random.
        Random = "random",
        /// One after the other; so it is unless said otherwise.
        RoundRobin = "roundRobin",
    }
);
words!(
    /// Which addresses are used.
    DnsPolicy {
        /// IPv4 first, IPv6 if it cannot be reached.
        PreferIpv4 = "preferIPv4",
        /// IPv6 first, IPv4 if it cannot be reached.
        PreferIpv6 = "preferIPv6",
        /// IPv4 alone.
        OnlyIpv4 = "onlyIPv4",
        /// IPv6 alone.
        OnlyIpv6 = "onlyIPv6",
        /// All alike.
        Any = "any",
        /// First those of the kind that the system puts first; so it is unless said otherwise.
        System = "system",
    }
);

impl DnsOptions {
    /// The parts that it has.
    const PARTS: [&'static str; 3] = ["ttl", "select", "policy"];

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == DnsOptions::default()
    }

    /// This layer laid over a lower one.
    pub(crate) fn over(self, lower: DnsOptions) -> DnsOptions {
        DnsOptions {
            ttl: self.ttl.or(lower.ttl),
            select: self.select.or(lower.select),
            policy: self.policy.or(lower.policy),
        }
    }

    pub(super) fn resolve(self) -> DnsPlan {
        let defaults = DnsPlan::default();
        DnsPlan {
            ttl: self.ttl.unwrap_or(defaults.ttl),
            select: self.select.unwrap_or(defaults.select),
            policy: self.policy.unwrap_or(defaults.policy),
        }
    }

    fn set(&mut self, part: &str, text: &str) -> Result<(), String> {
        match part {
            "ttl" => self.ttl = Some(read_ttl(text)?),
            "select" => self.select = Some(text.parse()?),
            "policy" => self.policy = Some(text.parse()?),
            _ => {
                let meant = nearest(part, DnsOptions::PARTS).map(|meant| format!(": did you mean {meant:?}?"));
                return Err(format!(
                    "unknown part {part:?}{}",
                    meant.unwrap_or_else(|| ": write ttl, select or policy".into())
                ));
            }
        }
        Ok(())
    }
}

fn read_ttl(text: &str) -> Result<Duration, String> {
    match text {
        "inf" => Ok(FOREVER),
        "0" => Ok(Duration::ZERO),
        text => parse_duration(text).map_err(|error| format!("ttl: {error}")),
    }
}

fn written_ttl(ttl: Duration) -> String {
    if ttl >= FOREVER { "inf".to_owned() } else { HumanDuration(ttl).to_string() }
}

/// `ttl=30s,select=random,policy=onlyIPv4`.
impl FromStr for DnsOptions {
    type Err = String;

    fn from_str(text: &str) -> Result<DnsOptions, String> {
        let mut options = DnsOptions::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part:?} has no =; write ttl=30s"))?;
            options.set(name.trim(), value.trim())?;
        }
        Ok(options)
    }
}

impl fmt::Display for DnsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ttl = self.ttl.map(|ttl| format!("ttl={}", written_ttl(ttl)));
        let select = self.select.map(|select| format!("select={}", select.name()));
        let policy = self.policy.map(|policy| format!("policy={}", policy.name()));
        formatter.write_str(&[ttl, select, policy].into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

/// An object with these parts, or the text of a flag.
impl<'de> Deserialize<'de> for DnsOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DnsOptions, D::Error> {
        deserializer.deserialize_any(DnsVisitor)
    }
}

struct DnsVisitor;

impl<'de> Visitor<'de> for DnsVisitor {
    type Value = DnsOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with ttl, select and policy")
    }

    fn visit_unit<E: de::Error>(self) -> Result<DnsOptions, E> {
        Ok(DnsOptions::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DnsOptions, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DnsOptions, A::Error> {
        let mut options = DnsOptions::default();
        while let Some(part) = map.next_key::<String>()? {
            let value: Option<crate::options::Scalar> = map.next_value()?;
            if let Some(value) = value {
                options.set(&part, &value.0).map_err(de::Error::custom)?;
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k6_s_object_and_the_flag_say_the_same() {
        let written = "ttl=1m30s,select=roundRobin,policy=preferIPv6";
        let object = r#"{"ttl": "90s", "select": "roundRobin", "policy": "preferIPv6"}"#;
        let read: DnsOptions = serde_json::from_str(object).unwrap();
        assert_eq!(read, written.parse().unwrap());
        assert_eq!(read.to_string(), written);
        let forever: DnsOptions = serde_json::from_str(r#"{"ttl": "inf", "policy": null}"#).unwrap();
        assert_eq!(forever.to_string(), "ttl=inf");
        assert_eq!(serde_json::from_str::<DnsOptions>(r#"{"ttl": 0}"#).unwrap().ttl, Some(Duration::ZERO));
    }

    #[test]
    fn a_layer_goes_before_a_lower_one_part_by_part() {
        let [upper, lower] = ["ttl=0", "ttl=1m,select=first"].map(|text| text.parse::<DnsOptions>().unwrap());
        assert_eq!(upper.over(lower).to_string(), "ttl=0s,select=first");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("ttl", "has no ="),
            ("tll=1s", "did you mean \"ttl\"?"),
            ("policy=IPv4", "known are preferIPv4"),
            ("select=last", "known are first"),
            ("ttl=30", "give a unit"),
        ] {
            let error = text.parse::<DnsOptions>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
