//! `--launch-option KEY=VALUE`: what a platform needs to know.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::LaunchError;

/// The options of a launcher. Each is taken out by the launcher that knows it; what is left is a mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchOptions(BTreeMap<String, String>);

impl LaunchOptions {
    /// The options in `KEY=VALUE` texts.
    ///
    /// # Errors
    /// If one has no `=`, or comes twice.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<LaunchOptions, LaunchError> {
        let mut options = BTreeMap::new();
        for text in texts {
            let text = text.as_ref();
            let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                LaunchError::setting(format!("the launch option {text:?} has no value: write KEY=VALUE"))
            })?;
            if value.chars().any(char::is_control) {
                return Err(LaunchError::setting(format!(
                    "the launch option {key} has control characters: leave them out"
                )));
            }
            if options.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(LaunchError::setting(format!("the launch option {key} comes twice: leave one out")));
            }
        }
        Ok(LaunchOptions(options))
    }

    /// Takes an option out.
    pub(crate) fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// Takes an option out, and parses it.
    pub(crate) fn take_parsed<T: FromStr>(&mut self, key: &str, expected: &str) -> Result<Option<T>, LaunchError> {
        let Some(text) = self.take(key) else { return Ok(None) };
        let parsed = text
            .parse()
            .map_err(|_| LaunchError::setting(format!("the launch option {key} cannot be {text:?}: give {expected}")));
        parsed.map(Some)
    }

    /// Reports an option that the launcher did not take.
    pub(crate) fn finish(self, launcher: &str, known: &[&str]) -> Result<(), LaunchError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(LaunchError::setting(format!(
                "{launcher} has no launch option {key:?}: use one of {}",
                known.join(", ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_out_one_by_one() {
        let mut options = LaunchOptions::parse(["a=1", "b=x=y", "c="]).unwrap();
        assert_eq!(options.take_parsed("a", "a number"), Ok(Some(1)));
        assert_eq!(options.take("b").as_deref(), Some("x=y"));
        let error = options.clone().finish("slurm", &["a", "b"]).unwrap_err();
        assert_eq!(error.message, "slurm has no launch option \"c\": use one of a, b");
        let error = options.take_parsed::<u32>("c", "a number").unwrap_err();
        assert_eq!(error.message, "the launch option c cannot be \"\": give a number");
    }

    #[test]
    fn mistakes_are_reported() {
        for (texts, part) in
            [(["a", "b=1"], "write KEY=VALUE"), (["a=1", "a=2"], "comes twice"), (["a=\n", "b=1"], "control")]
        {
            assert!(LaunchOptions::parse(texts).unwrap_err().message.contains(part));
        }
    }
}
