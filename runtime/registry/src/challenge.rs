//! A registry's demand for credentials: the header `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// A way to authenticate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token, which `realm` issues.
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// Parses the header's value; `None` for methods that Squall does not support.
    pub fn read(value: &str) -> Option<Challenge> {
        let (scheme, parameters) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let realm = parameter(parameters, "realm")?;
        Some(Challenge::Bearer { realm, service: parameter(parameters, "service") })
    }
}

/// The value of `name="value"`, in a list in which a value may contain commas.
fn parameter(mut text: &str, wanted: &str) -> Option<String> {
    loop {
        let (name, rest) = text.split_once('=')?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        if name.trim_matches([' ', ',']).eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_from_the_realm_of_the_registry() {
        let value = r#"Bearer realm="https://auth.docker.io/token",scope="repository:a/b:pull,push",service="registry.docker.io""#;
        let realm = "https://auth.docker.io/token".to_owned();
        assert_eq!(
            Challenge::read(value),
            Some(Challenge::Bearer { realm, service: Some("registry.docker.io".to_owned()) })
        );
    }

    #[test]
    fn basic_needs_no_parameters_and_other_methods_are_unknown() {
        assert_eq!(Challenge::read("Basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(Challenge::read("Negotiate"), None);
        assert_eq!(Challenge::read("Bearer service=\"x\""), None);
    }
}
