//! A small shop, as its customers see it: most look around, some search, few buy.
//!
//! Think times are between half of and one and a half times `THINK` seconds (`-e THINK=0` switches them off).

use serde::{Deserialize, Serialize};
use squall::prelude::*;

squall::scenario! {
    flows: { browse: 60, search: 25, checkout: 15 },
    vus: 10,
    duration: "30s",
    thresholds: {
        http_req_failed: "rate<0.01",
        http_req_duration: "p(95)<500",
        checks: "rate>0.99",
    },
}

static ORDERS_PLACED: Counter = Counter::new("orders_placed");
static BASKET_VALUE: Trend = Trend::new("basket_value");
static CACHE_HIT: Rate = Rate::new("cache_hit");

const PRODUCTS: u64 = 100;
const TERMS: [&str; 5] = ["lamp", "chair", "desk", "shelf", "rug"];

#[derive(Deserialize)]
struct Listing {
    products: Vec<Product>,
    pages: u64,
}

#[derive(Deserialize)]
struct Found {
    results: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    id: u64,
    price: f64,
}

#[derive(Serialize)]
struct Item {
    product_id: u64,
    quantity: u64,
}

#[derive(Serialize)]
struct Payment {
    payment: &'static str,
}

#[derive(Deserialize)]
struct Basket {
    items: u64,
}

#[derive(Deserialize)]
struct Order {
    total: f64,
}

/// Opens the home page, leafs through the products, and looks at one of them.
fn browse() -> Outcome {
    let home = http::get("/").name("/").discard_body().send()?;
    check!(home.status() == 200, "home page is there");
    pause();

    let first = list_products(1)?;
    pause();
    let listing = list_products(random_in(1..=first.pages))?;
    check!(!listing.products.is_empty(), "page has products");
    pause();

    view_product(listing.products.first().map_or(1, |product| product.id))
}

/// Searches, and looks at the first thing that is found.
fn search() -> Outcome {
    let term = pick(&TERMS);
    let response = http::get("/search").query("q", term).name("/search").send()?;
    check!(response.status() == 200, "search answers");
    let found: Found = response.json()?;
    pause();

    match found.results.first() {
        Some(product) => view_product(product.id),
        None => Ok(()),
    }
}

/// Looks at a product, then buys one or two.
fn checkout() -> Outcome {
    view_product(random_in(1..=PRODUCTS))?;
    pause();

    let total = transaction("checkout", || {
        for _ in 0..random_in(1..=2) {
            let basket = add_to_basket(random_in(1..=PRODUCTS))?;
            check!(basket.items > 0, "basket is not empty");
            pause();
        }
        let basket = http::get("/basket").discard_body().send()?;
        check!(basket.status() == 200, "basket is shown");
        pay()
    })?;
    ORDERS_PLACED.add(1);
    BASKET_VALUE.add(total);
    Ok(())
}

fn list_products(page: u64) -> Outcome<Listing> {
    let url = format!("/products?page={page}");
    let response = http::get(url).name("/products?page={page}").send()?;
    check!(response.status() == 200, "products are listed");
    count_cache_hit(&response);
    response.json()
}

fn view_product(id: u64) -> Outcome {
    let url = format!("/products/{id}");
    let response = http::get(url).name("/products/{id}").send()?;
    check!(response.status() == 200, "product is there");
    count_cache_hit(&response);
    let product: Product = response.json()?;
    check!(product.price > 0.0, "product has a price");
    Ok(())
}

fn add_to_basket(product_id: u64) -> Outcome<Basket> {
    let item = Item { product_id, quantity: random_in(1..=3) };
    let response = http::post("/basket").json(&item).send()?;
    check!(response.status() == 201, "product is in the basket");
    response.json()
}

/// Pays for the basket and returns what it cost.
fn pay() -> Outcome<f64> {
    let payment = Payment { payment: "card" };
    let response = http::post("/checkout").json(&payment).send()?;
    if !check!(response.status() == 201, "order is placed") {
        return Err(Error::new("the shop did not take the order"));
    }
    let order: Order = response.json()?;
    check!(order.total > 0.0, "order has a price");
    Ok(order.total)
}

fn count_cache_hit(response: &http::Response) {
    CACHE_HIT.add(response.header("x-cache").as_deref() == Some("HIT"));
}

fn pause() {
    let seconds = env("THINK").and_then(|text| text.parse().ok()).unwrap_or(1.0);
    think(0.5 * seconds..1.5 * seconds);
}

#[cfg(test)]
mod tests;
