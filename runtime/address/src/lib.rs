//! Addresses in text: the target's base URL, user and password in URLs, rules that name hosts, and the ranges that IP
//! addresses lie in. Pure: must not resolve, connect, or know what an address is for.

mod credentials;
mod host_rule;
mod range;
mod target;

pub use credentials::{credentials_in, text_without_credentials, without_credentials};
pub use host_rule::{HostRule, HostRuleError};
pub use range::{Range, is_private_name};
pub use target::{Scheme, Target, TargetError};
