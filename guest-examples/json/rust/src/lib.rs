//! A request with ten headers and 2 KB of JSON to parse: the cost of a scenario's own work, for benchmarks.

use serde::Deserialize;
use squall::prelude::*;

squall::scenario! {
    flows: { json },
}

/// The whole document is parsed; only these fields are kept.
#[derive(Deserialize)]
struct Order {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: f64,
}

fn json() -> Outcome {
    let response = http::get("/json")
        .header("accept", "application/json")
        .header("accept-language", "en-GB,en;q=0.8")
        .header("authorization", "Bearer 0123456789abcdef0123456789abcdef")
        .header("cache-control", "no-cache")
        .header("origin", "https://shop.example.test")
        .header("referer", "https://shop.example.test/products?page=3")
        .header("x-client", "squall-json")
        .header("x-client-version", "0.1.0")
        .header("x-request-source", "benchmark")
        .header("x-trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .send()?;
    check!(response.status() == 200, "status is 200");
    let order: Order = response.json()?;
    check!(order.items.iter().all(|item| item.price > 0.0), "items have prices");
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    #[test]
    fn ten_headers_go_out_and_json_comes_in() {
        let mut host = Host::new().respond("GET", "/json", 200, r#"{"id":1,"items":[{"id":7,"price":12.5}]}"#);
        assert_eq!(host.run(json).expect_ok().requests[0].headers.len(), 10);
        let mut host = Host::new().respond("GET", "/json", 200, "<html>");
        assert!(host.run(json).outcome.is_err());
    }
}
