//! The attributes that rules ask for, by OpenTelemetry's semantic conventions: the stable names, and the ones before
//! them. Where a span has both, the stable one counts. All others are passed over.

use std::borrow::Cow;

use crate::strings::digest;

/// An attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AttributeValue<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    /// Any other value, as it is on the wire.
    Other(&'a [u8]),
}

/// The attributes of one span.
#[derive(Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub db_system: Ranked<Cow<'a, str>>,
    pub db_statement: Ranked<Cow<'a, str>>,
    /// A digest of the statement's parameters, in whatever order they came; 0 without any.
    pub db_parameters: u64,
    pub http_method: Ranked<Cow<'a, str>>,
    pub http_route: Ranked<Cow<'a, str>>,
    pub url: Ranked<Cow<'a, str>>,
    pub path: Ranked<Cow<'a, str>>,
    pub server: Ranked<Cow<'a, str>>,
    pub port: Ranked<i64>,
}

/// A value that several attributes can have, the best of them.
#[derive(Debug)]
pub(crate) struct Ranked<T>(Option<(Rank, T)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// From before the stable conventions.
    Old,
    Stable,
}

impl<T> Default for Ranked<T> {
    fn default() -> Ranked<T> {
        Ranked(None)
    }
}

impl<T> Ranked<T> {
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    fn offer(&mut self, rank: Rank, value: T) {
        if self.0.as_ref().is_none_or(|(other, _)| rank >= *other) {
            self.0 = Some((rank, value));
        }
    }
}

impl<'a> Attributes<'a> {
    pub fn add(&mut self, key: &str, value: AttributeValue<'a>) {
        use Rank::{Old, Stable};
        let (slot, rank) = match key {
            "db.system.name" => (&mut self.db_system, Stable),
            "db.system" => (&mut self.db_system, Old),
            "db.query.text" => (&mut self.db_statement, Stable),
            "db.statement" => (&mut self.db_statement, Old),
            "http.request.method" => (&mut self.http_method, Stable),
            "http.method" => (&mut self.http_method, Old),
            "http.route" | "url.template" => (&mut self.http_route, Stable),
            "url.full" => (&mut self.url, Stable),
            "http.url" => (&mut self.url, Old),
            "url.path" => (&mut self.path, Stable),
            "http.target" => (&mut self.path, Old),
            "server.address" => (&mut self.server, Stable),
            "net.peer.name" => (&mut self.server, Old),
            "server.port" => return self.add_port(Stable, &value),
            "net.peer.port" => return self.add_port(Old, &value),
            _ if is_parameter(key) => return self.add_parameter(key, &value),
            _ => return,
        };
        if let AttributeValue::Text(text) = value {
            slot.offer(rank, text);
        }
    }

    fn add_port(&mut self, rank: Rank, value: &AttributeValue<'_>) {
        let port = match value {
            AttributeValue::Integer(port) => Some(*port),
            AttributeValue::Text(text) => text.parse().ok(),
            AttributeValue::Other(_) => None,
        };
        if let Some(port) = port {
            self.port.offer(rank, port);
        }
    }

    fn add_parameter(&mut self, key: &str, value: &AttributeValue<'_>) {
        let one = match value {
            AttributeValue::Text(text) => digest((key, text.as_bytes())),
            AttributeValue::Integer(number) => digest((key, number)),
            AttributeValue::Other(bytes) => digest((key, bytes)),
        };
        self.db_parameters = self.db_parameters.wrapping_add(one);
    }
}

/// Whether an attribute has the values of a statement: by the conventions, or by the names that DB-API instrumentation
/// of Python, and those of pg and mysql of Node, use.
fn is_parameter(key: &str) -> bool {
    key.starts_with("db.query.parameter.")
        || matches!(key, "db.statement.parameters" | "db.postgresql.values" | "db.mysql.values")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> AttributeValue<'_> {
        AttributeValue::Text(text.into())
    }

    #[test]
    fn stable_names_count_before_old_ones_in_either_order() {
        for order in [["db.system", "db.system.name"], ["db.system.name", "db.system"]] {
            let mut attributes = Attributes::default();
            for key in order {
                attributes.add(key, text(key));
            }
            assert_eq!(attributes.db_system.get().map(|value| &**value), Some("db.system.name"));
        }
        let mut attributes = Attributes::default();
        attributes.add("net.peer.port", text("5432"));
        assert_eq!(attributes.port.get(), Some(&5432));
        attributes.add("server.port", AttributeValue::Integer(80));
        attributes.add("net.peer.port", AttributeValue::Integer(81));
        assert_eq!(attributes.port.get(), Some(&80));
    }

    #[test]
    fn values_of_other_types_and_unknown_attributes_are_passed_over() {
        let mut attributes = Attributes::default();
        attributes.add("db.system", AttributeValue::Integer(7));
        attributes.add("server.port", text("http"));
        attributes.add("user.name", text("ada"));
        assert!(attributes.db_system.get().is_none() && attributes.port.get().is_none());
        assert_eq!(attributes.db_parameters, 0);
    }

    #[test]
    fn parameters_tell_executions_apart_in_whatever_order() {
        let of = |parameters: &[(&str, AttributeValue<'static>)]| {
            let mut attributes = Attributes::default();
            for (key, value) in parameters {
                attributes.add(key, value.clone());
            }
            attributes.db_parameters
        };
        let (a, b) = (("db.query.parameter.a", text("1")), ("db.query.parameter.b", text("2")));
        assert_eq!(of(&[a.clone(), b.clone()]), of(&[b.clone(), a.clone()]));
        let swapped = [("db.query.parameter.a", text("2")), ("db.query.parameter.b", text("1"))];
        assert_ne!(of(&[a, b]), of(&swapped));
        assert_ne!(of(&[("db.postgresql.values", AttributeValue::Other(b"\x0a\x01"))]), 0);
    }
}
