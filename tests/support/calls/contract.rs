//! The callable functions: the contract, WASI and `wasi:http`, by the WIT of the linked version of wasmtime.

use std::path::{Path, PathBuf};
use std::process::Command;

use wit_parser::{Function, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem};

use crate::support::program::root;

/// The interfaces of a scenario.
pub struct Contract {
    pub(super) resolve: Resolve,
    pub(super) world: WorldId,
}

/// A function, with the interface that it is imported from.
pub(super) struct Callee<'a> {
    pub(super) interface: String,
    pub(super) function: &'a Function,
}

impl Contract {
    pub fn load() -> Contract {
        let mut resolve = Resolve::default();
        resolve.push_dir(root().join("wit")).expect("the contract parses");
        resolve.push_dir(wit_of_wasi()).expect("WASI parses");
        let wasi = resolve.packages.iter().map(|(_, package)| &package.name);
        let wasi = wasi.filter(|name| name.namespace == "wasi" && name.name == "cli");
        let version = wasi.filter_map(|name| name.version.clone()).next().expect("it has a version");
        let world = format!(
            "package test:calls;
             world calls {{
               include squall:scenario/scenario@0.1.0;
               import squall:scenario/progress@0.1.0;
               include wasi:cli/imports@{version};
               import wasi:http/types@{version};
               import wasi:http/outgoing-handler@{version};
             }}"
        );
        let package = resolve.push_str("calls.wit", &world).expect("the world parses");
        let world = resolve.select_world(&[package], None).expect("there is one");
        Contract { resolve, world }
    }

    /// The callable functions by interface, those of Squall's contract first.
    pub(super) fn callees(&self) -> Vec<Callee<'_>> {
        let mut callees = Vec::new();
        for (key, item) in &self.resolve.worlds[self.world].imports {
            let WorldItem::Interface { id, .. } = item else { continue };
            let interface = self.resolve.name_world_key(key);
            for function in self.resolve.interfaces[*id].functions.values() {
                callees.push(Callee { interface: interface.clone(), function });
            }
        }
        callees.sort_by_key(|callee| !callee.is_ours());
        callees
    }

    /// The names of all functions, as in the guest's checks.
    pub fn names(&self) -> Vec<String> {
        self.callees().iter().map(Callee::name).collect()
    }

    /// The end of a chain of `use`.
    pub(super) fn resource(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = &self.resolve.types[id].kind {
            id = *next;
        }
        id
    }

    pub(super) fn resources(&self) -> Vec<TypeId> {
        let types = self.resolve.types.iter();
        let used = |owner: &TypeOwner| {
            let imports = self.resolve.worlds[self.world].imports.values();
            imports.into_iter().any(|item| {
                matches!((item, owner), (WorldItem::Interface { id, .. }, TypeOwner::Interface(owner)) if id == owner)
            })
        };
        let resources =
            types.filter(|(_, definition)| matches!(definition.kind, TypeDefKind::Resource) && used(&definition.owner));
        resources.map(|(id, _)| id).collect()
    }

    /// The interface of a resource, and its name in it.
    pub(super) fn place(&self, resource: TypeId) -> (String, &str) {
        let definition = &self.resolve.types[resource];
        let TypeOwner::Interface(owner) = definition.owner else { panic!("resources are of interfaces") };
        let interface = self.resolve.id_of(owner).expect("it has a name");
        (interface, definition.name.as_deref().expect("it has a name"))
    }
}

impl Callee<'_> {
    pub(super) fn is_ours(&self) -> bool {
        self.interface.starts_with("squall:")
    }

    pub(super) fn name(&self) -> String {
        format!("{}#{}", self.interface, self.function.name)
    }
}

/// The interfaces are in the library that implements them.
fn wit_of_wasi() -> PathBuf {
    let compiler = output_of(Command::new("rustc").arg("-vV"));
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: ")).expect("it says so");
    let mut cargo = Command::new(env!("CARGO"));
    // Interfaces for other systems are not there.
    cargo.args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host]);
    let metadata: serde_json::Value = serde_json::from_str(&output_of(&mut cargo)).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let library = packages.iter().find(|package| package["name"] == "wasmtime-wasi-http").expect("it is used");
    let manifest = Path::new(library["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").join("wit")
}

fn output_of(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().expect("it is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
