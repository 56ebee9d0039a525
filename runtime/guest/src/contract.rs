//! The contract's version, and the check that a component needs no newer one.
//!
//! Within one track (`0.1.x`, `1.x`) a newer host runs older guests. A guest that was built against a newer contract
//! runs too, as long as it does not call newer functions.

use std::fmt;

use thiserror::Error;

/// The version of `squall:scenario` that this host implements.
pub const CONTRACT_VERSION: &str = "0.1.0";
pub(crate) const PACKAGE: &str = "squall:scenario";

pub(crate) const HTTP: &str = "squall:scenario/http@0.1.0";
pub(crate) const TIMING: &str = "squall:scenario/timing@0.1.0";
pub(crate) const METRICS: &str = "squall:scenario/metrics@0.1.0";
pub(crate) const DATA: &str = "squall:scenario/data@0.1.0";
pub(crate) const CONTEXT: &str = "squall:scenario/context@0.1.0";
pub(crate) const PROGRESS: &str = "squall:scenario/progress@0.1.0";
pub(crate) const WAITING: &str = "squall:scenario/waiting@0.1.0";
pub(crate) const SOCKETS: &str = "squall:scenario/sockets@0.1.0";
pub(crate) const STREAMING: &str = "squall:scenario/streaming@0.1.0";
pub(crate) const GRPC: &str = "squall:scenario/grpc@0.1.0";
pub(crate) const WEBSOCKET: &str = "squall:scenario/websocket@0.1.0";

