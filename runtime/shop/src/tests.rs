//! The shop as its visitors meet it: through a socket, on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Faults, Shop};

/// A shop on a thread of its own, as the demo runs it.
struct OpenShop {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl OpenShop {
    fn new(faults: Faults) -> OpenShop {
        let (opened, open) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let shop = Shop::bind(([127, 0, 0, 1], 0).into(), faults).await.unwrap();
                opened.send(shop.address()).unwrap();
                shop.serve(async { stopped.await.unwrap() }).await;
            });
        });
        OpenShop { address: open.recv().unwrap(), stop, thread }
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    fn close(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// A visitor with one connection, which sends the session's cookie after [`Visitor::with_session`].
struct Visitor {
    connection: BufReader<TcpStream>,
    cookie: Option<String>,
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Visitor {
    fn new(address: SocketAddr) -> Visitor {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Visitor { connection: BufReader::new(connection), cookie: None }
    }

    /// Makes a first visit and keeps its cookie for later requests.
    fn with_session(mut self) -> Visitor {
        let cookie = self.get("/").header("set-cookie").unwrap().to_owned();
        self.cookie = cookie.split(';').next().map(str::to_owned);
        self
    }

    fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, "")
    }

    fn post(&mut self, path: &str, body: impl ToString) -> Reply {
        self.send("POST", path, &body.to_string())
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: shop\r\ncontent-length: {}\r\n", body.len());
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("cookie: {cookie}\r\n"));
        }
        // In one piece, or the second waits until the first is acknowledged.
        self.connection.get_mut().write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        self.receive(method != "HEAD")
    }

    fn receive(&mut self, with_body: bool) -> Reply {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, headers: Vec::new(), body: String::new() };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            reply.headers.push((name.to_lowercase(), value.to_owned()));
        }
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        if with_body {
            let mut body = vec![0; length];
            self.connection.read_exact(&mut body).unwrap();
            reply.body = String::from_utf8(body).unwrap();
        }
        reply
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.connection.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

