//! Components that were built, kept for as long as what went into them is the same: a run of unchanged source calls no tool.
//!
//! A record is named by the source's path, the options and the SDKs. It lists the files that went into the component, with
//! one digest of them all, and the tools. Tools that are not on the PATH any more are not asked about.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use squall_files::{PrivateFolder, mark_used};

use crate::build::ScriptOptions;
use crate::error::BuildError;
use crate::inputs::{self, hex};
use crate::language::Language;
use crate::sdk::Sdk;
use crate::source::Source;
use crate::store::Store;

/// What is kept of components that were built, in bytes. What was not used for longest goes.
pub const BUILT_LIMIT: u64 = 500_000_000;
const FOLDER: &str = "built";
/// A file whose time is that of the beginning of a build.
const BEGAN: &str = "began";
/// More than a record takes.
const LONGEST_RECORD: u64 = 8 << 20;

/// Variables that tools take options from.
const VARIABLES: [&str; 7] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "CARGO_BUILD_TARGET_DIR",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "CFLAGS",
];

/// The place of a source's component in the store.
pub struct Shelf {
    path: PathBuf,
    folder: PrivateFolder,
    key: String,
    language: Language,
}

/// A component that was found or built.
pub struct Kept {
    /// Its file.
    pub component: PathBuf,
    /// The files that the host is to hold for it, by the names that it opens.
    pub data: BTreeMap<String, PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// The digest of the component, which is its file's name.
    component: String,
    data: BTreeMap<String, PathBuf>,
    inputs: Vec<PathBuf>,
    digest: String,
    tools: BTreeMap<String, String>,
}

impl Shelf {
    /// That of a source which is built with these options.
    ///
    /// # Errors
    /// If the store has no folder for it.
    pub fn of(source: &Source, script: ScriptOptions, sdk: &Sdk, store: &Store) -> Result<Shelf, BuildError> {
        let (path, folder) = store.private(FOLDER)?;
        let mut key = Sha256::new();
        key.update(format!("{} {} {script:?} {}", env!("CARGO_PKG_VERSION"), sdk.digest(), source.path().display()));
        for name in VARIABLES {
            key.update(format!("\n{name}={}", env::var(name).unwrap_or_default()));
        }
        Ok(Shelf { path, folder, key: hex(&key.finalize()), language: source.language })
    }

    /// The component, if what it was built from is as it was.
    pub fn find(&self) -> Option<Kept> {
        let record = serde_json::from_slice::<Record>(&self.read_record()?).ok()?;
        if !record.tools.iter().all(|(name, identity)| identify(name).is_none_or(|now| now == *identity))
            || inputs::digest(&record.inputs) != record.digest
        {
            return None;
        }
        let name = format!("{}.wasm", record.component);
        mark_used(&self.folder.file(&name).ok()?);
        Some(Kept { component: self.path.join(name), data: record.data })
    }

    fn read_record(&self) -> Option<Vec<u8>> {
        let file = self.folder.file(&self.record()).ok()?;
        mark_used(&file);
        let mut bytes = Vec::new();
        file.take(LONGEST_RECORD).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn record(&self) -> String {
        format!("{}.json", self.key)
    }

    /// A new folder to build in.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn workbench(&self) -> Result<Workbench, BuildError> {
        let path = self.path.join(format!(".{}-{}", std::process::id(), self.key.get(..12).unwrap_or_default()));
        let _ = fs::remove_dir_all(&path); // An earlier process of the same number was stopped.
        let made = PrivateFolder::create(&path).and_then(|folder| folder.write(BEGAN, &[]));
        made.map_err(|error| BuildError::at(&path, error))?;
        Ok(Workbench(path))
    }

    /// Keeps a component that was built from these files. If an author has saved one meanwhile, the next run builds again.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn keep(&self, bench: &Workbench, inputs: Vec<PathBuf>) -> Result<Kept, BuildError> {
        let built = bench.component();
        let bytes = fs::read(&built).map_err(|error| BuildError::at(&built, error))?;
        let component = hex(&Sha256::digest(&bytes));
        let name = format!("{component}.wasm");
        let wrong = |error| BuildError::at(&self.path, error);
        self.folder.write(&name, &[&bytes]).map_err(wrong)?;
        let data = bench.data()?;
        let is_current = !bench.began().is_none_or(|began| inputs::changed_since(&inputs, began));
        let tools = tools(self.language).iter().filter_map(|name| Some(((*name).to_owned(), identify(name)?)));
        let digest = inputs::digest(&inputs);
        let record = Record { component, data: data.clone(), inputs, digest, tools: tools.collect() };
        if let (true, Ok(record)) = (is_current, serde_json::to_vec(&record)) {
            self.folder.write(&self.record(), &[&record]).map_err(wrong)?;
        }
        self.folder.evict(BUILT_LIMIT).map_err(wrong)?;
        Ok(Kept { component: self.path.join(name), data })
    }
}

/// A folder for one build, which goes with this.
pub struct Workbench(PathBuf);

impl Workbench {
    /// Where a language's tool puts the component.
    pub fn component(&self) -> PathBuf {
        self.0.join("component.wasm")
    }

    /// Where it lists the files that the host is to hold, if there are any.
    pub fn data_list(&self) -> PathBuf {
        self.0.join("data.json")
    }

    /// Where it lists the files that it has read.
    pub fn input_list(&self) -> PathBuf {
        self.0.join("inputs.json")
    }

    fn data(&self) -> Result<BTreeMap<String, PathBuf>, BuildError> {
        let list = self.data_list();
        let text = fs::read(&list).unwrap_or_else(|_| b"{}".to_vec());
        serde_json::from_slice(&text).map_err(|error| BuildError::at(&list, error))
    }

    /// When the build began, by the clock of the file system.
    fn began(&self) -> Option<SystemTime> {
        fs::metadata(self.0.join(BEGAN)).ok()?.modified().ok()
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // What stays is in no one's way, and the next build there removes it.
    }
}

/// The programs whose versions decide about a component. Those of the other languages come with the SDKs.
fn tools(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["cargo", "rustc"],
        Language::Go => &["go"],
        Language::C => &["zig"],
        Language::TypeScript | Language::JavaScript | Language::Python => &[],
    }
}

/// What changes with another version of a program on the PATH.
fn identify(program: &str) -> Option<String> {
    let path =
        env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())?;
    let path = path.canonicalize().ok()?;
    let metadata = File::open(&path).and_then(|file| file.metadata()).ok()?;
    let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(format!("{} {} {}", path.display(), metadata.len(), time.as_nanos()))
}
