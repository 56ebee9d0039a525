//! What a policy lets through, by the words, and that no way of writing an address gets around it.

use proptest::prelude::*;

use super::*;

fn policy(allowed: &[&str], vouched: &[&str]) -> EgressPolicy {
    let rules = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    EgressPolicy::Only(EgressRules { allowed: rules(allowed), vouched: rules(vouched) })
}

/// The addresses that a host may be connected at, of those that it leads to.
fn reached(policy: &EgressPolicy, host: &str, port: u16, addresses: &[&str]) -> Result<usize, Refusal> {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    policy.check_name(host, port)?;
    policy.reachable(host, port, &addresses).map(|addresses| addresses.len())
}

fn literal(policy: &EgressPolicy, address: &str) -> bool {
    reached(policy, address, 80, &[address]).is_ok()
}

const PUBLIC: &str = "93.184.216.34";

#[test]
fn unnamed_hosts_are_not_even_looked_up() {
    let policy = policy(&["shop.test:8080", "*.cdn.test"], &["*"]);
    assert!(policy.check_name("shop.test", 8080).is_ok());
    assert!(policy.check_name("SHOP.test.", 8080).is_ok());
    assert!(policy.check_name("a.b.cdn.test", 1).is_ok());
    for (host, port) in
        [("shop.test", 80), ("cdn.test", 80), ("evilcdn.test", 80), ("shop.test.evil.com", 8080), ("127.0.0.1", 8080)]
    {
        let refusal = policy.check_name(host, port).unwrap_err();
        assert!(refusal.to_string().contains(&format!("--allow {host}:{port}")), "{refusal}");
    }
}

#[test]
fn a_public_name_may_not_lead_inside() {
    let policy = policy(&["shop.example.com"], &["shop.example.com"]);
    assert_eq!(reached(&policy, "shop.example.com", 80, &[PUBLIC]), Ok(1));
    for inside in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.0.7", "::1", "fd12::1", "fe80::1", "0.0.0.0"] {
        let refusal = reached(&policy, "shop.example.com", 80, &[inside]).unwrap_err();
        assert!(matches!(refusal, Refusal::Inside { .. }), "{refusal}");
        // Of several addresses, only those that pass are connected to.
        assert_eq!(reached(&policy, "shop.example.com", 80, &[inside, PUBLIC]), Ok(1));
    }
}

#[test]
fn a_name_that_only_this_network_knows_may() {
    let policy = policy(&["api", "localhost", "shop.internal", "db.svc.cluster.local"], &[]);
    assert_eq!(reached(&policy, "api", 80, &["172.18.0.3"]), Ok(1));
    assert_eq!(reached(&policy, "localhost", 80, &["127.0.0.1", "::1"]), Ok(2));
    assert_eq!(reached(&policy, "shop.internal", 80, &["10.0.0.1"]), Ok(1));
    assert_eq!(reached(&policy, "db.svc.cluster.local", 80, &["10.96.0.1"]), Ok(1));
    let public = reached(&policy, "api", 80, &[PUBLIC]).unwrap_err();
    assert!(public.to_string().contains("--i-may-load api"), "{public}");
}

#[test]
fn an_address_that_is_named_excuses_the_name_that_leads_there() {
    let policy = policy(&["shop.example.com", "10.1.0.0/16:8080"], &[]);
    assert_eq!(reached(&policy, "shop.example.com", 8080, &["10.1.9.9"]), Ok(1));
    assert!(reached(&policy, "shop.example.com", 8081, &["10.1.9.9"]).is_err());
    assert!(reached(&policy, "shop.example.com", 8080, &["10.2.0.1"]).is_err());
    // But it does not name it.
    assert!(reached(&policy, "other.example.com", 8080, &["10.1.9.9"]).is_err());
}

#[test]
fn metadata_takes_its_own_address() {
    const WAYS: [&str; 6] = [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ];
    let wide = policy(&["*", "169.254.0.0/16", "100.64.0.0/10", "168.0.0.0/8", "fc00::/7", "64:ff9b::/96"], &["*"]);
    for address in WAYS {
        assert!(!literal(&wide, address), "{address}");
        let refusal = reached(&wide, "metadata.google.internal", 80, &[address]).unwrap_err();
        assert!(matches!(refusal, Refusal::Metadata { .. }), "{refusal}");
        assert!(literal(&policy(&[address], &[]), address), "{address}");
    }
}

#[test]
fn a_local_nat64_address_may_lead_wherever_one_of_its_layouts_does() {
    // The same address after a prefix of 48, 56, 64 and 96 bits, as in RFC 6052.
    const METADATA: [&str; 4] =
        ["64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1::a9fe:a9fe"];
    const PRIVATE: [&str; 3] = ["64:ff9b:1:a00:0:100::", "64:ff9b:1:ff0a:0:1::", "64:ff9b:1::a00:1"];
    const OUTSIDE: [&str; 2] = ["64:ff9b:1:5db8:d8:2200::", "64:ff9b:1::5db8:d822"];
    let anything = policy(&["*", "64:ff9b:1::/48"], &["*", "64:ff9b:1::/48"]);
    for address in METADATA {
        let refusal = reached(&anything, "shop.example.com", 80, &[address]).unwrap_err();
        assert!(matches!(refusal, Refusal::Metadata { .. }), "{address}: {refusal}");
    }
    let named_only = policy(&["shop.example.com"], &["*"]);
    for address in PRIVATE {
        let refusal = reached(&named_only, "shop.example.com", 80, &[address]).unwrap_err();
        assert!(matches!(refusal, Refusal::Inside { .. }), "{address}: {refusal}");
    }
    for address in OUTSIDE {
        assert_eq!(reached(&named_only, "shop.example.com", 80, &[address]), Ok(1), "{address}");
    }
}

