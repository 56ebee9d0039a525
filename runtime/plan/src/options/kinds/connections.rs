//! The kinds of options about connections: hosts and their addresses, stand-ins, look-ups, certificates, ciphers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::{Value, json};
use squall_address::{ConnectTo, HostMap, NoProxy, SourceAddresses};

use super::{Entries, Kind, KindNames, Named, list, list_names, merge, names, refuse, text_schema, words_schema};
use crate::http::{
    CertificateText, ClientCertificate, DnsOptions, DnsPolicy, DnsSelect, PasswordSource, ProxyChoice, TlsVersion,
};
use crate::options::allowance::{Breach, Machine};
use crate::options::keyed::Key;
use crate::options::values::{Scalar, read_map};

/// Addresses by host: those of all layers.
pub struct Hosts;

impl Kind for Hosts {
    type Value = BTreeMap<String, String>;

    const NAMES: KindNames = list_names("addresses by host", "HOST:PORT:ADDRESS");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        let (name, value) = HostMap::split_flag(text).map_err(|error| error.to_string())?;
        field.insert(name, value);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        let hosts = read_map(value, |Scalar(address)| address)?.unwrap_or_default();
        for (name, value) in &hosts {
            HostMap::check(name, value).map_err(de::Error::custom)?;
        }
        Ok(hosts)
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        merge(upper, lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        entries.extend(value.iter().map(|(host, address)| (format!("{name}.{host}"), address.clone())));
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": text_schema() })
    }

    /// Hosts that the user has placed are where the user says. A component places none.
    fn tighten(suggested: &mut Self::Value, users: &Self::Value, _: &Key, _: Machine) -> Option<Breach> {
        suggested.retain(|host, _| !users.contains_key(host));
        suggested.iter().next().map(|(host, address)| Breach::NotAtAll(format!("{host}:{address}")))
    }
}

/// Servers in the place of hosts: those of the upper layer, then those of the lower one.
pub struct StandIns;

impl Kind for StandIns {
    type Value = Vec<ConnectTo>;

    const NAMES: KindNames = list_names("servers", "HOST1:PORT1:HOST2:PORT2");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        field.push(text.parse().map_err(|error: squall_address::ConnectToError| error.to_string())?);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        Ok(Option::deserialize(value)?.unwrap_or_default())
    }

    fn merge(mut upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.extend(lower);
        upper
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        entries.extend((!value.is_empty()).then(|| (name.to_owned(), list(value))));
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": text_schema() })
    }
}

/// How names are looked up.
pub struct Dns;

/// A component that has names looked up more often than this loads more than its target.
const SHORTEST_SUGGESTED_TTL: Duration = Duration::from_secs(1);

impl Kind for Dns {
    type Value = DnsOptions;

    const NAMES: KindNames = list_names("look-ups", "ttl=TIME,select=WORD,policy=WORD");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        *field = text.parse::<DnsOptions>()?.over(*field);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        DnsOptions::deserialize(value)
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.over(lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        entries.extend((!value.is_empty()).then(|| (name.to_owned(), value.to_string())));
    }

    fn schema() -> Value {
        let time = super::time_schema();
        json!({ "type": ["object", "string"], "additionalProperties": false, "properties": {
            "ttl": time, "select": words_schema(DnsSelect::NAMES), "policy": words_schema(DnsPolicy::NAMES),
        } })
    }

    fn tighten(suggested: &mut Self::Value, users: &Self::Value, _: &Key, _: Machine) -> Option<Breach> {
        let ttl = suggested.ttl.filter(|ttl| *ttl < SHORTEST_SUGGESTED_TTL && users.ttl.is_none())?;
        let only_ttl = DnsOptions { ttl: Some(ttl), ..DnsOptions::default() };
        Some(Breach::NotAtAll(only_ttl.to_string()))
    }
}

/// Client certificates: those of the upper layer, then those of the lower one.
pub struct ClientCertificates;

impl Kind for ClientCertificates {
    type Value = Vec<ClientCertificate>;

