//! What a component is told, and may open, before there is a plan: while it describes itself. So its suggestions can depend
//! on what the user passes to the run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use squall_data::{Folder, Places};
use squall_guest::{Artifact, Secrets};
use squall_load::Known;
use squall_plan::{DataFormat, Options, PlanFile};
use squall_toolchain::Source;

use super::{is_scenario_source, upper};
use crate::error::CliError;

/// The mark, at the end of what its SDK says of itself, of a component that was made of a k6 script.
const OF_K6: &str = " k6";

/// What the user has said before any component was asked.
pub struct Said(Options);

impl Said {
    /// On the command line, in the environment and in the plan.
    pub fn by_user(plan_file: Option<&PlanFile>, typed: Options) -> Result<Said, CliError> {
        let upper = upper(typed)?;
        Ok(Said(plan_file.map_or(upper.clone(), |file| file.under(upper, &[]))))
    }

    /// What components may know of it.
    pub fn known(&self, secrets: Secrets) -> Known {
        Known { env: self.0.env.clone(), target: self.0.target.clone(), secrets }
    }

    /// Where the component may look for files: those that are named, and those beside its script if it is one of k6's,
    /// which open what they like of their project.
    pub fn places(&self, name: &str, artifact: &Artifact) -> Result<Places, CliError> {
        let is_k6 = artifact.sdk().is_some_and(|sdk| sdk.ends_with(OF_K6));
        let folder = if is_k6 && is_scenario_source(name) { Some(folder_of(Path::new(name))?) } else { None };
        let files = self.0.data.iter().filter(|(_, data)| data.format == Some(DataFormat::File));
        let named = files.filter_map(|(name, data)| Some((name.clone(), data.file.clone()?))).collect();
        Ok(Places { folder, named })
    }
}

fn folder_of(path: &Path) -> Result<Folder, CliError> {
    let source = Source::at(path)?;
    let script = source.file.clone().unwrap_or_else(|| main_of(&source.folder));
    Folder::of_script(&script).map_err(|error| CliError::Options(vec![format!("{}: {error}", script.display())]))
}

/// The script of a project: what its package.json calls so, or any file in the folder itself.
fn main_of(project: &Path) -> PathBuf {
    let manifest = fs::read_to_string(project.join("package.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
    project.join(manifest["main"].as_str().unwrap_or("scenario.js"))
}
