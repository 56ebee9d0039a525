//! A scenario's file: bytes that are certain to be a component. Nothing of it has run or been compiled yet.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};
use squall_metrics::plain;
use wasmtime::Engine;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

use crate::async_abi;
use crate::compiler;
use crate::contract::{Incompatible, check_import};
use crate::error::GuestError;
use crate::metadata::About;
use crate::requirements::Requirements;
use crate::tally::Tally;

/// A component, with the facts that can be read from it without running it.
#[derive(Debug)]
pub struct Artifact {
    component: Vec<u8>,
    digest: String,
    component_digest: [u8; 32],
    size: usize,
    encoded: bool,
    imports: Vec<Import>,
    exports: Vec<String>,
    sdk: Option<String>,
    about: About,
    needs: Requirements,
}

/// Something that a component imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The interface: `squall:scenario/http@0.1.0`.
    pub name: String,
    /// The functions that it takes from the interface.
    pub functions: Vec<String>,
}

/// The first bytes of every WebAssembly file.
const WASM: &[u8] = b"\0asm";
/// The custom section in which an SDK leaves its name and version.
const SDK_SECTION: &str = "squall:sdk";

impl Artifact {
    /// Reads a file of at most `most` bytes.
    ///
    /// # Errors
    /// If it cannot be read, or as [`Artifact::bounded`].
    pub fn read(path: &Path, most: u64) -> Result<Artifact, GuestError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Artifact::bounded(bytes, most)
    }

    /// As [`Artifact::from_bytes`], of at most `most` bytes.
    ///
    /// # Errors
    /// If there are more, or as [`Artifact::from_bytes`].
    pub fn bounded(bytes: Vec<u8>, most: u64) -> Result<Artifact, GuestError> {
        if bytes.len() as u64 > most { Err(GuestError::TooLarge(most)) } else { Artifact::from_bytes(bytes) }
    }

    /// Takes a component, or a core module that carries component metadata (as Go and `wasm32-unknown-unknown` make
    /// them), which becomes a component here.
    ///
    /// # Errors
    /// If the bytes are neither. Whether the component fits the contract is not asked yet: see [`Artifact::check`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Artifact, GuestError> {
        if Engine::detect_precompiled(&bytes).is_some() {
            return Err(GuestError::Precompiled);
        }
        if !bytes.starts_with(WASM) {
            return Err(GuestError::NotWasm("it does not begin as WebAssembly does".to_owned()));
        }
        let file_digest: [u8; 32] = Sha256::digest(&bytes).into();
        let (size, about) = (bytes.len(), About::of(&bytes));
        let encoded = wasmparser::Parser::is_core_wasm(&bytes);
        let component = if encoded { component_of(bytes)? } else { bytes };
        let component_digest = if encoded { Sha256::digest(&component).into() } else { file_digest };
        let digest = format!("sha256:{}", hex(&file_digest));
        // First, because any other reader of the types pays for their expanded size.
        let tally = Tally::of(&component);
        tally.check().map_err(GuestError::Requirements)?;
        let (resolve, world) = decode(&component)?;
        let (sdk, needs) = (sdk_of(&component), Requirements::from(tally));
        let (imports, exports) = surface(&resolve, world);
        Ok(Artifact { component, digest, component_digest, size, encoded, imports, exports, sdk, about, needs })
    }

    /// The component's bytes.
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// The digest of the component's bytes, which are those of the file if that is a component.
    pub(crate) fn component_digest(&self) -> &[u8; 32] {
        &self.component_digest
    }

    /// `sha256:` and the digest of the file as it came, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The size of the file as it came, in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether it came as a core module and was made a component here.
    pub fn was_encoded(&self) -> bool {
        self.encoded
    }

    /// The functions that it imports: its list of permissions.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The names of its exports.
    pub fn exports(&self) -> &[String] {
        &self.exports
    }

    /// Whether it makes requests by the standard's interface.
    pub(crate) fn uses_wasi_http(&self) -> bool {
        self.imports.iter().any(|import| import.name.starts_with("wasi:http/"))
    }

    /// The SDK that it was made with, if its SDK recorded that.
    pub fn sdk(&self) -> Option<&str> {
        self.sdk.as_deref()
    }

    /// The component's own description of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The resources that one instance of it needs.
    pub fn needs(&self) -> &Requirements {
        &self.needs
    }

    /// Whether the component fits the contract: it is a scenario, and asks for nothing that this host does not have.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self) -> Result<(), Incompatible> {
        if let Some(what) = async_abi::first_use(&self.component) {
            return Err(Incompatible::Async(what.to_owned()));
        }
        for import in &self.imports {
            check_import(&import.name, import.functions.iter().map(String::as_str))?;
        }
        for missing in ["describe", "run"] {
            if !self.exports.iter().any(|export| export == missing) {
                return Err(Incompatible::NotAScenario { missing });
            }
        }
        Ok(())
    }
}

