//! What the first argument of `squall run` names: a URL, or something that lies in a file or a registry. Must not look at what
//! is in a file.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use squall_registry::Reference;

/// How the names of scenarios, their sources and plans end, and those of scripts of other tools.
const FILES: [&str; 22] = [
    "wasm", "wat", "js", "mjs", "cjs", "ts", "mts", "py", "go", "rs", "c", "yaml", "yml", "json", "toml", "jmx", "lua",
    "scala", "java", "kt", "jar", "har",
];

/// The URL that is named, if one is: with its scheme, which may be left out as with curl and in browsers. What exists is a
/// file all the same.
///
/// # Errors
/// If it can only be meant as a URL, and is none that can be requested.
pub fn url(named: &str) -> Result<Option<String>, String> {
    if let Some((scheme, rest)) = named.split_once("://") {
        return match scheme.to_ascii_lowercase() {
            _ if Reference::is_meant(named) => Ok(None),
            scheme if scheme == "http" || scheme == "https" => Ok(Some(format!("{scheme}://{rest}"))),
            _ => Err(format!(
                "{scheme}:// is not spoken: URLs can be requested with http:// and https://, gRPC with grpc:// and grpcs://"
            )),
        };
    }
    if Path::new(named).exists() {
        return Ok(None);
    }
    match named.split_once(':') {
        Some((scheme, rest)) if is_http(scheme) && rest.starts_with('/') => {
            let scheme = scheme.to_ascii_lowercase();
            Err(format!("two slashes belong after {scheme}: write {scheme}://{}", rest.trim_start_matches('/')))
        }
        _ => Ok(begins_with_host(named).then(|| format!("http://{named}"))),
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// Whether a text that is no file begins with what can only be a host: one with a port or a user and a password, an address,
/// localhost, or a name with a domain where no file is named.
fn begins_with_host(named: &str) -> bool {
    let path = named.split(['?', '#']).next().unwrap_or_default();
    let (authority, _) = path.split_once('/').unwrap_or((path, ""));
    let (credentials, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if credentials.contains(':') {
        return true;
    }
    if let Some(literal) = host_and_port.strip_prefix('[') {
        return literal.split_once(']').is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok());
    }
    let (host, port) = host_and_port.split_once(':').map_or((host_and_port, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_name(host) || !port.is_none_or(is_port) {
        return false;
    }
    port.is_some()
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok()
        || (has_domain(host) && !is_file_name(path))
}

fn is_name(host: &str) -> bool {
    let mut labels = host.strip_suffix('.').unwrap_or(host).split('.');
    labels.all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')))
}

fn has_domain(host: &str) -> bool {
    let top = host.trim_end_matches('.').rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.len() > 1 && top.chars().all(char::is_alphabetic))
}

fn is_file_name(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| FILES.contains(&extension.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_scheme_is_meant_as_http() {
        for (named, expected) in [
            ("localhost:8080", "http://localhost:8080"),
            ("localhost", "http://localhost"),
            ("shop:8080/cart?x=1", "http://shop:8080/cart?x=1"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("127.0.0.1/a.js", "http://127.0.0.1/a.js"),
            ("[::1]:80", "http://[::1]:80"),
            ("[::1]/a", "http://[::1]/a"),
            ("example.com", "http://example.com"),
            ("example.com/path", "http://example.com/path"),
            ("example.com/?from=a.js", "http://example.com/?from=a.js"),
            ("ada:secret@shop/", "http://ada:secret@shop/"),
            ("ada:secret@shop:1:2", "http://ada:secret@shop:1:2"),
            ("localhost:99999", "http://localhost:99999"),
            ("HTTP://Host/A", "http://Host/A"),
            ("https://host", "https://host"),
        ] {
            assert_eq!(url(named), Ok(Some(expected.to_owned())), "{named}");
        }
    }

    #[test]
    fn files_and_registries_are_no_urls() {
        for named in [
            "shop.wasm",
            "shop",
            "./shop.js",
            "../example.com",
            "scripts/shop.ts",
            "/srv/shop.wasm",
            "example.com/shop.js",
            "plan.v2/load.yaml",
            "oci://localhost:5000/shop:1",
            "Cargo.toml",
            "test.jmx",
            "bench.lua",
            "BasicSimulation.scala",
            "src",
            ".",
            "",
            "a b.com",
            "v1.2/shop",
            "@ada/shop",
        ] {
            assert_eq!(url(named), Ok(None), "{named}");
        }
    }

    #[test]
    fn what_cannot_be_requested_is_told() {
        assert_eq!(
            url("ws://h/"),
            Err("ws:// is not spoken: URLs can be requested with http:// and https://, gRPC with grpc:// and grpcs://"
                .to_owned())
        );
        assert_eq!(url("http:/host/a"), Err("two slashes belong after http: write http://host/a".to_owned()));
        assert_eq!(url("https:///host"), Ok(Some("https:///host".to_owned())));
    }
}
