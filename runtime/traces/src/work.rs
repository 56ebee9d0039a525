//! The subject of a span's work, from its attributes and its name.

use std::borrow::Cow;

use squall_findings::span::{SpanKind, Work};

use crate::attributes::Attributes;
use crate::strings::{Strings, digest};

/// Names of spans that are a wait for a connection of a pool: of instrumentation for PostgreSQL, MySQL and generic pools
/// of Node, of Prisma, and of spans made by hand. A pool's instrumentation for Java uses `CLASS.getConnection`.
const POOL_WAITS: [&str; 8] = [
    "pool.acquire",
    "pool.checkout",
    "pool.connect",
    "pool.get",
    "pool.wait",
    "pg-pool.connect",
    "generic-pool.acquire",
    "prisma:engine:connection",
];

/// Describes the work of a span.
pub(crate) fn describe_work(
    name: &str,
    scope: &str,
    kind: SpanKind,
    attributes: &Attributes<'_>,
    strings: &mut Strings,
) -> Work {
    if is_pool_wait(name, scope) {
        return Work::PoolWait;
    }
    if let Some(system) = attributes.db_system.get() {
        let raw = attributes.db_statement.get().map_or("", |statement| statement);
        let text = digest(raw);
        let statement = if raw.is_empty() { strings.share("") } else { strings.share_template(raw, text) };
        // Without parameters the number is the statement's own.
        let values = text.wrapping_add(attributes.db_parameters);
        return Work::Database { system: strings.share(system), statement, values };
    }
    if let Some(method) = attributes.http_method.get() {
        let route = if kind == SpanKind::Client { called_route(attributes) } else { own_route(attributes) };
        return Work::Http { method: strings.share(method), route: strings.share(&route) };
    }
    Work::Other
}

fn is_pool_wait(name: &str, scope: &str) -> bool {
    // SQLAlchemy's engine connects by its pool; its instrumentation measures that as `connect`.
    let by_scope = name == "connect" && scope.ends_with("instrumentation.sqlalchemy");
    by_scope || name.ends_with(".getConnection") || POOL_WAITS.iter().any(|wait| wait.eq_ignore_ascii_case(name))
}

/// The route of a call that a server answers.
fn own_route<'a>(attributes: &'a Attributes<'_>) -> Cow<'a, str> {
    if let Some(route) = attributes.http_route.get() {
        return Cow::Borrowed(route);
    }
    let url = attributes.url.get().map(|url| split_url(url).1);
    let path = attributes.path.get().map(|path| &**path).or(url);
    path.map_or(Cow::Borrowed(""), |path| without_ids(path).into())
}

