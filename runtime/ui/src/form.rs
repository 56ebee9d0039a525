//! The form that starts a test: what it says, as text. Its values have the syntax and the meaning of the options of
//! `squall run`.

use std::path::PathBuf;

use serde::Deserialize;
use squall_plan::TestType;

use crate::folder::{Folder, is_plan};

/// A form that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SentForm {
    /// The name of a file of the folder; empty for the target alone.
    test: String,
    target: String,
    users: String,
    rate: String,
    duration: String,
    kind: String,
    max_users: String,
}

/// A test that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestForm {
    /// What runs.
    pub subject: Subject,
    /// The base URL.
    pub target: Option<String>,
    /// Virtual users.
    pub users: Option<String>,
    /// Iterations that begin per unit of time.
    pub rate: Option<String>,
    /// The length of the test.
    pub duration: Option<String>,
    /// The kind of its load.
    pub kind: Kind,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A plan.
    Plan(PathBuf),
    /// A component.
    Component(PathBuf),
    /// This URL, over and over.
    Url(String),
}

/// The kind of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the test says itself; else a constant load.
    Own,
    /// One that can be changed while it goes on, with at most this many users.
    Adjustable(Option<String>),
    /// That of a type of test.
    Type(TestType),
}

/// What the form has for a load that can be changed.
pub(crate) const ADJUSTABLE: &str = "adjustable";
/// The types of tests that the form offers. A breakpoint is a search, which has no dashboard.
pub(crate) const TYPES: [TestType; 5] =
    [TestType::Smoke, TestType::Load, TestType::Stress, TestType::Spike, TestType::Soak];

impl SentForm {
    /// Reads a request's body.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn read(body: &[u8]) -> Result<SentForm, String> {
        serde_json::from_slice(body).map_err(|error| format!("the form cannot be read: {error}"))
    }

    /// What it asks for. Files are those of the folder alone.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn check(&self, folder: &Folder) -> Result<TestForm, String> {
        let kind = self.kind()?;
        let target = given(&self.target);
        let (subject, target) = match (self.test.as_str(), target) {
            ("", None) => return Err("choose a test, or give the URL of a target".to_owned()),
            ("", Some(url)) => (Subject::Url(url), None),
            (name, target) => {
                let path = folder.find(name).ok_or_else(|| format!("{name:?} is not a test of this folder"))?;
                (if is_plan(name) { Subject::Plan(path) } else { Subject::Component(path) }, target)
            }
        };
        if matches!((&subject, &kind), (Subject::Plan(_) | Subject::Url(_), Kind::Type(_))) {
            return Err("a type of test goes with a component: a plan has its own, and a URL has none".to_owned());
        }
        let (users, rate, duration) = (given(&self.users), given(&self.rate), given(&self.duration));
        Ok(TestForm { subject, target, users, rate, duration, kind })
    }

    /// The name of the test, for people.
    pub(crate) fn name(&self) -> &str {
        if self.test.is_empty() { self.target.trim() } else { &self.test }
    }

    fn kind(&self) -> Result<Kind, String> {
        if self.kind.is_empty() {
            return Ok(Kind::Own);
        }
        if self.kind == ADJUSTABLE {
            return Ok(Kind::Adjustable(given(&self.max_users)));
        }
        let kind = TYPES.into_iter().find(|kind| kind.name() == self.kind);
        kind.map(Kind::Type).ok_or_else(|| format!("there is no load of the kind {:?}", self.kind))
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str) -> Result<TestForm, String> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["shop.yaml", "shop.wasm"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        SentForm::read(form.as_bytes())?.check(&Folder::at(folder.path()).unwrap())
    }

    #[test]
    fn forms_name_a_plan_a_component_or_a_url() {
        let plan = check(r#"{"test": "shop.yaml", "users": " 5 "}"#).unwrap();
        assert!(matches!(&plan.subject, Subject::Plan(path) if path.ends_with("shop.yaml")));
        assert_eq!((plan.users.as_deref(), plan.rate, plan.kind), (Some("5"), None, Kind::Own));
        let component = check(r#"{"test": "shop.wasm", "target": "http://t", "kind": "spike"}"#).unwrap();
        assert!(matches!(&component.subject, Subject::Component(path) if path.ends_with("shop.wasm")));
        assert_eq!((component.target.as_deref(), component.kind), (Some("http://t"), Kind::Type(TestType::Spike)));
        let url = check(r#"{"target": "http://t", "kind": "adjustable", "max_users": "50"}"#).unwrap();
        assert_eq!((url.subject, url.target), (Subject::Url("http://t".to_owned()), None));
        assert_eq!(url.kind, Kind::Adjustable(Some("50".to_owned())));
    }

    #[test]
    fn mistakes_are_named() {
        for (form, part) in [
            ("{}", "choose a test"),
            ("[", "the form cannot be read"),
            (r#"{"command": "sh"}"#, "unknown field `command`"),
            (r#"{"test": "../shop.yaml"}"#, "is not a test of this folder"),
            (r#"{"test": "/etc/passwd"}"#, "is not a test of this folder"),
            (r#"{"test": "shop.yaml", "kind": "soak"}"#, "a plan has its own"),
            (r#"{"test": "shop.wasm", "kind": "chaos"}"#, "no load of the kind \"chaos\""),
        ] {
            let sentence = check(form).unwrap_err();
            assert!(sentence.contains(part), "{form}: {sentence}");
        }
    }
}
