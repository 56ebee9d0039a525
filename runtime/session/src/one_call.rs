//! `squall run grpc://HOST/package.Service/Method`: the flags of a URL, turned into options of the embedded one-call
//! scenario.

use std::fs;
use std::path::{Path, PathBuf};

use squall_grpc::{Schema, SchemaError};
use squall_plan::{DataFormat, DataOptions, Options};

use crate::error::Error;
use crate::one_request::{self, RequestSettings};

/// The scenario behind it, built from `guest-examples/call/rust`.
pub const COMPONENT: &[u8] = include_bytes!("../../cli/assets/call.wasm");

/// What the scenario calls the file of `--protoset`.
const PROTOSET: &str = "protoset";
/// Stands behind each name and each text of the `.proto` files.
const SEPARATOR: char = '\u{1f}';
/// Most `.proto` files, those that are imported among them.
const MOST_FILES: usize = 1_000;

/// Where the types of messages are; without any, the server is asked.
#[derive(Clone, Debug, Default)]
pub struct SchemaSettings {
    /// `.proto` files. Those that they import are found beside them, or in the folders above.
    pub protos: Vec<PathBuf>,
    /// A file of descriptors.
    pub protoset: Option<PathBuf>,
}

/// A call, as it is named: "grpc://HOST:PORT/package.Service/Method".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCall {
    /// "grpc://HOST:PORT".
    address: String,
    /// "package.Service/Method".
    method: String,
}

impl NamedCall {
    /// Reads a name with the scheme `grpc` or `grpcs`; none if it has another.
    ///
    /// # Errors
    /// If it names no server and no method.
    pub fn parse(named: &str) -> Result<Option<NamedCall>, Error> {
        let Some((scheme, rest)) = named.split_once("://") else { return Ok(None) };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "grpc" && scheme != "grpcs" {
            return Ok(None);
        }
        let (authority, method) = rest.split_once('/').unwrap_or((rest, ""));
        let is_method = method.split_once('/').is_some_and(|(service, method)| {
            !service.is_empty() && !method.is_empty() && !method.contains(['/', '?', '#'])
        });
        if authority.is_empty() || authority.contains('@') || !is_method {
            let hint = "write grpc://HOST:PORT/package.Service/Method (grpcs:// with TLS)";
            return Err(Error::option(format!("{named} does not name a call: {hint}")));
        }
        Ok(Some(NamedCall { address: format!("{scheme}://{authority}"), method: method.to_owned() }))
    }

    /// The URL that its requests go to.
    pub fn url(&self) -> String {
        let rest = self.address.trim_start_matches("grpc");
        format!("http{rest}/{}", self.method)
    }
}

/// What the flags mean for the plan, over `typed`, the other options of the command line.
///
/// # Errors
/// If a file cannot be read, or a flag makes no sense for a call.
pub fn options(
    call: &NamedCall,
    request: &RequestSettings,
    schema: &SchemaSettings,
    mut typed: Options,
) -> Result<Options, Error> {
    if request.method.is_some() {
        return Err(Error::option(
            "--method goes with an HTTP URL; the method of a call is part of its name".to_owned(),
        ));
    }
    let metadata: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let env = &mut typed.env;
    env.insert("SQUALL_ADDRESS".to_owned(), call.address.clone());
    env.insert("SQUALL_METHOD".to_owned(), call.method.clone());
    env.insert("SQUALL_METADATA".to_owned(), metadata.join("\n"));
    let message = request.body.as_deref().map(message_of).transpose()?;
    if !schema.protos.is_empty() {
        let files = with_imports(&schema.protos)?;
        check(&call.method, message.as_deref(), Schema::parse(&files))?;
        let written = files.into_iter().map(|(name, text)| format!("{name}{SEPARATOR}{text}{SEPARATOR}"));
        env.insert("SQUALL_PROTO_FILES".to_owned(), written.collect());
    }
    if let Some(message) = message {
        env.insert("SQUALL_MESSAGE".to_owned(), message);
    }
    if let Some(file) = &schema.protoset {
        env.insert("SQUALL_PROTOSET".to_owned(), PROTOSET.to_owned());
        let held = DataOptions { file: Some(file.clone()), format: Some(DataFormat::File), ..DataOptions::default() };
        typed.data.insert(PROTOSET.to_owned(), held);
    }
    Ok(one_request::with_load(request, typed))
}

