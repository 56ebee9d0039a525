//! `--out KIND=WHERE`, as the user typed it.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// An output's kind and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub(crate) place: Place,
    kind: Kind,
    /// The user's text, without a password.
    shown: String,
}

/// A kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of JSON lines.
    Json,
    /// A file of comma-separated values.
    Csv,
    /// An address at which the metrics can be fetched, in OpenMetrics' text format.
    OpenMetrics,
    /// A Prometheus, or another receiver of its remote write protocol.
    Prometheus,
    /// A StatsD server.
    Statsd,
    /// An InfluxDB, version 1 or 2.
    Influxdb,
    /// An OpenTelemetry collector.
    Otlp,
}

/// The place of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Url(Url),
    /// An address of this machine, to listen on.
    Here(SocketAddr),
    /// HOST:PORT, often of another machine.
    There(String),
}

/// A header for requests to one kind of output: `KIND=NAME: VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Json, Kind::Csv, Kind::OpenMetrics, Kind::Prometheus, Kind::Statsd, Kind::Influxdb, Kind::Otlp];

    /// The kind's word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Json => "json",
            Kind::Csv => "csv",
            Kind::OpenMetrics => "openmetrics",
            Kind::Prometheus => "prometheus",
            Kind::Statsd => "statsd",
            Kind::Influxdb => "influxdb",
            Kind::Otlp => "otlp",
        }
    }

    fn named(name: &str) -> Result<Kind, String> {
        // k6's name for it.
        let name = if name == "experimental-prometheus-rw" { "prometheus" } else { name };
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let all: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            format!("{name:?} is not one of {}: write KIND=WHERE", all.join(", "))
        })
    }

    fn place(self, text: &str) -> Result<Place, String> {
        match self {
            Kind::Json | Kind::Csv => Ok(Place::File(text.into())),
            Kind::OpenMetrics => listening_address(text).map(Place::Here),
            Kind::Prometheus | Kind::Influxdb | Kind::Otlp => http_url(text).map(Place::Url),
            Kind::Statsd => host_and_port(text).map(Place::There),
        }
    }

    fn example(self) -> &'static str {
        match self {
            Kind::Json => "json=points.ndjson",
            Kind::Csv => "csv=points.csv",
            Kind::OpenMetrics => "openmetrics=127.0.0.1:9464",
            Kind::Prometheus => "prometheus=http://localhost:9090/api/v1/write",
            Kind::Statsd => "statsd=localhost:8125",
            Kind::Influxdb => "influxdb=http://localhost:8086/DATABASE",
            Kind::Otlp => "otlp=http://localhost:4318",
        }
    }
}

impl Output {
    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its file, if it is one; `-` is standard output.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Output, String> {
        let (kind, place) = text.split_once('=').unwrap_or((text, ""));
        let kind = Kind::named(kind)?;
        if place.is_empty() {
            return Err(format!("its place is missing: write {}", kind.example()));
        }
        let place = kind.place(place).map_err(|problem| format!("{problem}: write {}", kind.example()))?;
        let shown = match &place {
            Place::File(path) => path.display().to_string(),
            Place::Url(url) => shown(url),
            Place::Here(address) => address.to_string(),
            Place::There(address) => address.clone(),
        };
        Ok(Output { place, kind, shown: format!("{}={shown}", kind.name()) })
    }
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Header, String> {
        let parts = text.split_once('=').and_then(|(kind, header)| Some((kind, header.split_once(':')?)));
        match parts {
            Some((kind, (name, value))) if !name.trim().is_empty() => {
                Ok(Header { kind: Kind::named(kind)?, name: name.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("write 'KIND=NAME: VALUE', like 'otlp=Authorization: Bearer ...'".to_owned()),
        }
    }
}

/// A URL without its secrets.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    if shown.password().is_some() {
        // Fails for URLs without a host, and those were refused.
        let _ = shown.set_password(Some("***"));
    }
    shown.to_string()
}

fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("this is not a URL ({error})"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("{other}: is not supported: use http: or https:")),
    }
}

/// `PORT`, `:PORT` or `ADDRESS:PORT`; on this machine only, unless an address is given.
fn listening_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    text.parse().map_err(|_| "this is not an address with a port".to_owned())
}

fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("this is not HOST:PORT".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Output {
        text.parse().unwrap()
    }

    #[test]
    fn outputs_are_read() {
        assert_eq!(read("json=a=b.json").place, Place::File("a=b.json".into()));
        assert_eq!(read("openmetrics=:9464").place, Place::Here("127.0.0.1:9464".parse().unwrap()));
        assert_eq!(read("openmetrics=0.0.0.0:1").place, Place::Here("0.0.0.0:1".parse().unwrap()));
        assert_eq!(read("experimental-prometheus-rw=http://a/b").kind(), Kind::Prometheus);
        assert_eq!(read("influxdb=http://me:secret@a/b").to_string(), "influxdb=http://me:***@a/b");
    }

    #[test]
    fn mistakes_are_reported_with_the_right_form() {
        for (text, part) in [
            ("grafana=x", "\"grafana\" is not one of json, csv, openmetrics,"),
            ("json", "its place is missing: write json=points.ndjson"),
            ("prometheus=localhost:9090", "write prometheus=http://localhost:9090/api/v1/write"),
            ("otlp=nonsense", "this is not a URL"),
            ("statsd=localhost", "this is not HOST:PORT: write statsd=localhost:8125"),
            ("openmetrics=host", "this is not an address with a port"),
        ] {
            let error = text.parse::<Output>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!("Authorization: x".parse::<Header>().unwrap_err().contains("KIND=NAME: VALUE"));
        assert_eq!("otlp=A: b:c".parse::<Header>().unwrap().value, "b:c");
    }
}