    const NAMES: KindNames = list_names("certificates", "CERTIFICATES");

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        Ok(Option::deserialize(value)?.unwrap_or_default())
    }

    fn merge(mut upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.extend(lower);
        upper
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        for certificate in value {
            let hosts = if certificate.hosts.is_empty() { "*".to_owned() } else { list(&certificate.hosts) };
            entries.push((format!("{name}.{hosts}"), certificate.cert.to_string()));
        }
    }

    fn schema() -> Value {
        let text = text_schema();
        let certificate = json!({
            "type": "object", "additionalProperties": false, "required": ["cert"],
            "properties": {
                "hosts": { "type": "array", "items": text }, "domains": { "type": "array", "items": text },
                "cert": text, "key": text, "password": text,
            },
        });
        json!({ "type": "array", "items": certificate })
    }

    /// A component may bring certificates of its own, as text. It names no file, and no variable with a password.
    fn tighten(suggested: &mut Self::Value, _: &Self::Value, _: &Key, _: Machine) -> Option<Breach> {
        const MOST: usize = 100;
        let file = suggested.iter().flat_map(|one| std::iter::once(&one.cert).chain(&one.key));
        let file = file.filter_map(CertificateText::file).next().map(|file| file.display().to_string());
        let password = || suggested.iter().find_map(|one| one.password.as_ref()).map(PasswordSource::to_string);
        file.or_else(password)
            .map(Breach::NotAtAll)
            .or_else(|| Breach::over(MOST, suggested.len(), |entries| format!("has {entries} entries")))
    }
}

/// Texts in their order, with commas where they are typed: the upper layer's in place of the lower's.
pub struct TextList;

impl Kind for TextList {
    type Value = Option<Vec<String>>;

    const NAMES: KindNames = list_names("texts", "NAMES");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        let typed = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        field.get_or_insert_default().extend(typed);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        let mut texts = None;
        match Option::deserialize(value)? {
            None => {}
            Some(Written::Texts(written)) => texts = Some(written),
            // As it is typed.
            Some(Written::Text(text)) => TextList::read_flag(&mut texts, &text).map_err(de::Error::custom)?,
        }
        Ok(texts)
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.or(lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        entries.extend(value.as_ref().map(|texts| (name.to_owned(), list(texts))));
    }

    fn schema() -> Value {
        json!({ "anyOf": [{ "type": "array", "items": text_schema() }, text_schema()] })
    }
}

/// Texts in a list, or with commas between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Texts(Vec<String>),
    Text(String),
}

/// A version of TLS, which may be written as a number.
pub struct Version;

impl Kind for Version {
    type Value = Option<TlsVersion>;

    const NAMES: KindNames = names("version of TLS", "VERSION");

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        let text: Option<Scalar> = Option::deserialize(value)?;
        text.map(|Scalar(text)| text.parse().map_err(de::Error::custom)).transpose()
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.or(lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        entries.extend(value.map(|version| (name.to_owned(), version.to_string())));
    }

    fn schema() -> Value {
        json!({ "enum": ["1.2", "1.3", 1.2, 1.3] })
    }

    fn tighten(suggested: &mut Self::Value, _: &Self::Value, key: &Key, _: Machine) -> Option<Breach> {
        refuse::<Self>(suggested, key)
    }
}

impl Named for SourceAddresses {
    const KIND: &'static str = "addresses";
    const VALUE: &'static str = "ADDRESSES";

    fn schema() -> Value {
        text_schema()
    }
}

impl Named for NoProxy {
    const KIND: &'static str = "hosts";
    const VALUE: &'static str = "HOSTS";

    fn schema() -> Value {
        text_schema()
    }
}

impl Named for ProxyChoice {
    const KIND: &'static str = "URL";
    const VALUE: &'static str = "URL";

    fn schema() -> Value {
        text_schema()
    }
}

impl Named for PasswordSource {
    const KIND: &'static str = "source";
    const VALUE: &'static str = "SOURCE";

    fn schema() -> Value {
        text_schema()
    }
}
