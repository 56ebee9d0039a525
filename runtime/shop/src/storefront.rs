//! The shop's answer to each request. Knows HTTP's messages but no connections: a request goes in whole, an answer
//! comes out whole, and nothing waits.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::catalogue::{Catalogue, View, euros};
use super::query;
use super::sessions::{Basket, SessionId, Sessions};

pub type ShopResponse = Response<Full<Bytes>>;

/// More than a laptop's load test has users, at about 100 bytes each.
const SESSION_LIMIT: usize = 100_000;
/// The largest quantity of one product in one addition to the basket.
const QUANTITY_LIMIT: u64 = 100;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

const HOME: &[u8] = include_bytes!("home.html");
/// Two kilobytes of JSON, for benchmarks.
const DOCUMENT: &[u8] = include_bytes!("document.json");

/// A path that the shop knows.
#[derive(Clone, Copy)]
enum Place {
    Home,
    Products,
    Product(u64),
    Search,
    Basket,
    Checkout,
    Document,
    Health,
}

/// The shop's whole state.
pub struct Storefront {
    catalogue: Catalogue,
    sessions: Sessions,
    error_rate: f64,
    answered: u64,
    orders: u64,
}

impl Storefront {
    pub fn new(error_rate: f64) -> Storefront {
        let sessions = Sessions::new(SESSION_LIMIT);
        Storefront { catalogue: Catalogue::new(), sessions, error_rate, answered: 0, orders: 0 }
    }

    /// Answers one request, and gives an unknown visitor a session. The body is `None` if it was too large to read.
    pub fn answer(&mut self, head: &Parts, body: Option<&[u8]>) -> ShopResponse {
        let session = self.sessions.find(&head.headers);
        let fails = self.next_fails();
        let mut answer = match body {
            None => body_too_large(),
            Some(_) if fails => unavailable(),
            Some(body) => self.serve(head, body, session),
        };
        if session.is_none() {
            let cookie = format!("session={}; Path=/; HttpOnly", self.sessions.begin());
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                answer.headers_mut().insert(SET_COOKIE, cookie);
            }
        }
        answer
    }

    /// Whether the next request is one of those that fail: at 0.25 every fourth, not one in four by chance.
    fn next_fails(&mut self) -> bool {
        let failed_after = |answered: u64| (answered as f64 * self.error_rate).floor();
        let fails = failed_after(self.answered + 1) > failed_after(self.answered);
        self.answered += 1;
        fails
    }

    fn serve(&mut self, head: &Parts, body: &[u8], session: Option<SessionId>) -> ShopResponse {
        let Some(place) = Place::find(head.uri.path()) else {
            return problem(StatusCode::NOT_FOUND, "there is nothing here");
        };
        let query = head.uri.query().unwrap_or_default();
        // hyper leaves the body of an answer to HEAD away by itself.
        let reads = head.method == Method::GET || head.method == Method::HEAD;
        let posts = head.method == Method::POST;
        match place {
            Place::Home if reads => page(StatusCode::OK, HTML, HOME),
            Place::Products if reads => self.list(query),
            Place::Product(number) if reads => cached(self.catalogue.view_product(number), "no such product"),
            Place::Search if reads => self.search(query),
            Place::Basket if reads => self.show_basket(session),
            Place::Basket if posts => self.fill_basket(session, body),
            Place::Checkout if posts => self.check_out(session, body),
            Place::Document if reads => page(StatusCode::OK, JSON, DOCUMENT),
            Place::Health if reads => empty(StatusCode::NO_CONTENT),
            place => not_allowed(place.methods()),
        }
    }

    fn list(&mut self, query: &str) -> ShopResponse {
        let number = query::parameter(query, "page").map_or(Ok(1), |page| page.parse());
        match number {
            Ok(number) => cached(self.catalogue.view_page(number), "no such page"),
            Err(_) => problem(StatusCode::BAD_REQUEST, "page must be a number"),
        }
    }

    fn search(&self, query: &str) -> ShopResponse {
        let Some(term) = query::parameter(query, "q") else {
            return problem(StatusCode::BAD_REQUEST, "q is missing");
        };
        let results = self.catalogue.search(&term);
        let body = format!(r#"{{"query":{},"results":{results}}}"#, Value::from(term));
        page(StatusCode::OK, JSON, body)
    }

    fn show_basket(&mut self, session: Option<SessionId>) -> ShopResponse {
        match session.and_then(|session| self.sessions.basket(session)) {
            Some(basket) => page(StatusCode::OK, JSON, contents(&self.catalogue, basket)),
            None => no_session(),
        }
    }

    fn fill_basket(&mut self, session: Option<SessionId>, body: &[u8]) -> ShopResponse {
        let Some(basket) = session.and_then(|session| self.sessions.basket(session)) else {
            return no_session();
        };
        let Some((product, quantity)) = parse_line(body) else {
            return problem(StatusCode::BAD_REQUEST, r#"expected {"product_id": 1, "quantity": 1 to 100}"#);
        };
        if self.catalogue.product(product).is_none() {
            return problem(StatusCode::NOT_FOUND, "no such product");
        }
        *basket.entry(product).or_default() += quantity;
        page(StatusCode::CREATED, JSON, contents(&self.catalogue, basket))
    }

    fn check_out(&mut self, session: Option<SessionId>, body: &[u8]) -> ShopResponse {
        let Some(basket) = session.and_then(|session| self.sessions.basket(session)) else {
            return no_session();
        };
        if !names_payment(body) {
            return problem(StatusCode::BAD_REQUEST, r#"expected {"payment": "card"}"#);
        }
        if basket.is_empty() {
            return problem(StatusCode::CONFLICT, "the basket is empty");
        }
        let (_, total) = sum(&self.catalogue, basket);
        basket.clear();
        self.orders += 1;
        page(StatusCode::CREATED, JSON, json!({"order": self.orders, "total": euros(total)}).to_string())
    }
}

impl Place {
    fn find(path: &str) -> Option<Place> {
        Some(match path {
            "/" => Place::Home,
            "/products" => Place::Products,
            "/search" => Place::Search,
            "/basket" => Place::Basket,
            "/checkout" => Place::Checkout,
            "/json" => Place::Document,
            "/health" => Place::Health,
            _ => {
                let number = path.strip_prefix("/products/").filter(|rest| !rest.contains('/'))?;
                // A text that is not a number gets 0, the number of no product.
                Place::Product(number.parse().unwrap_or(0))
            }
        })
    }

    fn methods(self) -> &'static str {
        match self {
            Place::Basket => "GET, HEAD, POST",
            Place::Checkout => "POST",
            _ => "GET, HEAD",
        }
    }
}

/// Reads `{"product_id": 1, "quantity": 2}`; the quantity defaults to 1.
fn parse_line(body: &[u8]) -> Option<(u64, u64)> {
    let line: Value = serde_json::from_slice(body).ok()?;
    let product = line.get("product_id")?.as_u64()?;
    let quantity = line.get("quantity").map_or(Some(1), Value::as_u64)?;
    (1..=QUANTITY_LIMIT).contains(&quantity).then_some((product, quantity))
}

fn names_payment(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|order| order.get("payment").is_some_and(Value::is_string))
}

