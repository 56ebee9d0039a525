//! The name of a run, which becomes part of the names of objects, jobs and files.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::LaunchError;

/// The names of pods are this name with a prefix and an index, and have 63 characters at most.
const LONGEST: usize = 40;

/// The id of a run: at most 40 characters of `a-z`, `0-9` and `-`; the first and the last are not `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunName(String);

impl RunName {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the run's job on any platform.
    pub(crate) fn job_name(&self) -> String {
        format!("squall-{}", self.0)
    }
}

impl FromStr for RunName {
    type Err = LaunchError;

    fn from_str(text: &str) -> Result<RunName, LaunchError> {
        let is_fine = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        if text.is_empty()
            || text.len() > LONGEST
            || !text.bytes().all(is_fine)
            || text.starts_with('-')
            || text.ends_with('-')
        {
            return Err(LaunchError::setting(format!(
                "{text:?} is not the id of a run: use at most {LONGEST} characters of a-z, 0-9 and \"-\", and \
                 begin and end with a letter or digit"
            )));
        }
        Ok(RunName(text.to_owned()))
    }
}

impl TryFrom<String> for RunName {
    type Error = LaunchError;

    fn try_from(text: String) -> Result<RunName, LaunchError> {
        text.parse()
    }
}

impl From<RunName> for String {
    fn from(name: RunName) -> String {
        name.0
    }
}

impl Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_name_that_every_platform_takes() {
        for fine in ["a", "7", "nightly-2026-11-30", &"x".repeat(LONGEST)] {
            assert_eq!(fine.parse::<RunName>().unwrap().as_str(), fine);
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "a b", "a\nb", "ä", "$(id)", &"x".repeat(LONGEST + 1)] {
            let error = bad.parse::<RunName>().unwrap_err();
            assert!(error.message.contains("use at most 40 characters"), "{error}");
        }
    }
}