/// Better to say it once, before the run, than with every call.
fn check(name: &str, message: Option<&str>, schema: Result<Schema, SchemaError>) -> Result<(), Error> {
    let method = schema.and_then(|schema| schema.method(name)).map_err(|error| Error::option(error.to_string()))?;
    method.encode(message.unwrap_or_default()).map_err(|error| Error::option(error.to_string()))?;
    Ok(())
}

/// The options that only make sense with a call, where there is none.
pub fn misplaced(schema: &SchemaSettings) -> Option<Error> {
    let given = [("--proto", !schema.protos.is_empty()), ("--protoset", schema.protoset.is_some())];
    let (flag, _) = given.into_iter().find(|(_, given)| *given)?;
    Some(Error::option(format!("{flag} goes with a call: grpc://HOST:PORT/package.Service/Method")))
}

/// A message as JSON: text, or `@FILE`.
fn message_of(text: &str) -> Result<String, Error> {
    let Some(file) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    read("--body", Path::new(file))
}

fn read(option: &'static str, path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File { option, path: path.to_owned(), source })
}

/// Names and texts of the files, and of all that they import.
fn with_imports(files: &[PathBuf]) -> Result<Vec<(String, String)>, Error> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut missing: Vec<(String, PathBuf)> =
        files.iter().map(|path| (path.display().to_string(), path.clone())).collect();
    while let Some((name, path)) = missing.pop() {
        if found.iter().any(|(known, _)| *known == name) {
            continue;
        }
        if found.len() >= MOST_FILES {
            return Err(Error::option(format!("--proto: more than {MOST_FILES} files with those that they import")));
        }
        let text = read("--proto", &path)?;
        for import in imports(&text) {
            missing.extend(beside(&path, import).map(|path| (import.to_owned(), path)));
        }
        found.push((name, text));
    }
    Ok(found)
}

/// What a `.proto` file imports.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("import")?.trim_start();
        let rest = rest.strip_prefix("public").or_else(|| rest.strip_prefix("weak")).unwrap_or(rest).trim_start();
        rest.strip_prefix('"')?.split_once('"').map(|(name, _)| name)
    })
}

/// An imported file, in the folder of the one that imports it or in one above. The well-known types are in none.
fn beside(importing: &Path, import: &str) -> Option<PathBuf> {
    let folders = importing.parent()?.ancestors();
    folders.map(|folder| folder.join(import)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_server_service_and_method() {
        let call = NamedCall::parse("grpc://127.0.0.1:50051/greeter.v1.Greeter/Hello").unwrap().unwrap();
        assert_eq!((&*call.address, &*call.method), ("grpc://127.0.0.1:50051", "greeter.v1.Greeter/Hello"));
        assert_eq!(call.url(), "http://127.0.0.1:50051/greeter.v1.Greeter/Hello");
        let call = NamedCall::parse("GRPCS://a/p.S/M").unwrap().unwrap();
        assert_eq!(call.url(), "https://a/p.S/M");
        assert_eq!(NamedCall::parse("http://a/b/c").unwrap(), None);
        for wrong in ["grpc://a:1", "grpc://a:1/p.S", "grpc:///p.S/M", "grpc://a/p.S/", "grpc://a/p.S/M/x"] {
            let error = NamedCall::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("write grpc://HOST:PORT/package.Service/Method"), "{error}");
        }
    }

    #[test]
    fn imports_are_found_beside_a_file_and_above() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "a/b/main.proto",
            "import \"side.proto\";\n  import public \"a/above.proto\";\nimport \"google/x.proto\";",
        );
        write("a/b/side.proto", "// import \"nothing.proto\";");
        write("a/above.proto", "import\"side.proto\"; message A {}");
        let main = folder.path().join("a/b/main.proto");
        let files = with_imports(std::slice::from_ref(&main)).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [&*main.display().to_string(), "a/above.proto", "side.proto"]);
    }
}