/// Number of items, and their total price in cents.
fn sum(catalogue: &Catalogue, basket: &Basket) -> (u64, u64) {
    basket.iter().fold((0, 0), |(items, total), (&number, &quantity)| {
        let price = catalogue.product(number).map_or(0, |product| u64::from(product.price_in_cents));
        (items + quantity, total + quantity * price)
    })
}

fn contents(catalogue: &Catalogue, basket: &Basket) -> String {
    let (items, total) = sum(catalogue, basket);
    json!({"items": items, "total": euros(total)}).to_string()
}

fn page(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> ShopResponse {
    let mut answer = ShopResponse::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

fn empty(status: StatusCode) -> ShopResponse {
    let mut answer = ShopResponse::default();
    *answer.status_mut() = status;
    answer
}

fn cached(view: Option<View>, otherwise: &str) -> ShopResponse {
    let Some(view) = view else {
        return problem(StatusCode::NOT_FOUND, otherwise);
    };
    let mut answer = page(StatusCode::OK, JSON, view.json);
    let outcome = if view.cache_hit { "HIT" } else { "MISS" };
    answer.headers_mut().insert(X_CACHE, HeaderValue::from_static(outcome));
    answer
}

fn problem(status: StatusCode, reason: &str) -> ShopResponse {
    page(status, JSON, json!({"error": reason}).to_string())
}

fn no_session() -> ShopResponse {
    problem(StatusCode::UNAUTHORIZED, "a basket needs a session: visit a page first and keep its cookie")
}

fn not_allowed(methods: &'static str) -> ShopResponse {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

fn unavailable() -> ShopResponse {
    let mut answer = problem(StatusCode::SERVICE_UNAVAILABLE, "the shop is having a bad day");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// The rest of the body is still on its way, so the connection cannot go on.
fn body_too_large() -> ShopResponse {
    let mut answer = problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
