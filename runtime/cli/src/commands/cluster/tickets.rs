//! What a coordinator leaves on its machine, so that another one can take its place: where the run's messages are, and its
//! token. Only this user can read it.

use std::io::Read;

use serde_json::{Value, json};
use squall_bus::{RunId, RunKey};
use squall_files::{PrivateFolder, user_cache};

/// The largest ticket, in bytes.
const LARGEST: u64 = 16 << 10;

/// Where a run's messages are, and its token.
pub struct Ticket {
    pub nats: String,
    token: String,
}

impl Ticket {
    pub fn new(nats: &str, key: &RunKey) -> Ticket {
        Ticket { nats: nats.to_owned(), token: key.to_token() }
    }

    /// Keeps it. Where that is not possible, a coordinator that attaches needs arguments.
    pub fn keep(&self, run: &RunId) {
        let content = json!({ "nats": self.nats, "token": self.token }).to_string();
        if let Some(folder) = folder() {
            let _ = folder.write(run.as_str(), &[content.as_bytes()]);
        }
    }

    /// The one of a run, if its coordinator was on this machine.
    pub fn find(run: &RunId) -> Option<Ticket> {
        let mut text = String::new();
        folder()?.file(run.as_str()).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        Some(Ticket { nats: value["nats"].as_str()?.to_owned(), token: value["token"].as_str()?.to_owned() })
    }

    /// The run is over.
    pub fn remove(run: &RunId) {
        if let Some(cache) = user_cache() {
            let _ = std::fs::remove_file(cache.join("clusters").join(run.as_str()));
        }
    }

    pub fn key(&self) -> Option<RunKey> {
        self.token.parse().ok()
    }
}

fn folder() -> Option<PrivateFolder> {
    PrivateFolder::create(&user_cache()?.join("clusters")).ok()
}