#[test]
fn lists_and_shows_products() {
    let shop = OpenShop::new(Faults::default());
    let mut visitor = shop.visitor();
    let home = visitor.get("/");
    assert_eq!((home.status, home.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(home.body.contains("<h1>"));

    let first = visitor.get("/products?page=1");
    assert_eq!(first.json()["products"].as_array().unwrap().len(), 20);
    assert_eq!((first.json()["page"].clone(), first.json()["pages"].clone()), (json!(1), json!(5)));
    assert_eq!(visitor.get("/products").body, first.body);
    assert_eq!(visitor.get("/products?page=5").json()["products"][19]["id"], 100);
    assert_eq!(visitor.get("/products?page=6").status, 404);
    assert_eq!(visitor.get("/products?page=two").status, 400);

    let product = visitor.get("/products/1");
    assert_eq!(product.json(), json!({"id": 1, "name": "Harbour Coffee Mug", "price": 12.5}));
    assert_eq!(product.header("x-cache"), Some("MISS"));
    assert_eq!(visitor.get("/products/1").header("x-cache"), Some("HIT"));
    for unknown in ["/products/0", "/products/101", "/products/mug", "/products/99999999999999999999"] {
        let reply = visitor.get(unknown);
        assert_eq!((reply.status, reply.json()), (404, json!({"error": "no such product"})), "{unknown}");
    }
    shop.close();
}

#[test]
fn searches_names() {
    let shop = OpenShop::new(Faults::default());
    let mut visitor = shop.visitor();
    let found = visitor.get("/search?q=LaMp").json();
    assert_eq!(found["query"], "LaMp");
    assert_eq!(found["results"].as_array().unwrap().len(), 10);
    assert_eq!(visitor.get("/search?q=harbour+coffee%20mug").json()["results"][0]["id"], 1);
    assert_eq!(visitor.get("/search?q=%22").json(), json!({"query": "\"", "results": []}));
    assert_eq!(visitor.get("/search").status, 400);
    shop.close();
}

#[test]
fn sells_what_is_in_the_basket() {
    let shop = OpenShop::new(Faults::default());
    let mut visitor = shop.visitor().with_session();
    assert_eq!(visitor.post("/checkout", json!({"payment": "card"})).status, 409);

    let filled = visitor.post("/basket", json!({"product_id": 1, "quantity": 2}));
    assert_eq!((filled.status, filled.json()), (201, json!({"items": 2, "total": 25.0})));
    assert_eq!(filled.header("set-cookie"), None, "the visitor is known");
    visitor.post("/basket", json!({"product_id": 1, "quantity": 1}));
    visitor.post("/basket", json!({"product_id": 2}));
    assert_eq!(visitor.get("/basket").json(), json!({"items": 4, "total": 97.0}));
    assert_eq!(shop.visitor().with_session().get("/basket").json()["items"], 0, "baskets are not shared");

    assert_eq!(visitor.post("/checkout", "cash").status, 400);
    let order = visitor.post("/checkout", json!({"payment": "card"}));
    assert_eq!((order.status, order.json()), (201, json!({"order": 1, "total": 97.0})));
    assert_eq!(visitor.get("/basket").json()["items"], 0);
    shop.close();
}

#[test]
fn turns_away_what_it_cannot_serve() {
    let shop = OpenShop::new(Faults::default());
    let mut stranger = shop.visitor();
    let line = json!({"product_id": 1, "quantity": 1});
    assert_eq!(stranger.post("/basket", &line).status, 401);
    assert_eq!(stranger.get("/basket").status, 401);
    assert_eq!(stranger.post("/checkout", json!({"payment": "card"})).status, 401);
    stranger.cookie = Some("session=00000000deadbeef".to_owned());
    let reply = stranger.post("/basket", &line);
    assert!(reply.status == 401 && reply.header("set-cookie").is_some(), "an unknown session is replaced");

    let mut visitor = shop.visitor().with_session();
    for nonsense in ["", "{", "[]", r#"{"product_id":"1"}"#, r#"{"product_id":1,"quantity":0}"#] {
        assert_eq!(visitor.post("/basket", nonsense).status, 400, "{nonsense}");
    }
    assert_eq!(visitor.post("/basket", json!({"product_id": 101})).status, 404);
    assert_eq!(visitor.get("/nowhere").status, 404);
    for (method, path, allowed) in
        [("POST", "/products/1", "GET, HEAD"), ("DELETE", "/basket", "GET, HEAD, POST"), ("GET", "/checkout", "POST")]
    {
        let reply = visitor.send(method, path, "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)), "{method} {path}");
    }
    shop.close();
}

#[test]
fn does_not_read_large_bodies() {
    let shop = OpenShop::new(Faults::default());
    let mut visitor = shop.visitor().with_session();
    assert_eq!(visitor.post("/basket", " ".repeat(64 * 1024)).status, 400);
    let reply = visitor.post("/basket", " ".repeat(64 * 1024 + 1));
    assert_eq!((reply.status, reply.header("connection")), (413, Some("close")));
    shop.close();
}

#[test]
fn serves_the_benchmarks_pages() {
    let shop = OpenShop::new(Faults::default());
    let mut visitor = shop.visitor();
    let document = visitor.get("/json");
    assert_eq!((document.status, document.body.len()), (200, 2048));
    assert_eq!(document.json()["items"].as_array().unwrap().len(), 10);
    assert_eq!(visitor.get("/health").status, 204);
    let head = visitor.send("HEAD", "/json", "");
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("2048"), 0));
    shop.close();
}

#[test]
fn fails_as_often_as_asked_and_no_oftener() {
    let shop = OpenShop::new(Faults { error_rate: 0.25, ..Faults::default() });
    let mut visitor = shop.visitor();
    let statuses: Vec<u16> = (0..12).map(|_| visitor.get("/health").status).collect();
    assert_eq!(statuses, [204, 204, 204, 503, 204, 204, 204, 503, 204, 204, 204, 503]);
    shop.close();
    for (error_rate, expected) in [(0.0, 204), (1.0, 503)] {
        let shop = OpenShop::new(Faults { error_rate, ..Faults::default() });
        let mut visitor = shop.visitor();
        assert!((0..20).all(|_| visitor.get("/health").status == expected));
        shop.close();
    }
}

#[test]
fn takes_at_least_the_latency_asked_for() {
    let shop = OpenShop::new(Faults { latency: Duration::from_millis(30), ..Faults::default() });
    let mut visitor = shop.visitor();
    #[expect(clippy::disallowed_methods, reason = "a visitor outside of any run has only the standard clock")]
    let begin = std::time::Instant::now();
    assert_eq!(visitor.get("/health").status, 204);
    assert!(begin.elapsed() >= Duration::from_millis(30));
    shop.close();
}
