//! Services, methods and messages, from `.proto` files or descriptors; messages as JSON and as bytes.
//!
//! JSON is that of <https://protobuf.dev/programming-guides/json/>. In JSON that is written, fields have their defaults
//! where they are not set, as in k6. Messages and `optional` fields that are not set are left out.

use std::path::Path;

use prost_reflect::prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions,
};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};
use thiserror::Error;

use crate::source_depth::depth;

/// Every schema has this service, whether its files have it or not.
const HEALTH_FILE: &str = "grpc/health/v1/health.proto";
const HEALTH_SOURCE: &str = r#"
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
"#;
const HEALTH_SERVICE: &str = "grpc.health.v1.Health";

/// Most files of a schema, and the deepest nesting of blocks in one: a compiler calls itself for each.
const MOST_FILES: usize = 1_000;
const DEEPEST: usize = 64;
/// How many other methods an error names.
const MOST_SHOWN: usize = 5;

/// Why there is no schema, or no such method.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// A `.proto` file cannot be compiled, or imports one that was not given.
    #[error("{0}")]
    Source(String),
    /// There are too many files.
    #[error("a schema may have {MOST_FILES} files, and {0} were given")]
    TooManyFiles(usize),
    /// The blocks of a file are nested too deeply.
    #[error("{0}: blocks are nested more than {DEEPEST} deep")]
    TooDeep(String),
    /// The descriptors are none, or do not fit together.
    #[error("not a set of file descriptors: {0}")]
    Descriptors(String),
    /// The name has no service and method in it.
    #[error("\"{0}\" does not name a method: write \"package.Service/Method\"")]
    NotAName(String),
    /// The schema has no such method.
    #[error("{0}")]
    NoMethod(String),
}

/// A message that does not fit its type.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct InvalidMessage(String);

/// Services and messages. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct Schema(DescriptorPool);

/// A method of a service. Cloning it shares the schema.
#[derive(Clone, Debug)]
pub struct Method {
    descriptor: MethodDescriptor,
    path: String,
}

impl Schema {
    /// Compiles `.proto` files: their names, as others import them, and their texts. The well-known types and gRPC's health
    /// service need not be given.
    ///
    /// # Errors
    /// If one of them cannot be compiled, or imports one that is not there.
    pub fn parse(files: &[(String, String)]) -> Result<Schema, SchemaError> {
        if files.len() > MOST_FILES {
            return Err(SchemaError::TooManyFiles(files.len()));
        }
        if let Some((name, _)) = files.iter().find(|(_, source)| depth(source) > DEEPEST) {
            return Err(SchemaError::TooDeep(name.clone()));
        }
        let mut compiler = Compiler::with_file_resolver(Given(files.to_vec()));
        compiler.include_imports(true);
        for (name, _) in files {
            compiler.open_file(name).map_err(|error| source_error(&error))?;
        }
        Ok(Schema(compiler.descriptor_pool()))
    }

    /// Of a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it.
    ///
    /// # Errors
    /// If the bytes are no such set, or a file is missing in it.
    pub fn decode(descriptors: &[u8]) -> Result<Schema, SchemaError> {
        let pool = DescriptorPool::decode(descriptors);
        pool.map(Schema).map_err(|error| SchemaError::Descriptors(error.to_string()))
    }

    /// Of files as reflection sends them.
    pub(crate) fn of_pool(pool: DescriptorPool) -> Schema {
        Schema(pool)
    }

    /// The method of that name: "package.Service/Method", with or without a slash before it.
    ///
    /// # Errors
    /// If there is none. The error names some that look alike.
    pub fn method(&self, name: &str) -> Result<Method, SchemaError> {
        let short = name.strip_prefix('/').unwrap_or(name);
        let (service, method) = short
            .split_once('/')
            .or_else(|| short.rsplit_once('.'))
            .filter(|(service, method)| !service.is_empty() && !method.is_empty())
            .ok_or_else(|| SchemaError::NotAName(name.to_owned()))?;
        match self.find(service, method) {
            Some(method) => Ok(method),
            None if service == HEALTH_SERVICE => {
                let health = Schema::parse(&[(HEALTH_FILE.to_owned(), HEALTH_SOURCE.to_owned())])?;
                health.find(service, method).ok_or_else(|| self.no_method(service, method))
            }
            None => Err(self.no_method(service, method)),
        }
    }

