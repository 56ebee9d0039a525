//! The format of a Wasm artifact: its manifest and its configuration.
//!
//! The fields are those of the crate `oci-wasm`, which `wkg` reads and writes. JSON without white space and with sorted
//! keys; the layer is the unchanged file. `created` is always the beginning of Unix time, so that the same file always
//! has the same digest.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::digest::Digest;
use crate::error::{RegistryError, shown};
use crate::reference::Reference;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The media type of tools from before the working group's agreement; Spin and older `wasm-to-oci` still use it.
const LAYERS: [&str; 2] = [LAYER, "application/vnd.wasm.content.layer.v1+wasm"];
const TITLE: &str = "org.opencontainers.image.title";
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The description of a file.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The file's name, for tools that write it to disk.
    pub title: String,
    /// Its imports and exports; `None` for a core module.
    pub surface: Option<Surface>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A component's interfaces.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    /// Names of its exports.
    pub exports: Vec<String>,
    /// Names of its imports.
    pub imports: Vec<String>,
}

/// The artifact's parts besides the file.
pub(crate) struct Packed {
    pub config: Bytes,
    pub manifest: Bytes,
}

impl Packed {
    pub fn of(wasm: &[u8], about: &About) -> Packed {
        let layer = Digest::of(wasm);
        let component = about
            .surface
            .as_ref()
            .map(|surface| json!({ "exports": surface.exports, "imports": surface.imports, "target": Value::Null }));
        let config = json!({
            "created": CREATED,
            "author": Value::Null,
            "architecture": "wasm",
            "os": if component.is_some() { "wasip2" } else { "wasip1" },
            "layerDigests": [layer.as_str()],
            "component": component,
        });
        let config = Bytes::from(config.to_string());
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": Digest::of(&config).as_str(), "size": config.len() },
            "layers": [{
                "mediaType": LAYER,
                "digest": layer.as_str(),
                "size": wasm.len(),
                "annotations": { TITLE: about.title },
            }],
        });
        if !about.annotations.is_empty() {
            manifest["annotations"] = json!(about.annotations);
        }
        Packed { config, manifest: Bytes::from(manifest.to_string()) }
    }
}

/// The relevant parts of a pulled manifest.
pub(crate) struct Manifest {
    /// The file.
    pub layer: Digest,
    /// Its size in bytes, by the manifest; 0 without one.
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    media_type: Option<String>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
}

impl Manifest {
    pub fn read(reference: &Reference, bytes: &[u8]) -> Result<Manifest, RegistryError> {
        let not = |problem: String| RegistryError::NotWasm { reference: reference.to_string(), problem };
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|error| not(format!("its manifest does not parse: {}", shown(&error.to_string()))))?;
        let kind = written.media_type.unwrap_or_default();
        if kind == INDEX || kind.contains("manifest.list") {
            return Err(not("it is an image for several platforms".to_owned()));
        }
        match written.layers.as_slice() {
            [layer] if LAYERS.contains(&layer.media_type.as_str()) => {
                Ok(Manifest { layer: shown(&layer.digest).parse().map_err(not)?, size: layer.size })
            }
            [] => Err(not("it has no layer".to_owned())),
            [layer] => Err(not(format!("its layer is {}, not {LAYER}", shown(&layer.media_type)))),
            layers if layers.iter().all(|layer| !LAYERS.contains(&layer.media_type.as_str())) => {
                Err(not(format!("it is a container image or the like, with {} layers", layers.len())))
            }
            layers => Err(not(format!("it has {} layers, where a scenario has one", layers.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somewhere() -> Reference {
        "oci://localhost:5000/shop:1".parse().unwrap()
    }

    fn about() -> About {
        let surface =
            Surface { exports: vec!["run".to_owned()], imports: vec!["squall:scenario/http@0.1.0".to_owned()] };
        About { title: "shop.wasm".to_owned(), surface: Some(surface), annotations: BTreeMap::new() }
    }

    #[test]
    fn the_manifest_has_exactly_this_shape() {
        let packed = Packed::of(b"\0asm", &about());
        assert_eq!(
            String::from_utf8_lossy(&packed.config),
            concat!(
                r#"{"architecture":"wasm","author":null,"component":{"exports":["run"],"#,
                r#""imports":["squall:scenario/http@0.1.0"],"target":null},"created":"1970-01-01T00:00:00Z","#,
                r#""layerDigests":["sha256:cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f"],"os":"wasip2"}"#,
            )
        );
        let config = Digest::of(&packed.config);
        assert_eq!(
            String::from_utf8_lossy(&packed.manifest),
            format!(
                concat!(
                    r#"{{"config":{{"digest":"{config}","mediaType":"application/vnd.wasm.config.v0+json","size":{size}}},"#,
                    r#""layers":[{{"annotations":{{"org.opencontainers.image.title":"shop.wasm"}},"#,
                    r#""digest":"sha256:cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f","#,
                    r#""mediaType":"application/wasm","size":4}}],"#,
                    r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}}"#,
                ),
                config = config,
                size = packed.config.len(),
            )
        );
    }

    #[test]
    fn a_packed_file_can_be_read() {
        let packed = Packed::of(b"\0asm", &about());
        assert_eq!(Manifest::read(&somewhere(), &packed.manifest).unwrap().layer, Digest::of(b"\0asm"));
    }

    #[test]
    fn other_artifacts_are_refused_by_name() {
        for (manifest, part) in [
            (json!({ "mediaType": INDEX, "manifests": [] }), "several platforms"),
            (json!({ "layers": [] }), "no layer"),
            (
                json!({ "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "" }] }),
                "tar+gzip, not application/wasm",
            ),
            (json!({ "layers": [{ "mediaType": LAYER, "digest": "sha256:../.." }] }), "not a digest"),
            (json!({ "layers": [{ "mediaType": "\u{1b}[2Jtar", "digest": "" }] }), "its layer is [2Jtar, not"),
            (json!({ "layers": [{ "mediaType": "x".repeat(9_000), "digest": "" }] }), "xxxx, not application/wasm"),
            (json!([]), "does not parse"),
        ] {
            let error = Manifest::read(&somewhere(), manifest.to_string().as_bytes()).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
