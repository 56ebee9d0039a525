//! `squall completions` and `squall man`: what a shell should know of the command line, made of its definition.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use squall_session::Error;

use crate::cli::command;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// `squall completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `squall man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command: run, or plan show. [default: squall itself]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

/// Prints a script that completes the command line.
pub fn completions(arguments: &CompletionsArgs) -> Result<u8, CliError> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command(), "squall", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(exit::PASSED)
}

/// Prints a page of the manual, or writes all of them.
pub fn man(arguments: &ManArgs) -> Result<u8, CliError> {
    match &arguments.out {
        Some(folder) => {
            let written = fs::create_dir_all(folder).and_then(|()| write_pages(&built(), folder));
            written.map_err(|error| CliError::file("--out", folder, error))?;
        }
        None => print(&page(&arguments.command)?)?,
    }
    Ok(exit::PASSED)
}

fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let manual = manual(command);
    fs::write(folder.join(manual.get_filename()), render(&manual)?)?;
    command.get_subcommands().try_for_each(|below| write_pages(below, folder))
}

/// The page of the command with these words.
fn page(words: &[String]) -> Result<String, CliError> {
    let whole = built();
    let mut found = &whole;
    for word in words {
        found = found.find_subcommand(word).ok_or_else(|| no_such_command(found, word))?;
    }
    let page = render(&manual(found)).map_err(Error::Output)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// The command line with the full names of its commands.
fn built() -> Command {
    let mut whole = command().disable_help_subcommand(true);
    whole.build();
    whole
}

fn manual(command: &Command) -> Man {
    Man::new(command.clone()).source(concat!("squall ", env!("CARGO_PKG_VERSION")))
}

fn render(manual: &Man) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    manual.render(&mut page)?;
    Ok(page)
}

fn no_such_command(parent: &Command, word: &str) -> CliError {
    let known: Vec<&str> = parent.get_subcommands().map(Command::get_name).collect();
    let name = parent.get_bin_name().unwrap_or("squall");
    let remedy = if known.is_empty() { "it has none".to_owned() } else { format!("write one of {}", known.join(", ")) };
    CliError::options(vec![format!("{name} has no command {word:?}: {remedy}")])
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn script(shell: Shell) -> String {
        let mut script = Vec::new();
        generate(shell, &mut command(), "squall", &mut script);
        String::from_utf8(script).unwrap()
    }

    #[test]
    fn every_shell_completes_every_command() {
        let commands: Vec<String> = command().get_subcommands().map(|below| below.get_name().to_owned()).collect();
        assert!(commands.len() > 15, "{commands:?}");
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in commands.iter().map(String::as_str).chain(["rehearse", "prune", "status", "summary-export"]) {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn each_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(&built(), folder.path()).unwrap();
        let written: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        for page in ["squall.1", "squall-run.1", "squall-plan-rehearse.1", "squall-runs-list.1", "squall-completions.1"]
        {
            assert!(written.contains(&page.to_owned()), "{page}: {written:?}");
        }
        let run = page(&["run".to_owned()]).unwrap();
        for text in ["summary\\-export", "may wait for a virtual user before it is dropped"] {
            assert!(run.contains(text), "{text}: {run}");
        }
        assert!(page(&[]).unwrap().contains(concat!(".TH squall 1  \"squall ", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn a_page_of_no_command_is_refused() {
        let told = |words: &[&str]| {
            page(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap_err().to_string()
        };
        assert!(told(&["plan", "shw"]).contains("squall plan has no command \"shw\": write one of init, check"));
        assert!(told(&["run", "x"]).contains("it has none"));
    }
}
