//! What a plan says about connections and TLS, in the words of the client.

use std::time::Duration;

use squall_http::{
    AddressChoice, ClientIdentity, ConnectPace, DnsConfig, FamilyChoice, Material, Password, RouteConfig, SocketConfig,
    TlsConfig, TlsVersion,
};
use squall_plan::{
    CertificateText, ConnectionPlan, DnsPolicy, DnsSelect, HttpPlan, PlannedCertificate, PlannedPassword,
    TlsVersion as PlannedVersion,
};

pub(crate) fn dns_config(plan: &ConnectionPlan) -> DnsConfig {
    DnsConfig {
        ttl: plan.dns.ttl,
        select: match plan.dns.select {
            DnsSelect::First => AddressChoice::First,
            DnsSelect::Random => AddressChoice::Random,
            DnsSelect::RoundRobin => AddressChoice::RoundRobin,
        },
        family: match plan.dns.policy {
            DnsPolicy::PreferIpv4 => FamilyChoice::PreferIpv4,
            DnsPolicy::PreferIpv6 => FamilyChoice::PreferIpv6,
            DnsPolicy::OnlyIpv4 => FamilyChoice::OnlyIpv4,
            DnsPolicy::OnlyIpv6 => FamilyChoice::OnlyIpv6,
            DnsPolicy::Any => FamilyChoice::Any,
            DnsPolicy::System => FamilyChoice::System,
        },
    }
}

pub(crate) fn route_config(plan: &ConnectionPlan) -> RouteConfig {
    RouteConfig {
        hosts: plan.hosts.clone(),
        connect_to: plan.connect_to.clone(),
        proxies: plan.proxies.clone(),
        unix_socket: plan.unix_socket.clone(),
    }
}

/// The pace is that of the whole run.
pub(crate) fn socket_config(plan: &ConnectionPlan) -> SocketConfig {
    SocketConfig {
        nodelay: !plan.no_tcp_nodelay,
        keep_alive: plan.tcp_keepalive,
        sources: plan.local_ips.clone(),
        pace: plan.connect_interval.map(|interval| ConnectPace { interval }),
    }
}

/// The pace of one of several threads or machines, which together keep to the pace of all.
pub(crate) fn pace_of_one(pace: ConnectPace, count: usize) -> ConnectPace {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    ConnectPace { interval: pace.interval.checked_mul(count).unwrap_or(Duration::MAX) }
}

/// The files of certificates are read by the client.
pub(crate) fn tls_config(plan: &HttpPlan) -> TlsConfig {
    let version = |version| match version {
        PlannedVersion::Tls12 => TlsVersion::Tls12,
        PlannedVersion::Tls13 => TlsVersion::Tls13,
    };
    let tls = &plan.tls;
    TlsConfig {
        insecure: plan.insecure,
        ca_file: plan.cacert.clone(),
        identities: tls.certificates.iter().map(identity).collect(),
        lowest: Some(version(tls.lowest)),
        highest: Some(version(tls.highest)),
        cipher_suites: tls.ciphers.clone(),
        server_name: tls.server_name.clone(),
        no_resumption: tls.no_resumption,
    }
}

fn identity(certificate: &PlannedCertificate) -> ClientIdentity {
    let material = |text: &CertificateText| match text {
        CertificateText::File(path) => Material::File(path.clone()),
        CertificateText::Pem(text) => Material::Pem(text.clone()),
    };
    ClientIdentity {
        hosts: certificate.hosts.clone(),
        certificate: material(&certificate.cert),
        key: certificate.key.as_ref().map(material),
        password: certificate.password.as_ref().and_then(|password| match password {
            PlannedPassword::Read(password) => Some(Password(password.clone())),
            PlannedPassword::At(_) => None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_keep_to_the_pace_of_the_run_together() {
        let pace = ConnectPace { interval: Duration::from_millis(2) };
        assert_eq!(pace_of_one(pace, 4).interval, Duration::from_millis(8));
        assert_eq!(pace_of_one(pace, 0), pace);
        assert_eq!(pace_of_one(ConnectPace { interval: Duration::MAX }, 2).interval, Duration::MAX);
    }

    #[test]
    fn the_defaults_of_a_plan_are_those_of_the_client() {
        let plan = HttpPlan::default();
        assert_eq!(dns_config(&plan.connections), DnsConfig::default());
        assert_eq!(route_config(&plan.connections), RouteConfig::default());
        assert_eq!(socket_config(&plan.connections), SocketConfig::default());
    }
}
