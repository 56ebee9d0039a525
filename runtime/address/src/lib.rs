//! Addresses in text: the target's base URL, user and password in URLs, rules that name hosts, the ranges that IP
//! addresses lie in, proxies, and the ways to a host that a user prescribes. Pure: must not resolve, connect, or know what an address is for.

mod connect_to;
mod credentials;
mod host_map;
mod host_rule;
mod proxy;
mod range;
mod source_addresses;
mod target;

pub use connect_to::{ConnectTo, ConnectToError};
pub use credentials::{credentials_in, text_without_credentials, without_credentials};
pub use host_map::{HostMap, HostMapError, MappedHost};
pub use host_rule::{HostRule, HostRuleError};
pub use proxy::{NoProxy, NoProxyError, Proxies, Proxy, ProxyError, ProxyLogin, ProxyProtocol};
pub use range::{Range, is_private_name};
pub use source_addresses::{SourceAddresses, SourceAddressesError};
pub use target::{Scheme, Target, TargetError};