/// Makes a component of a core module with metadata. A stranger's metadata may expand to any size, so a limited process
/// does it.
fn component_of(module: Vec<u8>) -> Result<Vec<u8>, GuestError> {
    if has_component_metadata(&module) { compiler::encode(module) } else { Err(GuestError::PlainModule) }
}

/// Makes a component of a core module, here.
pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoder = ComponentEncoder::default().validate(true).module(module).and_then(|encoder| {
        encoder.adapter(
            wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )
    });
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| format!("{error:#}"))
}

/// Custom sections of the module or component itself, without those nested in it.
fn custom_sections(wasm: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
    wasmparser::Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(wasmparser::Payload::CustomSection(section)) => Some((section.name().to_owned(), section.data().to_owned())),
        _ => None,
    })
}

fn has_component_metadata(module: &[u8]) -> bool {
    custom_sections(module).any(|(name, _)| name.starts_with("component-type"))
}

fn sdk_of(component: &[u8]) -> Option<String> {
    let (_, data) = custom_sections(component).find(|(name, _)| name == SDK_SECTION)?;
    let text = String::from_utf8(data).ok()?;
    // Several parts of one program may each have left the same words.
    let text = text.trim_matches(|letter: char| letter.is_control());
    let line = text.split(['\0', '\n']).next()?.trim();
    (!line.is_empty() && line.len() <= 100).then(|| plain(line).into_owned())
}

fn decode(component: &[u8]) -> Result<(Resolve, WorldId), GuestError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        GuestError::NotWasm(one_line(&format!("its interface cannot be read: {error:#}")))
    };
    // The decoder allocates the size that a section announces, up to 4 GiB. So the announced sizes are checked here
    // first.
    if let Some(error) = wasmparser::Parser::new(0).parse_all(component).find_map(Result::err) {
        return Err(unreadable(&error));
    }
    match wit_component::decode(component) {
        Ok(DecodedWasm::Component(resolve, world)) => Ok((resolve, world)),
        Ok(DecodedWasm::WitPackage(..)) => {
            Err(GuestError::NotWasm("this file holds WIT definitions, not a program".to_owned()))
        }
        Err(error) => Err(unreadable(&error)),
    }
}

fn surface(resolve: &Resolve, world: WorldId) -> (Vec<Import>, Vec<String>) {
    let world = &resolve.worlds[world];
    // Names have no characters that steer, as long as the component is valid; that is not known yet.
    let name = |key: &WorldKey| plain(&resolve.name_world_key(key)).into_owned();
    let imports =
        world.imports.iter().map(|(key, item)| Import { name: name(key), functions: functions(resolve, item) });
    (imports.collect(), world.exports.keys().map(name).collect())
}

