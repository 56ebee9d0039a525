//! The stage of the latest test that was started from the page.

use serde::Serialize;

/// How far the latest test is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub(crate) enum Stage {
    /// None was started.
    #[default]
    Idle,
    /// It is built, fetched, compiled.
    Preparing {
        /// Its name.
        test: String,
    },
    /// Its dashboard can be seen.
    Running {
        /// Its name.
        test: String,
    },
    /// It is over.
    Ended {
        /// Its name.
        test: String,
        /// What it came to.
        sentence: String,
    },
    /// It did not begin, or has no result.
    Failed {
        /// Its name.
        test: String,
        /// Why.
        sentence: String,
    },
}

impl Stage {
    /// Whether a test goes on.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Stage::Preparing { .. } | Stage::Running { .. })
    }

    /// As it is once the test's dashboard can be seen.
    pub(crate) fn seen(self) -> Stage {
        match self {
            Stage::Preparing { test } => Stage::Running { test },
            other => other,
        }
    }

    /// The stage after the test's end.
    pub(crate) fn ended(self, result: Result<String, String>) -> Stage {
        let (Stage::Preparing { test } | Stage::Running { test }) = self else {
            return self;
        };
        match result {
            Ok(sentence) => Stage::Ended { test, sentence },
            Err(sentence) => Stage::Failed { test, sentence },
        }
    }
}
