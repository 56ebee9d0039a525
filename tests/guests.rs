//! The components in the binary are those that their sources make.

use std::fs;

use serde_json::Value;

use crate::support::program::{Squall, guest, root};

/// A component's interface and description, on which a run depends; toolchains may order bytes differently.
fn surface(path: &str) -> Value {
    let ended = Squall::new(&["inspect", "--json", path]).run().expect_code(0);
    let document: Value = serde_json::from_str(&ended.out).expect("JSON");
    let part = |name: &str| document[name].clone();
    serde_json::json!([part("flows"), part("plan"), part("imports"), part("exports"), part("sdk")])
}

#[test]
fn the_embedded_components_match_their_sources() {
    for name in ["shop", "request"] {
        let embedded = root().join("runtime/cli/assets").join(format!("{name}.wasm"));
        let embedded = embedded.display().to_string();
        let (built, carried) = (surface(&guest(name)), surface(&embedded));
        assert_eq!(built, carried, "{name}: refresh it with `cargo xtask guests --embed`");
    }
}

#[test]
fn the_embedded_shop_behaves_as_its_source() {
    let requests = |component: &str| {
        use crate::support::server::{Reply, Server};
        let server = Server::start(|_| Reply::ok("{\"query\":\"\",\"results\":[],\"products\":[]}"));
        let squall = Squall::new(&["run", component, "--target", &server.url(), "-u", "1", "-i", "20", "--seed", "5"]);
        squall.args(&["-e", "THINK=0"]).run();
        server.requests().into_iter().map(|request| (request.method, request.path, request.body)).collect::<Vec<_>>()
    };
    let embedded = root().join("runtime/cli/assets/shop.wasm").display().to_string();
    let carried = requests(&embedded);
    assert!(!carried.is_empty());
    assert_eq!(carried, requests(&guest("shop")));
}

#[test]
fn embedded_components_stay_small() {
    for name in ["shop", "request"] {
        let size = fs::metadata(root().join("runtime/cli/assets").join(format!("{name}.wasm"))).unwrap().len();
        assert!(size < 300_000, "{name}.wasm has {size} bytes");
    }
}

/// The example of docs/any-language.md: `wit-bindgen` and the contract are enough.
#[test]
fn a_guest_without_an_sdk_is_measured_as_any_other() {
    use crate::support::server::{Reply, Server};
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Squall::new(&["run", &guest("bare"), "--target", &server.url(), "-u", "1", "-i", "3"]);
    let ended = squall.exporting().run().expect_code(0);
    assert_eq!(ended.number("http_reqs", "count"), 3.0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    assert_eq!(server.requests().len(), 3);
}