fn functions(resolve: &Resolve, item: &WorldItem) -> Vec<String> {
    match item {
        WorldItem::Interface { id, .. } => {
            resolve.interfaces[*id].functions.keys().map(|name| plain(name).into_owned()).collect()
        }
        WorldItem::Function(function) => vec![plain(&function.name).into_owned()],
        WorldItem::Type { .. } => Vec::new(),
    }
}

/// An error text without line feeds, and with nothing that steers: it may hold names of the component's.
pub(crate) fn one_line(text: &str) -> String {
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_wasm() {
        let error = Artifact::from_bytes(b"hello, world".to_vec()).expect_err("text");
        assert!(matches!(error, GuestError::NotWasm(_)), "{error}");
    }

    #[test]
    fn a_section_that_says_it_has_gigabytes_gets_no_room_for_them() {
        // A custom section of 4 GiB less a byte, and a code section in a module of as much.
        for rest in [
            &[0, 0xff, 0xff, 0xff, 0xff, 0x0f][..],
            &[1, 0xfb, 0xff, 0xff, 0xff, 0x0f, 0, b'a', b's', b'm', 1, 0, 0, 0],
        ] {
            let wasm = [b"\0asm\x0d\0\x01\0", rest].concat();
            let mut artifact = None;
            let took = squall_fuzzing::most_held(|| artifact = Some(Artifact::from_bytes(wasm)));
            assert!(took < 1 << 20, "{took} bytes");
            let error = artifact.expect("an answer").expect_err("damaged").to_string();
            assert!(error.contains("its interface cannot be read"), "{error}");
        }
    }

    #[test]
    fn an_error_with_a_name_of_the_component_s_steers_nothing() {
        assert_eq!(one_line("no export\n named `a\u{1b}[2J`: ##vso[x]"), "no export named `a\u{fffd}[2J`: # #vso[x]");
    }

    #[test]
    fn a_module_without_metadata_gets_advice() {
        let error = Artifact::from_bytes(b"\0asm\x01\0\0\0".to_vec()).expect_err("empty module");
        assert!(error.to_string().contains("wasm32-wasip2"), "{error}");
    }

    #[test]
    fn the_name_of_an_sdk_steers_nothing() {
        let text = "##vso[task.complete] \u{202e}js";
        let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
        wasm.extend([0, (1 + SDK_SECTION.len() + text.len()) as u8, SDK_SECTION.len() as u8]);
        wasm.extend(SDK_SECTION.bytes().chain(text.bytes()));
        let artifact = Artifact::from_bytes(wasm).expect("a component");
        assert_eq!(artifact.sdk(), Some("# #vso[task.complete] \u{fffd}js"));
    }

    /// A core module for the world `scenario` whose functions all trap, with the metadata of `wit-bindgen`.
    fn module_with_metadata() -> Vec<u8> {
        let mut resolve = Resolve::default();
        let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let (package, _) = resolve.push_dir(wit).expect("the contract parses");
        let world = resolve.select_world(&[package], Some("scenario")).expect("the world is there");
        let mut module = wit_component::dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
        wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
            .expect("metadata");
        module
    }

    #[test]
    fn a_module_with_metadata_becomes_a_component() {
        let artifact = Artifact::from_bytes(module_with_metadata()).expect("encodes");
        assert!(artifact.was_encoded());
        assert_eq!(artifact.check(), Ok(()));
    }

    #[test]
    fn every_function_of_the_contract_is_offered() {
        let artifact = Artifact::from_bytes(module_with_metadata()).expect("encodes");
        let send_all = artifact.imports().iter().flat_map(|import| &import.functions).any(|name| name == "send-all");
        assert!(send_all, "the dummy imports everything: {:?}", artifact.imports());
    }

    #[test]
    fn an_empty_component_is_no_scenario() {
        let artifact = Artifact::from_bytes(b"\0asm\x0d\0\x01\0".to_vec()).expect("a component");
        assert_eq!(artifact.check(), Err(Incompatible::NotAScenario { missing: "describe" }));
    }
}
