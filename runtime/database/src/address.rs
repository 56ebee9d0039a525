//! The address of a database in a URL, with the login. Its password is never shown. Must not know how to connect.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use squall_address::without_credentials;
use thiserror::Error;
use url::Url;

/// The address of a database, with the name and password of a login. Shown without them.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress {
    pub(crate) product: Product,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) tls: TlsUse,
    pub(crate) search_path: Option<String>,
}

/// The protocol that a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Postgres,
    Mysql,
}

/// The use of TLS, by the words of `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TlsUse {
    /// `disable`
    Never,
    /// `prefer`: if the server has it.
    #[default]
    IfOffered,
    /// `require`: with any certificate, as PostgreSQL's own clients do.
    Always,
    /// `verify-full`: with a certificate for the host, from an authority that this machine trusts.
    Verified,
}

/// A text that is not the address of a database.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WrongAddress {
    /// Not a URL of a known database.
    #[error("{0:?} is not a database's address: write one like postgresql://name@127.0.0.1:5432/shop")]
    NotOne(String),
    /// Without the name of a login or of a database.
    #[error("the database's address {address} has no {part}: write one like {scheme}://name@127.0.0.1:{port}/shop")]
    Incomplete {
        /// The address without its login.
        address: String,
        /// The missing part.
        part: &'static str,
        /// The scheme.
        scheme: &'static str,
        /// The usual port.
        port: u16,
    },
    /// With a parameter that has no meaning here.
    #[error("the database's address {address} has the parameter {parameter:?}: only {known} are known")]
    Parameter {
        /// The address without its login.
        address: String,
        /// The parameter's name.
        parameter: String,
        /// The known ones.
        known: &'static str,
    },
}

const PARAMETERS: &str = "sslmode=disable|prefer|require|verify-full and search_path=SCHEMAS";

impl Product {
    fn of_scheme(scheme: &str) -> Option<Product> {
        match scheme {
            "postgresql" | "postgres" => Some(Product::Postgres),
            "mysql" | "mariadb" => Some(Product::Mysql),
            _ => None,
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Product::Postgres => "postgresql",
            Product::Mysql => "mysql",
        }
    }

    fn usual_port(self) -> u16 {
        match self {
            Product::Postgres => 5432,
            Product::Mysql => 3306,
        }
    }

    /// The variable of the environment that the product's own programs take a password from.
    pub(crate) fn password_variable(self) -> &'static str {
        match self {
            Product::Postgres => "PGPASSWORD",
            Product::Mysql => "MYSQL_PWD",
        }
    }
}

impl DatabaseAddress {
    /// Reads a URL: `postgresql://name:password@host:port/database?sslmode=require`, or with `mysql://` or `mariadb://`.
    ///
    /// # Errors
    /// If it is not one, or lacks the name of the login or of the database.
    pub fn parse(text: &str) -> Result<DatabaseAddress, WrongAddress> {
        let url = Url::parse(text).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
        let product = url.as_ref().and_then(|url| Product::of_scheme(url.scheme()));
        let (Some(url), Some(product)) = (url, product) else { return Err(WrongAddress::NotOne(shown(text))) };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().ok().map(String::from);
        let mut address = DatabaseAddress {
            product,
            host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(product.usual_port()),
            database: decoded(url.path().trim_start_matches('/')).unwrap_or_default(),
            user: decoded(url.username()).unwrap_or_default(),
            password: url.password().and_then(decoded),
            tls: TlsUse::default(),
            search_path: None,
        };
        for (part, value) in [("name of a login", &address.user), ("name of a database", &address.database)] {
            if value.is_empty() {
                let (scheme, port) = (product.scheme(), product.usual_port());
                return Err(WrongAddress::Incomplete { address: address.name(), part, scheme, port });
            }
        }
        for (parameter, value) in url.query_pairs() {
            address.set(&parameter, &value)?;
        }
        Ok(address)
    }

