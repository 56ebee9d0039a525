//! Where a run may go, as the person who runs it has said. A scenario can be a stranger's, so nothing of this comes from the
//! component. Must not know how a policy is applied.

use std::borrow::Cow;
use std::fs;
use std::net::{IpAddr, ToSocketAddrs};

use serde_json::Value;
use squall_http::{EgressPolicy, EgressRules, HostRule, Refusal};
use squall_metrics::plain;
use squall_plan::{ConnectionPlan, Scheme, Target};

use crate::error::Error;
use crate::settings::SandboxSettings;

/// Where a run may go: to `named`, which the command line calls by its URL, and to what the other options allow.
///
/// # Errors
/// If the file of hosts cannot be read, or one of the URLs may not be loaded: better said once, before the run, than with
/// every request.
pub fn policy(settings: &SandboxSettings, named: &[&str], connections: &ConnectionPlan) -> Result<EgressPolicy, Error> {
    let policy = policy_by_name(settings, named)?;
    named.iter().try_for_each(|url| foresee(&policy, url, connections))?;
    Ok(policy)
}

/// The same, without looking up any of the names.
///
/// # Errors
/// If the file of hosts cannot be read, or one of the URLs is none.
pub fn policy_by_name(settings: &SandboxSettings, named: &[&str]) -> Result<EgressPolicy, Error> {
    let mut rules = EgressRules { allowed: settings.allow.clone(), vouched: settings.may_load.clone() };
    if let Some(path) = &settings.may_load_file {
        let option = "--may-load-file";
        let text = fs::read_to_string(path).map_err(|source| Error::File { option, path: path.clone(), source })?;
        let vouched =
            hosts_of(&text).map_err(|mistake| Error::option(format!("{option} {}: {mistake}", path.display())))?;
        rules.vouched.extend(vouched);
    }
    for url in named {
        rules.allow_url(url).map_err(|error| Error::option(error.to_string()))?;
    }
    Ok(EgressPolicy::Only(rules))
}

/// Whether all that a suggested plan may cause to be shown is harmless to show. Values of `env` never are shown.
pub fn check_texts(plan: &Value) -> Result<(), String> {
    let harmless = |text: &str| match plain(text) {
        Cow::Borrowed(_) => Ok(()),
        Cow::Owned(shown) => Err(format!("{shown:?} has characters, or a command, that no plan needs")),
    };
    match plan {
        Value::String(text) => harmless(text),
        Value::Array(values) => values.iter().try_for_each(check_texts),
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            harmless(key)?;
            match key.as_str() {
                "env" => Ok(()),
                "client_certificates" | "tlsAuth" => check_certificates(value),
                _ => check_texts(value),
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// The same of client certificates, of which texts in PEM are never shown.
fn check_certificates(certificates: &Value) -> Result<(), String> {
    let is_pem = |value: &Value| value.as_str().is_some_and(|text| text.contains("-----BEGIN "));
    let Value::Array(certificates) = certificates else { return check_texts(certificates) };
    let fields = certificates.iter().filter_map(Value::as_object).flatten();
    let others = certificates.iter().filter(|certificate| !certificate.is_object());
    let shown = fields.filter(|(key, value)| !(["cert", "key"].contains(&key.as_str()) && is_pem(value)));
    shown.map(|(_, value)| value).chain(others).try_for_each(check_texts)
}

/// One host a line; what follows a `#` is a remark.
fn hosts_of(text: &str) -> Result<Vec<HostRule>, String> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.split('#').next().unwrap_or("").trim()));
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| line.parse().map_err(|error| format!("line {number}: {error}")))
        .collect()
}

/// Looks the host up now. What cannot be looked up, and what answers otherwise later, is the client's business.
fn foresee(policy: &EgressPolicy, url: &str, connections: &ConnectionPlan) -> Result<(), Error> {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let scheme = url.split("://").next().unwrap_or_default();
    let Ok(target) = format!("{scheme}://{authority}").parse::<Target>() else {
        return Ok(());
    };
    let (host, port) = (target.host(), target.port());
    let refused = if connections.unix_socket.is_some() {
        Ok(())
    } else if let Some(proxy) = connections.proxies.find(target.scheme() == Scheme::Https, host, port) {
        // The proxy is a target, too.
        let of_target = match proxy.looks_up() {
            true => policy.check_unseen(host, port),
            false => foresee_host(policy, host, port, connections),
        };
        of_target.and_then(|()| foresee_place(policy, &proxy.host, proxy.port, true, connections))
    } else {
        foresee_host(policy, host, port, connections)
    };
    refused.map_err(|refusal| Error::option(refusal.to_string()))
}

/// A host, or the one that stands in for it.
fn foresee_host(policy: &EgressPolicy, host: &str, port: u16, connections: &ConnectionPlan) -> Result<(), Refusal> {
    match connections.connect_to.iter().find_map(|one| one.replace(host, port)) {
        Some((place, port)) => foresee_place(policy, place, port, place != host, connections),
        None => foresee_place(policy, host, port, false, connections),
    }
}

fn foresee_place(
    policy: &EgressPolicy,
    host: &str,
    port: u16,
    is_given: bool,
    connections: &ConnectionPlan,
) -> Result<(), Refusal> {
    if let Some(mapped) = connections.hosts.find(host, port) {
        return policy.reachable_as_given(host, mapped.port.unwrap_or(port), &mapped.addresses).map(drop);
    }
    let found = (host, port).to_socket_addrs();
    let addresses: Vec<_> = found.into_iter().flatten().map(|address| address.ip()).collect();
    match is_given && host.parse::<IpAddr>().is_ok() {
        true => policy.reachable_as_given(host, port, &addresses).map(drop),
        false => policy.reachable(host, port, &addresses).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_hosts_has_one_a_line() {
        let hosts = hosts_of("# ours\nshop.example.com\n\n*.staging.example.com:443 # all of it\n").unwrap();
        let texts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["shop.example.com", "*.staging.example.com:443"]);
        assert!(
            hosts_of("a.example\nhttp://b.example")
                .unwrap_err()
                .starts_with("line 2: \"http://b.example\" is not a host")
        );
    }

    #[test]
    fn a_suggested_plan_has_no_commands_for_those_who_read_it() {
        let check = |json: &str| check_texts(&serde_json::from_str(json).unwrap());
        assert!(check(r#"{"thresholds": {"checks{name:ok}": ["rate>0.9"]}, "env": {"BODY": "a\nb"}}"#).is_ok());
        let error = check(r#"{"thresholds": {"checks{name:##vso[task.complete]}": "rate>0"}}"#).unwrap_err();
        assert!(error.contains("# #vso["), "{error}");
        assert!(check(r#"{"tags": {"a": ["\u001b[2J"]}}"#).is_err());
        // A certificate has lines, and is shown nowhere.
        let pem = r#""-----BEGIN X-----\nAAAA\n""#;
        assert!(
            check(&format!(r#"{{"tlsAuth": [{{"domains": ["shop.test"], "cert": {pem}, "key": {pem}}}]}}"#)).is_ok()
        );
        for wrong in [r#"{"domains": ["a\nb"]}"#, r#"{"cert": "a\nb"}"#, r#""a\nb""#] {
            assert!(check(&format!(r#"{{"tlsAuth": [{wrong}]}}"#)).is_err(), "{wrong}");
        }
    }
}
