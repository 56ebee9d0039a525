//! Values of `--secret`: a scenario reads them like any option, and they appear nowhere else.

use std::collections::BTreeMap;
use std::fmt;

use squall_metrics::Redactor;

/// Secrets by name. They are in no plan, so nothing that shows or keeps a plan can show them.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and values, for a process that carries out a part of the same run.
    pub fn to_pairs(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }

    /// The name of a secret whose value is part of a text.
    pub fn named_in(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|(_, value)| text.contains(value.as_str())).map(|(name, _)| name.as_str())
    }

    /// The redactor that removes them from everything that is recorded.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.0.values().map(String::as_str))
    }
}

impl FromIterator<(String, String)> for Secrets {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(secrets: T) -> Secrets {
        Secrets(secrets.into_iter().collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
