//! The smallest scenario without an SDK: only the code that `wit-bindgen` makes of the contract.

wit_bindgen::generate!({ world: "scenario", path: "../../../wit" });

use squall::scenario::http::{self, Request};
use squall::scenario::metrics;
use squall::scenario::types::Flow;

struct Scenario;

impl Guest for Scenario {
    fn describe() -> Description {
        Description {
            flows: vec![Flow { name: "home".into(), weight: 1 }],
            plan: r#"{"thresholds": {"checks": ["rate==1"]}}"#.into(),
        }
    }

    fn run(_flow: u32) -> Result<(), String> {
        let request = Request { method: "GET".into(), url: "/".into(), headers: Vec::new(), body: None, options: None };
        let page = http::send(&request).map_err(|error| error.to_string())?;
        metrics::check("status is 200", page.status() == 200);
        Ok(())
    }
}

export!(Scenario);
