//! Which CI system this is, and how it is told: by its commands on standard output, and by files. docs/ci.md says what
//! to write into a pipeline.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use squall_report::{Document, azure_commands, github_annotations, github_summary, junit_report, openmetrics};

use crate::console::Console;
use crate::error::Error;
use crate::files::OpenFile;
use crate::settings::CiChoice;

const OPTION: &str = "--ci";

/// A CI system, and where it wants things.
#[derive(Debug, PartialEq, Eq)]
pub enum CiSystem {
    /// GitHub Actions, with the file for the step's summary.
    GitHub(Option<PathBuf>),
    /// GitLab CI. It is told of files by the job's definition, so they have fixed names in the working directory.
    GitLab,
    /// Azure Pipelines, with the folder for files that live as long as the job.
    Azure(PathBuf),
}

impl CiSystem {
    /// The system that was asked for or, if none was, that the environment names.
    pub fn of(asked: CiChoice, variable: impl Fn(&str) -> Option<String>) -> Option<CiSystem> {
        let is = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let path = |name: &str| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let github = || CiSystem::GitHub(path("GITHUB_STEP_SUMMARY"));
        let azure = || CiSystem::Azure(path("AGENT_TEMPDIRECTORY").unwrap_or_else(|| PathBuf::from(".")));
        match asked {
            CiChoice::None => None,
            CiChoice::Github => Some(github()),
            CiChoice::Gitlab => Some(CiSystem::GitLab),
            CiChoice::Azure => Some(azure()),
            CiChoice::Auto if is("GITHUB_ACTIONS") => Some(github()),
            CiChoice::Auto if is("GITLAB_CI") => Some(CiSystem::GitLab),
            CiChoice::Auto if is("TF_BUILD") => Some(azure()),
            CiChoice::Auto => None,
        }
    }

    /// Tells it of the run. `export` is k6's summary.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn hand_over(
        &self,
        document: &Document,
        markdown: &str,
        export: &str,
        console: &dyn Console,
    ) -> Result<(), Error> {
        match self {
            CiSystem::GitHub(summary) => {
                if let Some(path) = summary {
                    append(path, &github_summary(markdown))?;
                }
                console.print(&github_annotations(document))
            }
            CiSystem::GitLab => {
                write(Path::new("squall-junit.xml"), &junit_report(document))?;
                write(Path::new("squall-metrics.txt"), &openmetrics(document))?;
                write(Path::new("squall-load-performance.json"), export)
            }
            CiSystem::Azure(folder) => {
                let folder = std::path::absolute(folder).map_err(|source| file_error(folder, source))?;
                let (summary, results) = (folder.join("squall-summary.md"), folder.join("squall-junit.xml"));
                write(&summary, markdown)?;
                write(&results, &junit_report(document))?;
                console.print(&azure_commands(document, &summary.to_string_lossy(), &results.to_string_lossy()))
            }
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    OpenFile::create(OPTION, path)?.write(text)
}

/// The step may have written to it before.
fn append(path: &Path, text: &str) -> Result<(), Error> {
    let written = OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    });
    written.map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File { option: OPTION, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: CiChoice, environment: &[(&str, &str)]) -> Option<CiSystem> {
        let variable =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        CiSystem::of(asked, variable)
    }

    #[test]
    fn the_environment_names_the_system() {
        let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "/tmp/s")];
        assert_eq!(found(CiChoice::Auto, &github), Some(CiSystem::GitHub(Some(PathBuf::from("/tmp/s")))));
        assert_eq!(found(CiChoice::Auto, &[("GITLAB_CI", "true")]), Some(CiSystem::GitLab));
        let azure = [("TF_BUILD", "True"), ("AGENT_TEMPDIRECTORY", "/agent/t")];
        assert_eq!(found(CiChoice::Auto, &azure), Some(CiSystem::Azure(PathBuf::from("/agent/t"))));
        assert_eq!(found(CiChoice::Auto, &[]), None);
    }

    #[test]
    fn what_was_asked_for_counts_more() {
        assert_eq!(found(CiChoice::None, &[("GITHUB_ACTIONS", "true")]), None);
        assert_eq!(found(CiChoice::Gitlab, &[("GITHUB_ACTIONS", "true")]), Some(CiSystem::GitLab));
        assert_eq!(found(CiChoice::Github, &[]), Some(CiSystem::GitHub(None)));
    }
}