/// Host, port and path of a call to another server.
fn called_route(attributes: &Attributes<'_>) -> Cow<'static, str> {
    let (url_host, url_path) = attributes.url.get().map_or(("", ""), |url| split_url(url));
    let host = match (url_host, attributes.server.get(), attributes.port.get()) {
        ("", Some(server), Some(port)) => format!("{server}:{port}"),
        ("", Some(server), None) => server.to_string(),
        (host, _, _) => host.to_owned(),
    };
    let path = match (attributes.http_route.get(), attributes.path.get()) {
        (Some(template), _) => template.to_string(),
        (None, Some(path)) if url_path.is_empty() => without_ids(path),
        _ => without_ids(url_path),
    };
    Cow::Owned(host + &path)
}

/// The host with its port, and the path, of a URL: without user and password, query and fragment.
fn split_url(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (authority.rsplit('@').next().unwrap_or_default(), path)
}

/// A path without its query, and with `{}` for each segment that is a number or looks like an id.
fn without_ids(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').map(|segment| if is_id(segment) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a segment is digits only, or has the form of a UUID, an object id or a digest in hexadecimal.
fn is_id(segment: &str) -> bool {
    let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let is_hexadecimal = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let is_long = segment.len() >= 24 && segment.bytes().all(is_hexadecimal);
    is_number || is_long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::AttributeValue;

    fn work(name: &str, kind: SpanKind, attributes: &[(&str, &str)]) -> Work {
        let mut all = Attributes::default();
        for (key, value) in attributes {
            let number = value.parse().ok().filter(|_| key.ends_with("port"));
            all.add(key, number.map_or_else(|| AttributeValue::Text((*value).into()), AttributeValue::Integer));
        }
        describe_work(name, "opentelemetry.instrumentation.sqlalchemy", kind, &all, &mut Strings::default())
    }

    fn route(kind: SpanKind, attributes: &[(&str, &str)]) -> String {
        let attributes = [&[("http.request.method", "GET")], attributes].concat();
        match work("GET", kind, &attributes) {
            Work::Http { method, route } if &*method == "GET" => route.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn statements_become_templates_and_their_values_a_number() {
        let query =
            |text: &str| match work("SELECT", SpanKind::Client, &[("db.system", "mysql"), ("db.statement", text)]) {
                Work::Database { system, statement, values } => {
                    assert_eq!((&*system, &*statement), ("mysql", "SELECT a FROM t WHERE id = ?"));
                    values
                }
                other => panic!("{other:?}"),
            };
        let (one, other) = (query("SELECT a FROM t WHERE id = 1"), query("SELECT a FROM t WHERE id = 2"));
        assert_ne!(one, other);
        assert_eq!(one, query("SELECT a FROM t WHERE id = 1"));
        let silent = work("redis", SpanKind::Client, &[("db.system.name", "redis")]);
        assert!(matches!(silent, Work::Database { statement, .. } if statement.is_empty()));
    }

    #[test]
    fn waits_for_pools_are_known_by_their_names() {
        let pg = [("db.system", "postgresql")];
        for name in ["pg-pool.connect", "pool.acquire", "HikariDataSource.getConnection", "connect", "Pool.Acquire"] {
            assert_eq!(work(name, SpanKind::Client, &pg), Work::PoolWait, "{name}");
        }
        let connect =
            describe_work("connect", "net", SpanKind::Client, &Attributes::default(), &mut Strings::default());
        assert_eq!(connect, Work::Other);
        assert_eq!(work("pg.connect", SpanKind::Client, &[]), Work::Other);
    }

    #[test]
    fn a_servers_route_is_its_own_or_its_path_without_ids() {
        assert_eq!(
            route(SpanKind::Server, &[("http.route", "/products/<int:id>"), ("url.path", "/products/7")]),
            "/products/<int:id>"
        );
        assert_eq!(route(SpanKind::Server, &[("http.target", "/products/7?page=2")]), "/products/{}");
        assert_eq!(route(SpanKind::Server, &[("http.url", "http://shop:80/a/12/b#c")]), "/a/{}/b");
        assert_eq!(route(SpanKind::Server, &[]), "");
    }

    #[test]
    fn a_called_server_is_named_with_its_path() {
        let client = |attributes: &[(&str, &str)]| route(SpanKind::Client, attributes);
        let uuid = "http://ada:secret@rates:8081/quote/8f14e45f-ceea-467f-a8d2-2f1e0c1a9b77?x=1";
        assert_eq!(
            client(&[("url.full", uuid), ("server.address", "rates"), ("server.port", "8081")]),
            "rates:8081/quote/{}"
        );
        assert_eq!(client(&[("http.url", "http://rates/a/1")]), "rates/a/{}");
        assert_eq!(
            client(&[("net.peer.name", "rates"), ("net.peer.port", "80"), ("http.target", "/a/1")]),
            "rates:80/a/{}"
        );
        assert_eq!(client(&[("server.address", "rates"), ("url.template", "/a/{id}")]), "rates/a/{id}");
        assert_eq!(client(&[("url.full", "http://[::1]:80")]), "[::1]:80");
    }

    #[test]
    fn ids_are_numbers_uuids_and_long_hexadecimal() {
        for id in ["7", "507f1f77bcf86cd799439011", "8f14e45f-ceea-467f-a8d2-2f1e0c1a9b77"] {
            assert!(is_id(id), "{id}");
        }
        for name in ["", "products", "v1", "decade", "2024-summer"] {
            assert!(!is_id(name), "{name}");
        }
    }
}