/// This host's functions by interface, named as `wit-parser` does.
const OFFERED: &[(&str, &[&str])] = &[
    (
        "http",
        &[
            "[constructor]cookie-jar",
            "[static]cookie-jar.of-virtual-user",
            "[method]cookie-jar.set",
            "[method]cookie-jar.get",
            "[method]cookie-jar.clear",
            "[constructor]request-options",
            "[method]request-options.set-name",
            "[method]request-options.set-tags",
            "[method]request-options.set-timeout",
            "[method]request-options.set-redirects",
            "[method]request-options.set-return-last-redirect",
            "[method]request-options.set-http-version",
            "[method]request-options.set-discard-body",
            "[method]request-options.set-expected-statuses",
            "[method]request-options.set-body-from",
            "[method]request-options.set-cookie-jar",
            "[method]request-options.set-replaced-cookies",
            "[method]response.status",
            "[method]response.reason",
            "[method]response.protocol",
            "[method]response.header",
            "[method]response.headers",
            "[method]response.body",
            "[method]response.size",
            "[method]response.text",
            "[method]response.url",
            "[method]response.timings",
            "send",
            "get",
            "send-all",
            "set-default-options",
            "clear-cookies",
        ],
    ),
    ("timing", &["now", "sleep", "pace"]),
    (
        "metrics",
        &[
            "check",
            "no-more-metrics",
            "asked-tags",
            "set-tags",
            "[constructor]counter",
            "[method]counter.add",
            "[constructor]gauge",
            "[method]gauge.set",
            "[constructor]rate",
            "[method]rate.add",
            "[constructor]trend",
            "[method]trend.add",
            "[constructor]transaction",
            "[method]transaction.fail",
        ],
    ),
    (
        "data",
        &[
            "[static]feed.open",
            "[method]feed.length",
            "[method]feed.columns",
            "[method]feed.next",
            "[method]feed.at",
            "[method]row.index",
            "[method]row.get",
            "[method]row.fields",
            "[method]row.json",
            "[method]row.blob",
            "[static]blob.open",
            "[method]blob.length",
            "[method]blob.read",
        ],
    ),
    ("context", &["vu", "iteration", "target", "option", "random", "log", "abort"]),
    ("progress", &["iteration-in-scenario", "scenario", "count"]),
    ("waiting", &["next", "next-of"]),
    (
        "streaming",
        &[
            "[static]incoming.open",
            "[static]incoming.start",
            "[static]incoming.reopen",
            "[method]incoming.head",
            "[method]incoming.read",
            "[method]incoming.next-event",
            "[method]incoming.count-tokens",
            "[method]incoming.last-event-id",
            "[method]incoming.retry",
            "[method]incoming.key",
            "[method]event.name",
            "[method]event.id",
            "[method]event.data",
            "[method]event.get",
            "[method]event.at",
            "[static]outgoing.start",
            "[method]outgoing.write",
            "[method]outgoing.write-from",
            "[method]outgoing.finish",
            "[method]outgoing.response",
        ],
    ),
    (
        "websocket",
        &[
            "[constructor]connect-options",
            "[method]connect-options.set-name",
            "[method]connect-options.set-tags",
            "[method]connect-options.set-timeout",
            "[method]connect-options.add-header",
            "[method]connect-options.set-subprotocols",
            "[method]connect-options.set-compression",
            "[method]connect-options.set-inbox",
            "[method]connect-options.set-cookie-jar",
            "[method]message.kind",
            "[method]message.size",
            "[method]message.text",
            "[method]message.bytes",
            "[method]message.at",
            "[method]message.code",
            "[static]connection.open",
            "[static]connection.start",
            "[method]connection.opened",
            "[method]connection.response",
            "[method]connection.subprotocol",
            "[method]connection.send-text",
            "[method]connection.send-bytes",
            "[method]connection.send-from",
            "[method]connection.ping",
            "[method]connection.buffered",
            "[method]connection.receive",
            "[method]connection.receive-any",
            "[method]connection.receive-text",
            "[method]connection.close",
            "[method]connection.closed",
            "[method]connection.key",
        ],
    ),
    (
        "sockets",
        &[
            "[static]tcp.open",
            "[method]tcp.send",
            "[method]tcp.receive",
            "[method]tcp.receive-until",
            "[method]tcp.receive-exactly",
            "[method]tcp.at",
            "[method]tcp.finish",
            "[method]tcp.key",
            "[static]udp.open",
            "[method]udp.send",
            "[method]udp.receive",
            "[method]udp.at",
            "[method]udp.key",
        ],
    ),
    (
        "grpc",
        &[
            "[static]schema.parse",
            "[static]schema.load",
            "[static]schema.reflect",
            "[method]schema.method",
            "[method]schema.methods",
            "[method]method.client-streams",
            "[method]method.server-streams",
            "[constructor]channel-options",
            "[method]channel-options.set-plaintext",
            "[method]channel-options.set-authority",
            "[method]channel-options.set-send-limit",
            "[method]channel-options.set-receive-limit",
            "[static]channel.open",
            "[constructor]call-options",
            "[method]call-options.set-name",
            "[method]call-options.set-tags",
            "[method]call-options.set-timeout",
            "[method]call-options.add-metadata",
            "[method]call-options.add-binary-metadata",
            "[method]call-options.set-expected-statuses",
            "[method]call-options.set-discard",
            "[method]call-options.set-gzip",
            "[method]message.json",
            "[method]message.bytes",
            "[method]message.at",
            "[method]reply.status",
            "[method]reply.status-message",
            "[method]reply.details",
            "[method]reply.message",
            "[method]reply.headers",
            "[method]reply.trailers",
            "[method]reply.timings",
            "invoke",
            "[static]call.start",
            "[method]call.send",
            "[method]call.finish",
            "[method]call.receive",
            "[method]call.reply",
            "[method]call.key",
        ],
    ),
    ("types", &[]),
];

/// Why a component cannot run here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Incompatible {
    /// It exports no `run`, or no `describe`: it is some other kind of component.
    #[error(
        "it is not a load test scenario: it does not export \"{missing}\" (a scenario exports describe and run; see \
         docs/contract.md)"
    )]
    NotAScenario {
        /// The missing export.
        missing: &'static str,
    },
    /// It was built against a contract of another track.
    #[error(
        "it was built for {PACKAGE} {wanted}, this Squall has {CONTRACT_VERSION}: {}",
        if *.newer { "update Squall" } else { "rebuild the scenario with a current SDK" }
    )]
    Version {
        /// The guest's version.
        wanted: Version,
        /// Whether it is later than the host's.
        newer: bool,
    },
    /// It calls a function of the contract that this host does not have.
    #[error(
        "it calls {function} of {PACKAGE}/{interface} {wanted}, which came after {CONTRACT_VERSION}, the version that \
         this Squall has: update Squall"
    )]
    Function {
        /// The interface.
        interface: String,
        /// The function that this host does not have.
        function: String,
        /// The guest's version.
        wanted: Version,
    },
    /// It needs component-model async.
    #[error(
        "it needs component-model async, the ABI of WASI 0.3 ({0}), which this Squall does not run: build it with \
         synchronous functions, for WASI 0.2 (componentize-qjs: --sync; wit-bindgen: --async=-all; Rust: the target \
         wasm32-wasip2)"
    )]
    Async(String),
    /// It imports something that is not part of the contract and not linked.
    #[error("it imports {0}, which Squall does not give to scenarios")]
    Import(String),
}

