//! Problems with starting agents. The kind decides what may follow, the sentence is for people.

/// What a failure means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchErrorKind {
    /// A setting is wrong or a program is missing. Nothing was started.
    Setting,
    /// The platform refused. What had been created before it is cleaned up by [`Launcher::clean_up`].
    ///
    /// [`Launcher::clean_up`]: crate::Launcher::clean_up
    Refused,
    /// The platform did not answer: agents may have been started.
    Unclear,
}

/// A failed request to a platform: the problem and the remedy. Texts of the platform in it are plain, and no secret is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LaunchError {
    /// What it means.
    pub kind: LaunchErrorKind,
    /// The sentence.
    pub message: String,
}

impl LaunchError {
    /// Nothing was started.
    pub fn setting(message: impl Into<String>) -> LaunchError {
        LaunchError { kind: LaunchErrorKind::Setting, message: message.into() }
    }

    /// The platform refused.
    pub fn refused(message: impl Into<String>) -> LaunchError {
        LaunchError { kind: LaunchErrorKind::Refused, message: message.into() }
    }

    /// Agents may have been started.
    pub fn unclear(message: impl Into<String>) -> LaunchError {
        LaunchError { kind: LaunchErrorKind::Unclear, message: message.into() }
    }
}