    fn set(&mut self, parameter: &str, value: &str) -> Result<(), WrongAddress> {
        match (parameter, value) {
            ("sslmode", "disable") => self.tls = TlsUse::Never,
            ("sslmode", "prefer") => self.tls = TlsUse::IfOffered,
            ("sslmode", "require") => self.tls = TlsUse::Always,
            ("sslmode", "verify-full") => self.tls = TlsUse::Verified,
            ("search_path", schemas) if self.product == Product::Postgres => {
                self.search_path = Some(schemas.to_owned());
            }
            _ => {
                let (address, parameter) = (self.name(), parameter.chars().take(40).collect());
                return Err(WrongAddress::Parameter { address, parameter, known: PARAMETERS });
            }
        }
        Ok(())
    }

    /// Takes the password from the environment, if the URL has none.
    pub(crate) fn or_password(mut self, variable: impl Fn(&str) -> Option<String>) -> DatabaseAddress {
        self.password = self.password.or_else(|| variable(self.product.password_variable()));
        self
    }

    /// As it may be shown: without the login.
    pub fn name(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let database = utf8_percent_encode(&self.database, SHOWN);
        format!("{}://{host}:{}/{database}", self.product.scheme(), self.port)
    }
}

/// What is encoded in the name of a database that is shown.
const SHOWN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A text that should have been an address, as far as it may be shown: a password can be in many places.
fn shown(text: &str) -> String {
    let text = without_credentials(text);
    text.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_login_and_place() {
        let address = DatabaseAddress::parse("postgres://ada:s%40cret@db.example/shop?sslmode=require").unwrap();
        assert_eq!((address.user.as_str(), address.password.as_deref()), ("ada", Some("s@cret")));
        assert_eq!(address.to_string(), "postgresql://db.example:5432/shop");
        assert_eq!(address.tls, TlsUse::Always);
        let address = DatabaseAddress::parse("postgresql://ada@[::1]:6000/shop").unwrap();
        assert_eq!((address.host.as_str(), address.to_string()), ("::1", "postgresql://[::1]:6000/shop".to_owned()));
        assert_eq!(DatabaseAddress::parse("mariadb://a@h/d").unwrap().name(), "mysql://h:3306/d");
    }

    #[test]
    fn the_password_comes_from_the_environment_if_the_url_has_none() {
        let variable = |name: &str| (name == "PGPASSWORD").then(|| "other".to_owned());
        let password = |url: &str| DatabaseAddress::parse(url).unwrap().or_password(variable).password;
        assert_eq!(password("postgresql://ada@h/d").as_deref(), Some("other"));
        assert_eq!(password("postgresql://ada:mine@h/d").as_deref(), Some("mine"));
        assert_eq!(password("mysql://ada@h/d"), None);
    }

    #[test]
    fn a_wrong_address_is_refused_with_a_sentence_and_without_the_password() {
        for (url, sentence) in [
            ("ada:secret@host/shop", "is not a database's address"),
            ("http://ada:secret@host/shop", "is not a database's address"),
            ("postgresql://host?password=secret", "has no name of a login: write one like postgresql://"),
            ("postgresql://ada:secret@host", "postgresql://host:5432/ has no name of a database"),
            ("postgresql:///shop?password=secret", "is not a database's address"),
            ("postgresql://ada:sec/ret@host/shop", "is not a database's address"),
            ("postgresql://ada:secret@host/shop?password=secret", "the parameter \"password\": only sslmode"),
            ("postgresql://ada:secret@host/shop?sslmode=secret", "the parameter \"sslmode\": only sslmode=disable"),
            ("postgresql://ada:secret@host:70000/shop", "is not a database's address"),
        ] {
            let error = DatabaseAddress::parse(url).unwrap_err().to_string();
            assert!(error.contains(sentence), "{url}: {error}");
            assert!(!error.contains("secret") && !error.contains("ret@"), "{error}");
        }
    }
}
