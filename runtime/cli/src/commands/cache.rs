//! `squall cache`: what is kept for the next time, how large it is, and how to be rid of it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use squall_files::user_cache;
use squall_guest::CODE_CACHE_LIMIT;
use squall_report::{Align, bytes, table};
use squall_toolchain::BUILT_LIMIT;

use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// `squall cache`.
#[derive(Debug, Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    action: CacheAction,
}

#[derive(Debug, Subcommand)]
enum CacheAction {
    /// Show what is kept, where, and how large it is.
    Show,
    /// Remove what is kept. It is made or fetched again when it is needed.
    Clear(ClearArgs),
}

#[derive(Debug, Args)]
struct ClearArgs {
    /// Only these kinds.
    #[arg(value_name = "KIND")]
    kinds: Vec<Kind>,
}

/// What is kept. Each has a folder of its name in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Built,
    Code,
    Artifacts,
    Sdk,
    Tools,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Kind] {
        &[Kind::Built, Kind::Code, Kind::Artifacts, Kind::Sdk, Kind::Tools]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.folder()).help(self.describe()))
    }
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Kind::Built => "built",
            Kind::Code => "code",
            Kind::Artifacts => "artifacts",
            Kind::Sdk => "sdk",
            Kind::Tools => "tools",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Kind::Built => "components that were built from source",
            Kind::Code => "machine code that components were compiled to",
            Kind::Artifacts => "components that were pulled from registries",
            Kind::Sdk => "SDKs, out of this program",
            Kind::Tools => "build tools, from npm and PyPI",
        }
    }

    /// The size that is kept to by removing what was not used for longest.
    fn limit(self) -> Option<u64> {
        match self {
            Kind::Built => Some(BUILT_LIMIT),
            Kind::Code => Some(CODE_CACHE_LIMIT),
            Kind::Artifacts | Kind::Sdk | Kind::Tools => None,
        }
    }
}

/// Does what the arguments say.
pub fn cache(arguments: &CacheArgs) -> Result<u8, CliError> {
    let no_place = || CliError::options(vec!["there is no cache: set HOME or XDG_CACHE_HOME".to_owned()]);
    let folder = user_cache().ok_or_else(no_place)?;
    let text = match &arguments.action {
        CacheAction::Show => show(&folder),
        CacheAction::Clear(ClearArgs { kinds }) if kinds.is_empty() => clear(&folder, Kind::value_variants())?,
        CacheAction::Clear(ClearArgs { kinds }) => clear(&folder, kinds)?,
    };
    print(&text)?;
    Ok(exit::PASSED)
}

fn show(folder: &Path) -> String {
    let head = ["kind", "size", "at most", "content"].map(str::to_owned).to_vec();
    let sizes: Vec<u64> = Kind::value_variants().iter().map(|kind| size(&folder.join(kind.folder()))).collect();
    let row = |(kind, size): (&Kind, &u64)| {
        let limit = kind.limit().map_or("-".to_owned(), |limit| bytes(limit as f64));
        vec![kind.folder().to_owned(), bytes(*size as f64), limit, kind.describe().to_owned()]
    };
    let total =
        vec!["all".to_owned(), bytes(sizes.iter().sum::<u64>() as f64), String::new(), folder.display().to_string()];
    let rows: Vec<_> =
        [head].into_iter().chain(Kind::value_variants().iter().zip(&sizes).map(row)).chain([total]).collect();
    table(0, &[Align::Left, Align::Right, Align::Right, Align::Left], &rows)
}

fn clear(folder: &Path, kinds: &[Kind]) -> Result<String, CliError> {
    let mut removed = 0;
    for kind in kinds {
        let path = folder.join(kind.folder());
        let bytes = size(&path);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(CliError::file("cache clear", &path, error));
            }
            _ => removed += bytes,
        }
    }
    Ok(format!("removed {} from {}\n", bytes(removed as f64), folder.display()))
}

/// The bytes of all files in a folder. Links are not followed.
fn size(folder: &Path) -> u64 {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    bytes
}