    fn find(&self, service: &str, method: &str) -> Option<Method> {
        let service = self.0.get_service_by_name(service)?;
        let descriptor = service.methods().find(|descriptor| descriptor.name() == method)?;
        let path = format!("/{}/{}", service.full_name(), descriptor.name());
        Some(Method { descriptor, path })
    }

    /// The full names of all methods, sorted.
    pub fn methods(&self) -> Vec<String> {
        let services = self.0.services();
        let mut names: Vec<String> = services
            .flat_map(|service| {
                let name = service.full_name().to_owned();
                service.methods().map(|method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
            })
            .collect();
        names.sort_unstable();
        names
    }

    fn no_method(&self, service: &str, method: &str) -> SchemaError {
        let wanted = format!("{service}/{method}");
        let mut names = self.methods();
        if names.is_empty() {
            return SchemaError::NoMethod(format!("there is no method {wanted}: the schema has no services"));
        }
        let count = names.len();
        names.sort_by_key(|name| strsim::levenshtein(&name.to_lowercase(), &wanted.to_lowercase()));
        names.truncate(MOST_SHOWN);
        let more = if count > MOST_SHOWN { format!(", and {} more", count - MOST_SHOWN) } else { String::new() };
        SchemaError::NoMethod(format!("there is no method {wanted}; there are {}{more}", names.join(", ")))
    }
}

impl Method {
    /// The path of its calls: "/package.Service/Method".
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its full name: "package.Service/Method".
    pub fn name(&self) -> &str {
        &self.path[1..]
    }

    /// Whether the client may send several messages.
    pub fn client_streams(&self) -> bool {
        self.descriptor.is_client_streaming()
    }

    /// Whether the server may send several messages.
    pub fn server_streams(&self) -> bool {
        self.descriptor.is_server_streaming()
    }

    /// A request from its JSON. Empty text is a message without fields.
    ///
    /// # Errors
    /// If it is no JSON, or does not fit the type.
    pub fn encode(&self, json: &str) -> Result<Vec<u8>, InvalidMessage> {
        let kind = self.descriptor.input();
        if json.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let name = kind.full_name().to_owned();
        let mut reader = serde_json::Deserializer::from_str(json);
        let message = DynamicMessage::deserialize_with_options(kind, &mut reader, &DeserializeOptions::new())
            .and_then(|message| reader.end().map(|()| message))
            .map_err(|error| InvalidMessage(format!("the message is not a {name}: {error}")))?;
        Ok(message.encode_to_vec())
    }

    /// A response as JSON.
    ///
    /// # Errors
    /// If the bytes are no message of that type.
    pub fn decode(&self, bytes: &[u8]) -> Result<String, InvalidMessage> {
        to_json(self.descriptor.output(), bytes)
    }

    /// The types that JSON of `Any` may have.
    pub(crate) fn message_named(&self, name: &str) -> Option<MessageDescriptor> {
        self.descriptor.parent_pool().get_message_by_name(name)
    }
}

/// The JSON of a message of that type.
pub(crate) fn to_json(kind: MessageDescriptor, bytes: &[u8]) -> Result<String, InvalidMessage> {
    let name = kind.full_name().to_owned();
    let message = DynamicMessage::decode(kind, bytes)
        .map_err(|error| InvalidMessage(format!("the message is not a {name}: {error}")))?;
    let mut json = Vec::new();
    let options = SerializeOptions::new().skip_default_fields(false);
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options)
        .map_err(|error| InvalidMessage(format!("a {name} has no JSON: {error}")))?;
    String::from_utf8(json).map_err(|error| InvalidMessage(error.to_string()))
}

/// The files that were given, then those that every schema may import.
struct Given(Vec<(String, String)>);

impl FileResolver for Given {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        path.to_str().map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(given, _)| given == name) {
            Some((_, source)) => File::from_source(name, source),
            None if name == HEALTH_FILE => File::from_source(name, HEALTH_SOURCE),
            None => GoogleFileResolver::new().open_file(name),
        }
    }
}

