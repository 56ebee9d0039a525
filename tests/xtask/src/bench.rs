//! Compares Squall with similar tools: same server, same machine, same minutes.
//!
//! The server has the first core, the client the second. Clients take turns, round after round, so that other load on
//! the machine affects all of them. The result is requests per second of the client's own CPU time.

mod client;
mod costs;
mod languages;
mod memory;
mod number;
mod process;
mod server;
mod table;
mod tools;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::guests;
use crate::repository::{Repository, run};
use client::{Client, Race};
use server::Server;
use table::Results;
use tools::Tools;

pub use memory::measure as memory;

/// The options.
struct Options {
    seconds: u32,
    rounds: u32,
    connections: u32,
    only: Option<String>,
    build_oha: bool,
    languages: bool,
}

/// A benchmark's environment: its programs, its server, and its folder.
struct Bench<'a> {
    squall: PathBuf,
    folder: PathBuf,
    repository: &'a Repository,
}

impl<'a> Bench<'a> {
    /// Builds Squall and the guests, and creates the folder.
    fn prepare(repository: &'a Repository) -> Result<Bench<'a>> {
        if std::thread::available_parallelism()?.get() < 2 {
            bail!("a benchmark needs two cores, one for the server and one for the client");
        }
        run(repository.cargo().args(["build", "--quiet", "--profile", "dist", "--package", "squall"]))?;
        Bench::with(repository, repository.cargo_target().join("dist/squall"))
    }

    /// With an existing program; builds the guests, and creates the folder.
    fn with(repository: &'a Repository, squall: PathBuf) -> Result<Bench<'a>> {
        guests::build(repository)?;
        let folder = repository.path("target/bench/run");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Bench { squall, folder, repository })
    }
}

/// `cargo xtask bench`: runs the clients in turn and prints the tables.
pub fn compare(repository: &Repository, arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let bench = Bench::prepare(repository)?;
    let tools = Tools::find(repository, options.build_oha)?;
    let server = Server::start(&bench, &tools)?;
    let mut clients = client::all(&bench, &tools, server.port(), options.connections);
    if options.languages {
        clients.extend(languages::clients(&bench, server.port(), options.connections)?);
    }
    let clients: Vec<Client> = clients
        .into_iter()
        .filter(|client| options.only.as_ref().is_none_or(|name| client.name.starts_with(name.as_str())))
        .collect();
    if clients.is_empty() {
        bail!("no client's name begins with {:?}", options.only.unwrap_or_default());
    }

    let duration = Duration::from_secs(options.seconds.into());
    let mut results = Results::default();
    for round in 1..=options.rounds {
        for client in &clients {
            println!("round {round} of {}: {}, {}", options.rounds, client.race.title(), client.name);
            let turn = client.take_turn(&bench.folder, duration)?;
            results.add(client.race, client.name, turn);
        }
    }
    drop(server);
    println!();
    for race in Race::ALL {
        print!("{}", results.table(race));
    }
    Ok(())
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Options> {
        let mut options =
            Options { seconds: 5, rounds: 3, connections: 50, only: None, build_oha: false, languages: false };
        let mut words = arguments.iter();
        while let Some(&word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word {
                "--seconds" => options.seconds = number_in(value()?, 1, 60)?,
                "--rounds" => options.rounds = number_in(value()?, 1, 20)?,
                "--connections" => options.connections = number_in(value()?, 1, 10_000)?,
                "--only" => options.only = Some((*value()?).to_owned()),
                "--oha" => options.build_oha = true,
                "--languages" => options.languages = true,
                _ => bail!("`bench` has no option {word:?}"),
            }
        }
        Ok(options)
    }
}

/// A number from the command line, within bounds, so that a benchmark ends by itself.
fn number_in(text: &str, least: u32, most: u32) -> Result<u32> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => bail!("{text:?} is not a number from {least} to {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_options() {
        let options = Options::parse(&["--seconds", "2", "--only", "k6", "--oha"]).unwrap();
        assert_eq!((options.seconds, options.rounds, options.connections), (2, 3, 50));
        assert!(options.only.as_deref() == Some("k6") && options.build_oha);
        for wrong in [&["--seconds"][..], &["--seconds", "0"], &["--rounds", "x"], &["--vus", "3"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
