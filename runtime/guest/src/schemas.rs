//! The schemas of a run: each is compiled once, and shared by all virtual users. Knows no store and no contract.

use std::sync::PoisonError;
// A lock is right here: it is taken when a virtual user gets ready, never for a call.
#[expect(clippy::disallowed_types, reason = "taken when a virtual user gets ready, never for a call")]
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use squall_grpc::{Schema, SchemaError};

/// Most schemas that are kept, and most bytes that they were made of. Others are compiled each time.
const MOST: usize = 64;
const MOST_BYTES: usize = 32 << 20;
/// The stack of the thread that compiles: the compiler calls itself for each level of blocks and imports.
const STACK: usize = 16 << 20;

/// What a schema is made of.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// `.proto` files: names and texts.
    Files(Vec<(String, String)>),
    /// A `FileDescriptorSet`.
    Descriptors(Vec<u8>),
    /// A server's own description, by the server's address.
    Server(String),
}

/// The schemas that were compiled.
#[derive(Debug, Default)]
pub struct Schemas {
    #[expect(clippy::disallowed_types, reason = "taken when a virtual user gets ready, never for a call")]
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    digest: [u8; 32],
    size: usize,
    schema: Schema,
}

impl Source {
    /// Its bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Source::Files(files) => files.iter().map(|(name, text)| name.len() + text.len()).sum(),
            Source::Descriptors(bytes) => bytes.len(),
            Source::Server(_) => 0,
        }
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        };
        match self {
            Source::Files(files) => {
                add(b"files");
                files.iter().for_each(|(name, text)| {
                    add(name.as_bytes());
                    add(text.as_bytes());
                });
            }
            Source::Descriptors(bytes) => {
                add(b"descriptors");
                add(bytes);
            }
            Source::Server(address) => {
                add(b"server");
                add(address.as_bytes());
            }
        }
        digest.finalize().into()
    }

    /// Compiles it, on a thread that has room for that.
    fn compile(self) -> Result<Schema, SchemaError> {
        let compile = move || match self {
            Source::Files(files) => Schema::parse(&files),
            Source::Descriptors(bytes) => Schema::decode(&bytes),
            Source::Server(address) => Err(SchemaError::Source(format!("{address} has not described itself"))),
        };
        let thread = std::thread::Builder::new().name("schema".to_owned()).stack_size(STACK).spawn(compile);
        let broken = |why: &str| Err(SchemaError::Source(format!("the schema could not be compiled: {why}")));
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|_| broken("the compiler failed; please report this as a bug")),
            Err(error) => broken(&error.to_string()),
        }
    }
}

impl Schemas {
    /// The schema of a source, compiled if it is new.
    pub(crate) fn get(&self, source: Source) -> Result<Schema, SchemaError> {
        if let Some(schema) = self.find(&source) {
            return Ok(schema);
        }
        let (digest, size) = (source.digest(), source.size());
        let schema = source.compile()?;
        self.add(Known { digest, size, schema: schema.clone() });
        Ok(schema)
    }

    /// The schema of a source, if it is known.
    pub(crate) fn find(&self, source: &Source) -> Option<Schema> {
        let digest = source.digest();
        let known = self.lock();
        known.iter().find(|known| known.digest == digest).map(|known| known.schema.clone())
    }

    /// Keeps what a server has told of itself.
    pub(crate) fn keep(&self, source: &Source, schema: &Schema) {
        self.add(Known { digest: source.digest(), size: source.size(), schema: schema.clone() });
    }

    fn add(&self, added: Known) {
        let mut known = self.lock();
        let size: usize = known.iter().map(|known| known.size).sum();
        let is_new = known.iter().all(|known| known.digest != added.digest);
        if is_new && known.len() < MOST && size + added.size <= MOST_BYTES {
            known.push(added);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Source {
        Source::Files(vec![("a.proto".to_owned(), text.to_owned())])
    }

    #[test]
    fn a_source_is_compiled_once_and_an_error_is_told_each_time() {
        let schemas = Schemas::default();
        let source = files("syntax = \"proto3\"; message A {} service S { rpc M(A) returns (A); }");
        assert!(schemas.find(&source).is_none());
        assert_eq!(schemas.get(source.clone()).map(|schema| schema.methods()), Ok(vec!["S/M".to_owned()]));
        assert!(schemas.find(&source).is_some() && schemas.lock().len() == 1);
        schemas.get(source).unwrap();
        assert_eq!(schemas.lock().len(), 1);
        assert!(schemas.get(files("message")).is_err() && schemas.get(files("message")).is_err());
    }

    #[test]
    fn texts_and_names_are_told_apart() {
        let source = |name: &str, text: &str| Source::Files(vec![(name.to_owned(), text.to_owned())]);
        assert_ne!(source("ab", "c").digest(), source("a", "bc").digest());
        assert_ne!(Source::Server(String::new()).digest(), Source::Descriptors(Vec::new()).digest());
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let schemas = Schemas::default();
        for number in 0..MOST + 10 {
            schemas.get(files(&format!("syntax = \"proto3\"; message A{number} {{}}"))).unwrap();
        }
        assert_eq!(schemas.lock().len(), MOST);
    }
}
