//! `-`: standard output in place of a file. One option can have it; results are then printed elsewhere.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::error::Error;
use crate::settings::OutputSettings;
use crate::streaming::wanted_outputs;
use crate::test_run::TestRun;

/// Whether a file's name means standard output.
pub fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// Standard output as a file.
pub(crate) fn open_standard_output() -> io::Result<File> {
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// Whether one of these options writes to standard output.
///
/// # Errors
/// If more than one does.
pub fn claim_standard_output<'a>(files: impl IntoIterator<Item = (&'a str, &'a Path)>) -> Result<bool, Error> {
    let claims = files.into_iter().filter(|(_, path)| is_standard_output(path)).map(|(option, _)| option);
    match claims.collect::<Vec<_>>()[..] {
        [] => Ok(false),
        [_] => Ok(true),
        [ref first @ .., last] => {
            let first = first.join(", ");
            Err(Error::option(format!("{first} and {last} cannot both write to standard output: name a file for one")))
        }
    }
}

impl TestRun {
    /// Whether one of its files is standard output.
    ///
    /// # Errors
    /// If more than one is.
    pub fn claims_standard_output(&self) -> Result<bool, Error> {
        let OutputSettings { summary_export, histogram_log, reports, streams, .. } = &self.output;
        let named = [
            ("--summary-export", summary_export),
            ("--histogram-log", histogram_log),
            ("--summary-json", &reports.summary_json),
        ];
        let named = named.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
        let reports = reports.files.iter().map(|report| ("--report", report.path.as_path()));
        let outputs = wanted_outputs(streams, self.plan_file.as_ref());
        let outputs = outputs.iter().filter_map(|output| Some(("--out", output.file()?)));
        claim_standard_output(named.chain(reports).chain(outputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_option_can_have_standard_output() {
        let claim = |files: &[(&'static str, &'static str)]| {
            claim_standard_output(files.iter().map(|(option, path)| (*option, Path::new(*path))))
                .map_err(|error| error.to_string())
        };
        assert_eq!(claim(&[("--report", "a.html"), ("--out", "./-")]), Ok(false));
        assert_eq!(claim(&[("--report", "a.html"), ("--out", "-")]), Ok(true));
        assert_eq!(
            claim(&[("--report", "-"), ("--out", "-")]).unwrap_err(),
            "--report and --out cannot both write to standard output: name a file for one"
        );
    }
}
