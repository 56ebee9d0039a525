//! The machines that are named on the command line or in a file.

use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

use squall_files::read_bounded;

use crate::LaunchError;

/// A file of machines is not larger.
const LARGEST: u64 = 1 << 20;

/// A machine: `[USER@]HOST[:PORT]`. The host may be a name in the user's ssh configuration, or an IPv6 address in
/// brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshHost {
    /// `user@host`, without brackets.
    destination: String,
    port: Option<u16>,
}

impl SshHost {
    /// The machines in `HOST,HOST`, or with `@FILE` those in a file: one in each line, `#` begins a comment.
    ///
    /// # Errors
    /// If one is wrong, none is named, or the file cannot be read.
    pub fn parse_list(text: &str) -> Result<Vec<SshHost>, LaunchError> {
        let hosts: Result<Vec<SshHost>, LaunchError> = match text.strip_prefix('@') {
            Some(file) => {
                let text = read(Path::new(file))?;
                let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
                lines.filter(|line| !line.is_empty()).map(str::parse).collect()
            }
            None => text.split(',').map(str::parse).collect(),
        };
        match hosts {
            Ok(hosts) if hosts.is_empty() => {
                Err(LaunchError::setting(format!("{text} names no machine: write one in each line")))
            }
            hosts => hosts,
        }
    }

    /// `user@host`
    pub(super) fn destination(&self) -> &str {
        &self.destination
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The host in the characters of an agent's name, and not too long to be followed by a number.
    pub(super) fn short_name(&self) -> String {
        let host = self.destination.rsplit('@').next().unwrap_or_default();
        let letters = host.chars().take(50).map(|letter| letter.to_ascii_lowercase());
        letters.map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
    }
}

fn read(path: &Path) -> Result<String, LaunchError> {
    let read = read_bounded(path, LARGEST);
    let bytes = read.map_err(|error| {
        LaunchError::setting(format!(
            "{} cannot be read ({error}): name a file with a machine in each line",
            path.display()
        ))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| LaunchError::setting(format!("{} is not text: write a machine in each line", path.display())))
}

impl FromStr for SshHost {
    type Err = LaunchError;

    fn from_str(text: &str) -> Result<SshHost, LaunchError> {
        parse(text).ok_or_else(|| {
            LaunchError::setting(format!(
                "{text:?} is not a machine: write [USER@]HOST[:PORT], an IPv6 address in brackets"
            ))
        })
    }
}

fn parse(text: &str) -> Option<SshHost> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let is_word = |word: &str, more: &[u8]| {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        word.starts_with(|first: char| first.is_ascii_alphanumeric() || "_:".contains(first))
            && word.bytes().all(is_fine)
    };
    // Active Directory has users such as ada@example.com and EXAMPLE+ada.
    if !is_word(host, b"._-:") || user.is_some_and(|user| !is_word(user, b"._-+@")) {
        return None;
    }
    let port = port.map(str::parse).transpose().ok()?;
    if port == Some(0) {
        return None;
    }
    Some(SshHost { destination: user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}")), port })
}

impl Display for SshHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.destination)?;
        self.port.map_or(Ok(()), |port| write!(formatter, " port {port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_have_users_and_ports() {
        for (text, destination, port) in [
            ("a", "a", None),
            ("ada@node-1.example.com:2222", "ada@node-1.example.com", Some(2222)),
            ("ada@example.com@node", "ada@example.com@node", None),
            ("ada@[::1]:22", "ada@::1", Some(22)),
            ("[fe80::1]", "fe80::1", None),
        ] {
            let host: SshHost = text.parse().unwrap();
            assert_eq!((host.destination(), host.port()), (destination, port), "{text}");
        }
        assert_eq!("Ada@Node_1.x".parse::<SshHost>().unwrap().short_name(), "node-1-x");
    }

    #[test]
    fn nothing_else_gets_into_the_command() {
        for bad in [
            "",
            "-oProxyCommand=id",
            "a b",
            "a;id",
            "$(id)",
            "a:",
            "a:x",
            "a:99999",
            "@a",
            "-x@a",
            "a@",
            "[::1",
            "[x]",
            "[::1]22",
            "a\n",
            "a:0",
        ] {
            assert!(bad.parse::<SshHost>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn machines_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# ours\na\n\n  ada@b:22 # the fast one\n").unwrap();
        let hosts = SshHost::parse_list(&format!("@{}", file.path().display())).unwrap();
        assert_eq!(hosts.len(), 2);
        std::fs::write(file.path(), "# none\n").unwrap();
        assert!(SshHost::parse_list(&format!("@{}", file.path().display())).is_err());
        assert!(SshHost::parse_list("@/nonexistent").unwrap_err().message.contains("/nonexistent cannot be read"));
    }
}
