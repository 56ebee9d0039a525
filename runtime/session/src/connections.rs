//! What a plan says about connections and cannot know itself: proxies of the environment, passwords. And how connections are
//! described before a run.

use std::env;
use std::fs::File;
use std::io::Read;

use squall_plan::{ConnectionPlan, HttpPlan, PasswordSource, Plan, Scheme};

use crate::error::Error;
use crate::system::environment_variables;

/// The largest password, in bytes.
const LARGEST: u64 = 4 << 10;

/// Fills in the proxies of the environment, if they are asked for, and reads passwords.
pub(crate) fn complete(http: &mut HttpPlan) -> Result<(), Error> {
    http.connections
        .take_proxies_of(environment_variables())
        .map_err(|reason| Error::option(format!("--proxy env: {reason}")))?;
    http.tls.read_passwords(read_password)
}

fn read_password(source: &PasswordSource) -> Result<String, Error> {
    match source {
        PasswordSource::Variable(variable) => env::var(variable).map_err(|_| {
            Error::option(format!("--cert-password: the variable {variable} is not set, or not text (UTF-8)"))
        }),
        PasswordSource::File(path) => {
            let mut text = String::new();
            let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
            let option = "--cert-password";
            read.map_err(|source| Error::File { option, path: path.clone(), source })?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        // It was refused when the plan was made.
        PasswordSource::Typed => Ok(String::new()),
    }
}

/// The way of connections, if it is not the usual one: what is measured then is more than the target.
pub(crate) fn connections_heading(plan: &Plan) -> String {
    let ConnectionPlan { hosts, connect_to, unix_socket, proxies, local_ips, connect_interval, .. } =
        &plan.http.connections;
    let mut parts = Vec::new();
    if let Some(path) = unix_socket {
        parts.push(format!("to the Unix socket {}", path.display()));
    } else {
        match (&proxies.http, &proxies.https) {
            (Some(one), Some(other)) if one == other => parts.push(format!("through {one}")),
            (http, https) => {
                parts.extend(http.iter().map(|proxy| format!("through {proxy} for http://")));
                parts.extend(https.iter().map(|proxy| format!("through {proxy} for https://")));
            }
        }
        if !parts.is_empty() && !proxies.except.to_string().is_empty() {
            parts.push(format!("straight to {}", proxies.except));
        }
        parts.extend((!hosts.is_empty()).then(|| hosts.to_string()));
        parts.extend(connect_to.iter().map(|one| format!("--connect-to {one}")));
    }
    parts.extend(local_ips.iter().map(|addresses| format!("from {addresses}")));
    parts.extend(connect_interval.map(|interval| {
        let rate = 1.0 / interval.as_secs_f64();
        format!("at most {} new a second", (rate * 100.0).round() / 100.0)
    }));
    if parts.is_empty() { String::new() } else { format!("  connections: {}\n", parts.join(", ")) }
}

/// A notice about proxies that other programs would use. A load through a proxy measures the proxy as well, so none is used
/// unless it is asked for; whoever expects one should not wonder.
pub(crate) fn unused_proxy_notice(plan: &Plan, url: Option<&str>) -> Option<String> {
    let connections = &plan.http.connections;
    if connections.proxies.http.is_some() || connections.proxies.https.is_some() || connections.unix_socket.is_some() {
        return None;
    }
    let of_url = url.and_then(|url| url.parse().ok());
    let target = plan.target.as_ref().or(of_url.as_ref())?;
    let is_here = target.host() == "localhost"
        || target.host().parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let mut of_environment = ConnectionPlan { proxies_of_environment: true, ..ConnectionPlan::default() };
    of_environment.take_proxies_of(environment_variables()).ok()?;
    let proxy = of_environment.proxies.find(target.scheme() == Scheme::Https, target.host(), target.port())?;
    (!is_here).then(|| {
        format!("the environment names the proxy {proxy}, which is not used: requests go straight to the target (--proxy env uses it)")
    })
}
