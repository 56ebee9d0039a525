//! A component's description of itself in its custom sections: a claim that nothing depends on.
//!
//! The sections are those of the WebAssembly tool conventions (`producers`, `component-name`, `version`, `licenses`,
//! ...), as written by `wasm-tools metadata add` and `cargo component`. The crate `wasm-metadata` is not used: it
//! refuses all of them if one field is malformed, and depends on a parser of licences and on Cargo's dependency format.

use squall_metrics::plain;
use wasmparser::{ComponentName, KnownCustom, Parser, Payload};

/// A component's description of itself, unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// From the section `component-name`.
    pub name: Option<String>,
    /// From the section `version`.
    pub version: Option<String>,
    /// The component's purpose.
    pub description: Option<String>,
    /// Names of the authors, as one text.
    pub authors: Option<String>,
    /// Its licence, an SPDX expression.
    pub licence: Option<String>,
    /// URL of its source.
    pub source: Option<String>,
    /// URL of its home page.
    pub homepage: Option<String>,
    /// The revision of the source.
    pub revision: Option<String>,
    /// The languages it is written in, and the tools that made it: `Rust`, `wit-component 0.254.2`.
    pub producers: Vec<String>,
}

/// The longest text that is shown, in bytes.
const LONGEST: usize = 300;
/// The most producers that are shown.
const MOST_PRODUCERS: usize = 12;

impl About {
    /// Reads the sections; those that are damaged are left out.
    pub(crate) fn of(wasm: &[u8]) -> About {
        let (mut about, mut depth) = (About::default(), 0_u32);
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(payload) = payload else { break };
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) => match section.as_known() {
                    // The innermost parts know their own language best.
                    KnownCustom::Producers(fields) => about.add_producers(fields),
                    KnownCustom::ComponentName(names) if depth == 0 => about.name = component_name(names),
                    _ if depth == 0 => about.set(section.name(), section.data()),
                    _ => {}
                },
                _ => {}
            }
        }
        about
    }

    /// Titles and texts of the fields that are present.
    pub fn lines(&self) -> Vec<(&'static str, &str)> {
        let lines = [
            ("name", &self.name),
            ("version", &self.version),
            ("about", &self.description),
            ("authors", &self.authors),
            ("licence", &self.licence),
            ("source", &self.source),
            ("homepage", &self.homepage),
            ("revision", &self.revision),
        ];
        lines.into_iter().filter_map(|(title, text)| Some((title, text.as_deref()?))).collect()
    }

    fn set(&mut self, section: &str, data: &[u8]) {
        let field = match section {
            "version" => &mut self.version,
            "description" => &mut self.description,
            "authors" => &mut self.authors,
            "licenses" => &mut self.licence,
            "source" => &mut self.source,
            "homepage" => &mut self.homepage,
            "revision" => &mut self.revision,
            _ => return,
        };
        *field = std::str::from_utf8(data).ok().and_then(clean);
    }

    fn add_producers(&mut self, fields: wasmparser::ProducersSectionReader<'_>) {
        for field in fields.into_iter().map_while(Result::ok) {
            for value in field.values.into_iter().map_while(Result::ok) {
                let Some(producer) = clean(&format!("{} {}", value.name, value.version)) else { continue };
                if self.producers.len() < MOST_PRODUCERS && !self.producers.contains(&producer) {
                    self.producers.push(producer);
                }
            }
        }
    }
}

fn component_name(names: wasmparser::ComponentNameSectionReader<'_>) -> Option<String> {
    names.into_iter().map_while(Result::ok).find_map(|part| match part {
        ComponentName::Component { name, .. } => clean(name),
        _ => None,
    })
}

fn clean(text: &str) -> Option<String> {
    let text = text[..text.floor_char_boundary(LONGEST)].trim();
    (!text.is_empty()).then(|| plain(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with nothing but these custom sections.
    fn component(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
        for (name, data) in sections {
            wasm.extend([0, (1 + name.len() + data.len()) as u8, name.len() as u8]);
            wasm.extend(name.as_bytes());
            wasm.extend(*data);
        }
        wasm
    }

    #[test]
    fn all_fields_are_read() {
        let about = About::of(&component(&[
            ("component-name", b"\x00\x05\x04shop"),
            ("version", b"1.2.3"),
            ("licenses", b"MIT"),
            ("source", b"https://example.test/shop"),
            ("producers", b"\x01\x08language\x01\x04Rust\x00"),
        ]));
        assert_eq!(
            about.lines(),
            [("name", "shop"), ("version", "1.2.3"), ("licence", "MIT"), ("source", "https://example.test/shop")]
        );
        assert_eq!(about.producers, ["Rust"]);
    }

    #[test]
    fn damaged_fields_are_left_out_and_control_characters_removed() {
        let about =
            About::of(&component(&[("version", b"\xff\xfe"), ("authors", b"\x1b]0;me\x07"), ("producers", b"\x05")]));
        assert_eq!(about, About { authors: Some("�]0;me�".to_owned()), ..About::default() });
    }
}
