//! The Secret of a launch: all that nobody else may read.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::nats;
use super::objects::{Kind, Metadata, Object};
use crate::{AgentLaunch, NATS_VARIABLE, TOKEN_VARIABLE};

/// The key of the NATS credentials file.
pub const CREDS_KEY: &str = "nats.creds";

/// The Secret.
pub fn object(launch: &AgentLaunch, metadata: &Metadata<'_>, with_nats: bool) -> Object {
    let mut data = Map::new();
    let mut add = |key: &str, text: &str| data.insert(key.to_owned(), Value::from(BASE64_STANDARD.encode(text)));
    add(TOKEN_VARIABLE, launch.token.expose());
    add(NATS_VARIABLE, launch.nats.expose());
    if let Some(creds) = &launch.nats_creds {
        add(CREDS_KEY, creds.expose());
    }
    if with_nats {
        add(nats::CONFIGURATION_KEY, &nats::configuration(&launch.run, &launch.token));
    }
    let rest = json!({"type": "Opaque", "data": data});
    Object::new(Kind::Secret, launch.run.job_name(), metadata, rest)
}

/// The object with placeholders for secrets.
pub fn hide(object: &Value) -> Value {
    let mut hidden = object.clone();
    if object["kind"] == "Secret"
        && let Some(fields) = hidden.as_object_mut()
        && let Some(Value::Object(data)) = fields.remove("data")
    {
        let placeholders: Map<String, Value> =
            data.into_iter().map(|(key, _)| (key, Value::from("<not shown>"))).collect();
        fields.insert("stringData".to_owned(), Value::Object(placeholders));
    }
    hidden
}
