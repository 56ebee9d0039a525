//! What a component is told, and may open, before there is a plan: while it describes itself. So its suggestions can depend
//! on what the user passes to the run.

use std::path::Path;

use squall_data::{Folder, Places};
use squall_guest::Secrets;
use squall_load::Known;
use squall_plan::{DataFormat, Options, PlanFile, TestType, from_environment};

use crate::error::Error;
use crate::system::environment_variables;
use crate::test_run::Component;

/// The mark, at the end of what its SDK says of itself, of a component that was made of a k6 script.
const OF_K6: &str = " k6";

/// What the user has said before any component was asked.
pub struct UserOptions(Options);

impl UserOptions {
    /// On the command line, in the environment and in the plan.
    ///
    /// # Errors
    /// If an environment variable is wrong.
    pub fn of(plan_file: Option<&PlanFile>, typed: Options) -> Result<UserOptions, Error> {
        let upper = options_above_plan(typed)?;
        Ok(UserOptions(plan_file.map_or(upper.clone(), |file| file.under(upper, &[]))))
    }

    /// What components may know of it.
    pub fn known(&self, secrets: Secrets) -> Known {
        Known { env: self.0.env.clone(), target: self.0.target.clone(), secrets }
    }

    /// Where the component may look for files: those that are named, and those beside its script if it is one of k6's,
    /// which open files of their project by name.
    ///
    /// # Errors
    /// If the script's folder cannot be opened.
    pub fn places(&self, component: &Component) -> Result<Places, Error> {
        let is_k6 = component.artifact.sdk().is_some_and(|sdk| sdk.ends_with(OF_K6));
        let script = component.script.as_deref().filter(|_| is_k6);
        let folder = script.map(folder_of).transpose()?;
        let files = self.0.data.iter().filter(|(_, data)| data.format == Some(DataFormat::File));
        let named = files.filter_map(|(name, data)| Some((name.clone(), data.file.clone()?))).collect();
        Ok(Places { folder, named })
    }
}

/// A plan as another type of test, with what was typed and what the environment says.
///
/// # Errors
/// If an environment variable is wrong, or the plan cannot be a test of that type.
pub fn plan_as(file: PlanFile, kind: TestType, typed: &Options) -> Result<PlanFile, Error> {
    let upper = options_above_plan(typed.clone())?;
    file.as_type(kind, &upper).map_err(|text| Error::option(format!("--type {kind}: {text}")))
}

/// What is typed over what the environment says.
///
/// # Errors
/// If an environment variable is wrong.
pub(crate) fn options_above_plan(typed: Options) -> Result<Options, Error> {
    let environment = from_environment(environment_variables()).map_err(|error| Error::option(error.to_string()))?;
    Ok(typed.over(environment))
}

fn folder_of(script: &Path) -> Result<Folder, Error> {
    Folder::of_script(script).map_err(|error| Error::option(format!("{}: {error}", script.display())))
}
