//! The details of a status (`grpc-status-details-bin`), as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::prost::Message;
use serde_json::{Map, Value, json};

use crate::metadata::decode_binary;
use crate::schema::{Method, to_json};

/// `google.rpc.Status`.
#[derive(Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// A JSON array of the details, from the value of `grpc-status-details-bin`. Each has the name of its type as "@type". Types
/// that are not in the method's schema have their bytes in base64, as "value".
pub fn details_as_json(value: &[u8], method: &Method) -> String {
    let status = decode_binary(value).and_then(|bytes| Status::decode(&*bytes).ok()).unwrap_or_default();
    Value::Array(status.details.iter().map(|detail| detail.as_json(method)).collect()).to_string()
}

impl Any {
    fn as_json(&self, method: &Method) -> Value {
        let name = self.type_url.rsplit('/').next().unwrap_or_default();
        let decoded = method.message_named(name).and_then(|kind| to_json(kind, &self.value).ok());
        match decoded.and_then(|json| serde_json::from_str::<Map<String, Value>>(&json).ok()) {
            Some(mut fields) => {
                fields.insert("@type".to_owned(), self.type_url.clone().into());
                Value::Object(fields)
            }
            None => json!({"@type": self.type_url, "value": STANDARD.encode(&self.value)}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Schema, binary_value};

    #[test]
    fn known_types_are_json_and_others_bytes() {
        let source = "syntax = \"proto3\"; package p; message Hint { string text = 1; } service S { rpc M(Hint) returns (Hint); }";
        let schema = Schema::parse(&[("p.proto".to_owned(), source.to_owned())]).expect("it compiles");
        let method = schema.method("p.S/M").expect("there");
        let any = |name: &str| Any { type_url: format!("type.googleapis.com/{name}"), value: b"\x0a\x01x".to_vec() };
        let status = Status { details: vec![any("p.Hint"), any("p.Other")] };
        let value = binary_value(&status.encode_to_vec());
        let expected = concat!(
            r#"[{"@type":"type.googleapis.com/p.Hint","text":"x"},"#,
            r#"{"@type":"type.googleapis.com/p.Other","value":"CgF4"}]"#
        );
        assert_eq!(details_as_json(value.as_bytes(), &method), expected);
        assert_eq!(details_as_json(b"%%", &method), "[]");
    }
}