#[test]
fn a_wide_range_means_public_addresses() {
    let everything = policy(&["0.0.0.0/0", "::/0"], &["0.0.0.0/0", "::/0"]);
    assert!(literal(&everything, PUBLIC) && literal(&everything, "2606:4700::1111"));
    for inside in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:127.0.0.1", "2002:7f00:1::"] {
        assert!(!literal(&everything, inside), "{inside}");
    }
    assert!(literal(&policy(&["127.0.0.0/8"], &[]), "127.0.0.53"));
}

#[test]
fn a_public_address_needs_somebody_who_vouches() {
    let refusal = reached(&policy(&["example.com"], &[]), "example.com", 443, &[PUBLIC]).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "example.com:443 (93.184.216.34) is on the public Internet, and load on a service without its owner's consent \
         is an attack; if it is yours, or its owner agrees, add --i-may-load example.com"
    );
    // To vouch is not to allow.
    assert!(policy(&[], &["example.com"]).check_name("example.com", 443).is_err());
    assert_eq!(reached(&policy(&["example.com"], &["93.184.0.0/16"]), "example.com", 443, &[PUBLIC]), Ok(1));
}

#[test]
fn a_target_is_its_host_at_its_port() {
    let mut rules = EgressRules::default();
    rules.allow_url("http://127.0.0.1:8080/prefix").unwrap();
    rules.allow_url("http://Shop.test").unwrap();
    let policy = EgressPolicy::Only(rules);
    assert_eq!(reached(&policy, "127.0.0.1", 8080, &["127.0.0.1"]), Ok(1));
    // Other services that listen here are none of the scenario's business: a Docker socket, a database.
    assert!(reached(&policy, "127.0.0.1", 2375, &["127.0.0.1"]).is_err());
    assert!(reached(&policy, "shop.test", 443, &["10.0.0.1"]).is_ok());
    assert!(reached(&policy, "shop.test", 8443, &["10.0.0.1"]).is_err());
}

#[test]
fn rules_are_read_and_mistakes_told() {
    for text in [
        "shop.test",
        "*.shop.test:80",
        "*",
        "10.0.0.0/8",
        "10.0.0.1:80",
        "[::1]:80",
        "[fd00::/8]:80",
        "fd00::/8",
        "::1",
    ] {
        assert_eq!(text.parse::<HostRule>().unwrap().to_string(), text);
    }
    let mistake = |text: &str| text.parse::<HostRule>().unwrap_err().to_string();
    for text in [
        "",
        "http://shop.test",
        "http://shop.test:80/",
        "a b",
        "*shop.test",
        "shop.*",
        "10.0.0/8",
        "[::1",
        "a..b",
        "x/8",
    ] {
        assert!(mistake(text).contains("is not a host"), "{text}: {}", mistake(text));
    }
    assert!(mistake("shop.test:0").contains("bad port"));
    assert!(mistake("shop.test:http").contains("bad port"));
    assert!(mistake("10.0.0.0/33").contains("bad range"));
}

proptest! {
    /// However an IPv4 address is carried in an IPv6 one, it is judged alike.
    #[test]
    fn disguises_change_nothing(bits in any::<u32>(), rest in any::<u64>()) {
        let address = std::net::Ipv4Addr::from_bits(bits);
        let expected = Range::of(address.into());
        let low = u128::from(bits);
        let carriers = [
            0xffff_u128 << 32 | low,
            0xffff_u128 << 48 | low,
            0x0064_ff9b_u128 << 96 | low,
            0x2002_u128 << 112 | low << 80 | u128::from(rest),
        ];
        for carrier in carriers {
            prop_assert_eq!(Range::of(std::net::Ipv6Addr::from_bits(carrier).into()), expected);
        }
    }

    /// Of the layouts that an address of the local NAT64 prefix may have, the strictest counts.
    #[test]
    fn no_layout_of_nat64_opens_the_inside(bits in 0x0100_0000_u32.., rest in any::<u16>()) {
        let expected = Range::of(std::net::Ipv4Addr::from_bits(bits).into());
        let (bits, rest) = (u128::from(bits), u128::from(rest));
        let layouts = [
            (bits >> 16) << 64 | (bits & 0xffff) << 40,
            (rest & 0xff) << 72 | (bits >> 24) << 64 | (bits & 0xff_ffff) << 32,
            rest << 64 | bits << 24,
            rest << 64 | bits,
        ];
        for layout in layouts {
            let address = std::net::Ipv6Addr::from_bits(0x0064_ff9b_0001_u128 << 80 | layout);
            prop_assert!(Range::of(address.into()).strictness() >= expected.strictness(), "{}", address);
        }
    }

    /// For any address that a name leads to: if it is reachable without being named, it is public or the name is
    /// private, and it is never metadata.
    #[test]
    fn names_never_open_the_inside(bits in any::<u128>(), v4 in any::<bool>()) {
        let address = if v4 { IpAddr::V4((bits as u32).into()) } else { IpAddr::V6(bits.into()) };
        let policy = policy(&["*"], &["*"]);
        let reached = policy.reachable("shop.example.com", 80, &[address]).is_ok();
        prop_assert_eq!(reached, Range::of(address) == Range::Public);
    }

    /// A rule that can be read is written as it was read, and nothing that is typed breaks the reader.
    #[test]
    fn rules_round_trip(text in "[a-z0-9.*:/\\[\\]-]{0,20}") {
        if let Ok(rule) = text.parse::<HostRule>() {
            prop_assert_eq!(rule.to_string().parse::<HostRule>(), Ok(rule));
        }
    }
}