/// A semantic version without pre-release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let version = Version { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }

    /// Versions of one track understand each other: `1.x`, or `0.1.x`.
    fn track(self) -> (u64, u64) {
        if self.major == 0 { (0, self.minor) } else { (self.major, 0) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// `squall:scenario/http@0.1.0`, taken apart.
struct InterfaceName<'a> {
    interface: &'a str,
    version: Version,
}

impl<'a> InterfaceName<'a> {
    /// Returns `None` if the name is of another package.
    fn parse(name: &'a str) -> Option<InterfaceName<'a>> {
        let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
        let (interface, version) = rest.split_once('@')?;
        Some(InterfaceName { interface, version: Version::parse(version)? })
    }
}

/// Checks one imported interface and the functions that the guest takes from it.
pub(crate) fn check_import<'a>(name: &str, functions: impl Iterator<Item = &'a str>) -> Result<(), Incompatible> {
    let Some(import) = InterfaceName::parse(name) else {
        return check_foreign(name);
    };
    check_version(import.version)?;
    let offered = OFFERED.iter().find(|(interface, _)| *interface == import.interface);
    let known: &[&str] = offered.map_or(&[], |(_, functions)| functions);
    for function in functions {
        if !known.contains(&function) {
            return Err(Incompatible::Function {
                interface: import.interface.to_owned(),
                function: readable(function),
                wanted: import.version,
            });
        }
    }
    if offered.is_none() {
        return Err(Incompatible::Import(name.to_owned()));
    }
    Ok(())
}

/// The linker decides about other packages; for imports that it would only call unknown there are better sentences.
fn check_foreign(name: &str) -> Result<(), Incompatible> {
    let is_async =
        name.starts_with("wasi:") && name.split_once('@').is_some_and(|(_, version)| version.starts_with("0.3."));
    if is_async { Err(Incompatible::Async(format!("it imports {name}"))) } else { Ok(()) }
}

fn check_version(wanted: Version) -> Result<(), Incompatible> {
    let Some(ours) = Version::parse(CONTRACT_VERSION) else {
        return Ok(());
    };
    if wanted.track() == ours.track() { Ok(()) } else { Err(Incompatible::Version { wanted, newer: wanted > ours }) }
}

/// `[method]response.status` as a person would write it.
fn readable(function: &str) -> String {
    match function.split_once(']') {
        Some(("[constructor", resource)) => format!("{resource}()"),
        Some((_, method)) => method.to_owned(),
        None => function.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, functions: &[&str]) -> Result<(), Incompatible> {
        check_import(name, functions.iter().copied())
    }

    #[test]
    fn guests_of_the_host_s_own_version_fit() {
        assert_eq!(check("squall:scenario/http@0.1.0", &["send", "[method]response.status"]), Ok(()));
    }

    #[test]
    fn a_later_patch_fits_as_long_as_it_uses_nothing_new() {
        assert_eq!(check("squall:scenario/http@0.1.7", &["send"]), Ok(()));
        let error = check("squall:scenario/http@0.1.7", &["send", "[method]response.trailers"]).expect_err("newer");
        assert_eq!(
            error.to_string(),
            "it calls response.trailers of squall:scenario/http 0.1.7, which came after 0.1.0, the version that this \
             Squall has: update Squall"
        );
    }

    #[test]
    fn another_track_does_not_fit() {
        let error = check("squall:scenario/http@0.2.0", &[]).expect_err("newer");
        assert_eq!(error.to_string(), "it was built for squall:scenario 0.2.0, this Squall has 0.1.0: update Squall");
        let error = check("squall:scenario/http@0.0.9", &[]).expect_err("older");
        assert!(error.to_string().ends_with("rebuild the scenario with a current SDK"), "{error}");
    }

    #[test]
    fn other_packages_are_the_linkers_business() {
        assert_eq!(check("wasi:cli/stdout@0.2.6", &["get-stdout"]), Ok(()));
        let newer = "wasi:http/client@0.3.0";
        assert_eq!(check(newer, &["send"]), Err(Incompatible::Async(format!("it imports {newer}"))));
    }
}