fn source_error(error: &protox::Error) -> SchemaError {
    // With `{:?}` it has its place: "a.proto:3:5: expected ..."
    let text = format!("{error:?}");
    SchemaError::Source(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = r#"
        syntax = "proto3";
        package shop.v1;
        import "google/protobuf/timestamp.proto";
        import "shop/item.proto";
        message Order { int64 id = 1; repeated Item items = 2; google.protobuf.Timestamp at = 3; double price = 4; }
        message Query { string text = 1; bytes token = 2; }
        service Shop {
          rpc Find(Query) returns (Order);
          rpc Watch(Query) returns (stream Order);
          rpc Chat(stream Query) returns (stream Order);
        }
    "#;
    const ITEM: &str = "syntax = \"proto3\"; package shop.v1; message Item { string item_name = 1; uint32 count = 2; }";

    fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect()
    }

    fn shop() -> Schema {
        Schema::parse(&files(&[("shop.proto", SHOP), ("shop/item.proto", ITEM)])).expect("it compiles")
    }

    #[test]
    fn methods_are_found_with_and_without_a_slash() {
        let shop = shop();
        assert_eq!(shop.methods(), ["shop.v1.Shop/Chat", "shop.v1.Shop/Find", "shop.v1.Shop/Watch"]);
        for name in ["shop.v1.Shop/Watch", "/shop.v1.Shop/Watch", "shop.v1.Shop.Watch"] {
            let method = shop.method(name).expect(name);
            assert_eq!((method.path(), method.name()), ("/shop.v1.Shop/Watch", "shop.v1.Shop/Watch"));
            assert_eq!((method.client_streams(), method.server_streams()), (false, true));
        }
    }

    #[test]
    fn a_name_that_is_wrong_gets_those_that_look_alike() {
        let error = shop().method("shop.v1.Shop/find").unwrap_err().to_string();
        let expected = "there is no method shop.v1.Shop/find; there are shop.v1.Shop/Find, ";
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(shop().method("Find").unwrap_err(), SchemaError::NotAName("Find".to_owned()));
    }

    #[test]
    fn the_health_service_is_always_there() {
        let method = Schema::parse(&[]).and_then(|schema| schema.method("grpc.health.v1.Health/Check")).expect("there");
        assert_eq!(method.encode(r#"{"service": "a"}"#).as_deref(), Ok(&b"\x0a\x01a"[..]));
        assert_eq!(method.decode(b"\x08\x01").as_deref(), Ok(r#"{"status":"SERVING"}"#));
    }

    #[test]
    fn json_is_that_of_protobuf_with_defaults() {
        let method = shop().method("shop.v1.Shop/Find").expect("there");
        assert_eq!(
            method.encode(r#"{"text": "a", "token": "AQI="}"#).as_deref(),
            Ok(&b"\x0a\x01a\x12\x02\x01\x02"[..])
        );
        assert_eq!(method.encode(" ").as_deref(), Ok(&b""[..]));
        let json = method.decode(b"\x08\x2a\x12\x05\x0a\x03pen\x1a\x02\x08\x01\x21\0\0\0\0\0\0\xf8\x7f");
        let expected = concat!(
            r#"{"id":"42","items":[{"itemName":"pen","count":0}],"#,
            r#""at":"1970-01-01T00:00:01Z","price":"NaN"}"#
        );
        assert_eq!(json.as_deref(), Ok(expected));
        assert_eq!(method.decode(b"").as_deref(), Ok(r#"{"id":"0","items":[],"price":0.0}"#));
    }

    #[test]
    fn messages_that_do_not_fit_are_refused_with_the_reason() {
        let method = shop().method("shop.v1.Shop/Find").expect("there");
        let error = method.encode(r#"{"txt": "a"}"#).unwrap_err().to_string();
        assert!(error.starts_with("the message is not a shop.v1.Query: unrecognized field name 'txt'"), "{error}");
        let error = method.decode(b"\x0a").unwrap_err().to_string();
        assert!(error.starts_with("the message is not a shop.v1.Order: "), "{error}");
    }

    #[test]
    fn files_with_mistakes_are_named() {
        let error = Schema::parse(&files(&[("a.proto", "syntax = \"proto3\";\nmessage {}")])).unwrap_err().to_string();
        assert!(error.starts_with("a.proto:2:9: "), "{error}");
        let error = Schema::parse(&files(&[("shop.proto", SHOP)])).unwrap_err().to_string();
        assert_eq!(error, "shop.proto:5:9: import 'shop/item.proto' not found");
        let deep = "message A {".repeat(65);
        assert_eq!(
            Schema::parse(&files(&[("a.proto", &deep)])).unwrap_err(),
            SchemaError::TooDeep("a.proto".to_owned())
        );
        assert!(matches!(Schema::decode(b"\x0a\x05hello"), Err(SchemaError::Descriptors(_))));
    }

    #[test]
    fn descriptors_give_the_same_schema() {
        let again = Schema::decode(&shop().0.encode_to_vec()).expect("a set of descriptors");
        assert_eq!(again.methods(), shop().methods());
    }
}
