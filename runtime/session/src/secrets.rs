//! `--secret`: where a secret comes from, and reading it. Its value is never typed, for others can read what is typed: the
//! system shows it to all users, shells keep it, and Squall keeps the command line with the run.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use squall_guest::Secrets;
use squall_metrics::Redactor;
use squall_plan::Options;

use crate::error::Error;

/// The largest secret, in bytes.
const LARGEST: u64 = 64 << 10;
/// What is to be written.
const FORMS: &str = "NAME=@FILE, NAME=env or NAME=env:VARIABLE";

/// What was typed behind `--secret`. It is read later than other arguments, because their reader repeats what is
/// wrong, and here that may be a secret.
#[derive(Clone)]
pub struct SecretArgument(String);

impl From<String> for SecretArgument {
    fn from(text: String) -> SecretArgument {
        SecretArgument(text)
    }
}

impl SecretArgument {
    /// The environment variable that has its value, if one does.
    pub fn variable(&self) -> Option<String> {
        match parse_secret(&self.0).ok()?.place {
            SecretPlace::Variable(variable) => Some(variable),
            SecretPlace::File(_) => None,
        }
    }
}

impl fmt::Debug for SecretArgument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.split('=').next().unwrap_or_default())
    }
}

/// A secret that the command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SecretSource {
    name: String,
    place: SecretPlace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SecretPlace {
    File(PathBuf),
    Variable(String),
}

/// Reads `NAME=@FILE`, `NAME=env` and `NAME=env:VARIABLE`.
fn parse_secret(text: &str) -> Result<SecretSource, String> {
    let (name, place) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() || place.is_empty() {
        return Err(format!("write {FORMS}"));
    }
    let place = match (place.strip_prefix('@'), place.strip_prefix("env:")) {
        (Some(file), _) if !file.is_empty() => SecretPlace::File(PathBuf::from(file)),
        (_, Some(variable)) if !variable.is_empty() => SecretPlace::Variable(variable.to_owned()),
        _ if place == "env" => SecretPlace::Variable(name.to_owned()),
        // The value itself is not repeated: it may be one.
        _ => return Err(format!("a secret is not typed, where others can read it: write {FORMS}")),
    };
    Ok(SecretSource { name: name.to_owned(), place })
}

/// Reads them all.
///
/// # Errors
/// If one cannot be read, is of no use, or is also given as an ordinary option.
pub(crate) fn read(arguments: &[SecretArgument], typed: &Options) -> Result<Secrets, Error> {
    let sources = arguments.iter().map(|SecretArgument(text)| parse_secret(text));
    let sources: Vec<SecretSource> =
        sources.collect::<Result<_, _>>().map_err(|text| Error::option(format!("--secret: {text}")))?;
    let mut names: Vec<&str> = Vec::new();
    for SecretSource { name, .. } in &sources {
        if typed.env.contains_key(name) {
            return Err(Error::option(format!(
                "{name} is given with -e and with --secret: what is secret is only the latter"
            )));
        }
        if names.contains(&name.as_str()) {
            return Err(Error::option(format!("--secret {name} is given twice")));
        }
        names.push(name);
    }
    sources.iter().map(|source| Ok((source.name.clone(), source.value()?))).collect()
}

impl SecretSource {
    fn value(&self) -> Result<String, Error> {
        let value = match &self.place {
            SecretPlace::File(path) => {
                read_file(path).map_err(|source| Error::File { option: "--secret", path: path.clone(), source })?
            }
            SecretPlace::Variable(variable) => env::var(variable).map_err(|error| {
                let why = match error {
                    env::VarError::NotPresent => "is not set",
                    env::VarError::NotUnicode(_) => "is not text (UTF-8)",
                };
                Error::option(format!("--secret {}: the variable {variable} {why}", self.name))
            })?,
        };
        if value.len() < Redactor::SHORTEST {
            return Err(Error::option(format!(
                "--secret {} has {} bytes, and what has fewer than {} cannot be told from other text to keep it out of \
                 what is shown: if it is not a secret, pass it with -e",
                self.name,
                value.len(),
                Redactor::SHORTEST
            )));
        }
        Ok(value)
    }
}

/// The text of a file, without the line feed that editors put at its end.
fn read_file(path: &PathBuf) -> Result<String, io::Error> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("a secret has at most {LARGEST} bytes")));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text (UTF-8)"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_a_secret_is() {
        let source = |name: &str, place| Ok(SecretSource { name: name.to_owned(), place });
        assert_eq!(parse_secret("KEY=@key.pem"), source("KEY", SecretPlace::File("key.pem".into())));
        assert_eq!(parse_secret("KEY=env"), source("KEY", SecretPlace::Variable("KEY".to_owned())));
        assert_eq!(parse_secret("KEY=env:API_KEY"), source("KEY", SecretPlace::Variable("API_KEY".to_owned())));
    }

    #[test]
    fn what_is_typed_is_not_repeated() {
        let error = parse_secret("KEY=hunter22").unwrap_err();
        assert!(error.contains("NAME=@FILE") && !error.contains("hunter22"), "{error}");
        for text in ["KEY", "=env", "KEY=", "KEY=@", "KEY=env:"] {
            assert!(parse_secret(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_last_line_feed_goes() {
        let file = |text: &str| {
            let path = env::temp_dir().join(format!("squall-secret-{}-{}", std::process::id(), text.len()));
            std::fs::write(&path, text).unwrap();
            let read = read_file(&path);
            std::fs::remove_file(&path).unwrap();
            read.unwrap()
        };
        assert_eq!(file("hunter22\n"), "hunter22");
        assert_eq!(file("a\r\nb\n\r\n"), "a\r\nb\n");
        assert_eq!(file("none"), "none");
    }
}
