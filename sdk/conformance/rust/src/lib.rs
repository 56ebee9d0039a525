//! The conformance scenario in Rust: calls every function of the contract, and checks the results. See `../run.py`.

use std::cell::Cell;
use std::collections::BTreeMap;

use squall::data::{self, AtEnd, Policy};
use squall::http::{Error as HttpError, Request, Response};
use squall::sockets::{Tcp, Udp};
use squall::websocket::{self, Kind, Message};
use squall::{Unit, prelude::*};

squall::scenario! {
    flows: {
        methods: 1, bodies: 1, responses: 1, settings: 1, errors: 1, batch: 1, cookies: 1, measures: 1, context: 1, waits: 1,
        feeds: 1, streams: 1, sockets: 1, websockets: 1, often: 5, fails: 0, aborts: 0,
    },
    data: { users },
    setup: prepare,
    start: arrive,
    teardown: clean_up,
}

fn prepare() -> Outcome<String> {
    if env("FAIL").as_deref() == Some("setup") {
        return Err(Error::new("setup fails, as asked"));
    }
    Ok("the data".to_owned())
}

fn arrive() {
    check!(shared::text() == "the data", "setup's data arrived");
}

fn clean_up() {
    log::info!("teardown saw {}", shared::text());
}

fn text(request: Request<'_>) -> Outcome<String> {
    Ok(request.send()?.text())
}

fn methods() -> Outcome {
    let mut sent = http::head("/echo").send()?.header("x-method").as_deref() == Some("HEAD");
    let methods = [
        ("GET", http::get("/echo")),
        ("POST", http::post("/echo")),
        ("PUT", http::put("/echo")),
        ("PATCH", http::patch("/echo")),
        ("DELETE", http::delete("/echo")),
        ("OPTIONS", http::options("/echo")),
    ];
    for (name, request) in methods {
        sent &= text(request)?.starts_with(&format!("{name} /echo\n"));
    }
    check!(sent, "methods are sent");
    check!(text(http::request("PROPFIND", "/echo"))?.starts_with("PROPFIND /echo\n"), "any method is sent");
    Ok(())
}

fn bodies() -> Outcome {
    check!(text(http::post("/body"))?.is_empty(), "no body goes out");
    check!(text(http::post("/body").body("größe 世界 🎉"))? == "größe 世界 🎉", "text goes out");
    let bytes: Vec<u8> = (0..=255).collect();
    check!(http::post("/body").body(&bytes).send()?.body() == bytes, "bytes go out");
    let echo = text(http::post("/echo").json(&BTreeMap::from([("größe", [1, 2])])))?;
    check!(echo.contains("content-type: application/json\n") && echo.ends_with("\n{\"größe\":[1,2]}"), "json goes out");
    let echo = text(http::post("/echo").form(&[("a", "1 2"), ("b", "&ü")]))?;
    let typed = echo.contains("content-type: application/x-www-form-urlencoded\n");
    check!(typed && echo.ends_with("\na=1+2&b=%26%C3%BC"), "form goes out");
    let echo = text(http::get("/echo").query("a", "x y&").query("b", "ü"))?;
    check!(echo.starts_with("GET /echo?a=x%20y%26&b=%C3%BC\n"), "query is escaped");
    let echo = text(http::get("/echo").header("x-b", "1").header("x-a", "2").header("x-b", "3"))?;
    check!(echo.contains("x-b: 1\nx-a: 2\nx-b: 3\n"), "headers go out in order");
    Ok(())
}

fn responses() -> Outcome {
    check!(http::get("/status/418").expect_status(418).send()?.status() == 418, "status arrives");

    let response = http::get("/headers").send()?;
    check!(response.header("x-ONE").as_deref() == Some("1"), "header is found in any case");
    check!(response.header("x-three").is_none(), "missing header is none");
    let own = response.headers().into_iter().filter(|(name, _)| name.starts_with("x-"));
    let own = own.map(|(name, value)| name + &value).collect::<Vec<_>>().join(" ");
    check!(own == "x-one1 x-two2 x-two3", "headers arrive in order");

    let response = http::get("/bytes").send()?;
    check!(response.body() == (0..=255).collect::<Vec<u8>>(), "bytes arrive");
    let repaired = response.text();
    check!(repaired.chars().count() == 256 && repaired.ends_with(&"\u{FFFD}".repeat(128)), "text is repaired");

    let large = http::get("/size/20971520").send()?;
    check!(large.size() == 20_971_520, "size is told");
    check!(large.body().len() == 20_971_520, "large body arrives");

    let response = http::get("/redirect/2").send()?;
    check!(response.url() == format!("{}/echo", target().unwrap_or_default()), "last url is told");
    check!(!response.timings().waiting.is_zero(), "timings are told");
    Ok(())
}

fn settings() -> Outcome {
    let missing = http::get("/status/404").name("missing").expect_status(400..=404).expect_status(410).send()?;
    check!(missing.status() == 404, "expected status is no failure");
    http::get("/status/404").name("unexpected").send()?;
    let discarded = http::get("/size/10").discard_body().send()?;
    check!(discarded.body().is_empty() && discarded.size() == 0, "discarded body is empty");
    check!(text(http::get("/size/10").keep_body())? == "xxxxxxxxxx", "kept body is there");
    let redirect = http::get("/redirect/1").redirects(0).send()?;
    let location = redirect.header("location");
    check!(redirect.status() == 302 && location.as_deref() == Some("/echo"), "redirect is left alone");
    Ok(())
}

/// Every error except `other`, which nothing causes.
fn errors() {
    let of = |request: Request<'_>| request.send().err();
    check!(matches!(of(http::get("/slow").timeout(0.05)), Some(HttpError::Timeout)), "timeout");
    check!(matches!(of(http::get("http://nowhere.invalid/")), Some(HttpError::Dns(_))), "dns");
    check!(matches!(of(http::get("http://127.0.0.1:1/")), Some(HttpError::Connect(_))), "connect");
    let target = target().unwrap_or_default().replacen("http:", "https:", 1);
    check!(matches!(of(http::get(format!("{target}/"))), Some(HttpError::Tls(_))), "tls");
    check!(matches!(of(http::get("/hang-up")), Some(HttpError::Reset(_))), "reset");
    check!(matches!(of(http::get("/garbage")), Some(HttpError::Protocol(_))), "protocol");
    check!(matches!(of(http::get("/endless-head")), Some(HttpError::TooLarge(_))), "too large");
    check!(
        matches!(of(http::get("/redirect/3").redirects(2)), Some(HttpError::TooManyRedirects(_))),
        "too many redirects"
    );
    check!(
        matches!(of(http::get("http://elsewhere.invalid/")), Some(HttpError::RefusedByPolicy(_))),
        "refused by policy"
    );
    check!(matches!(of(http::request("BAD METHOD", "/")), Some(HttpError::InvalidRequest(_))), "invalid request");
}

fn batch() {
    let mut requests: Vec<Request<'_>> =
        (0..10).map(|number| http::post("/body").body(number.to_string()).header("x", "y").name("batch")).collect();
    requests[5] = http::request("BAD METHOD", "/body");
    let results = http::send_all(&requests);
    let in_order = results.iter().enumerate().all(|(number, result)| match result {
        Ok(response) => number != 5 && Response::text(response) == number.to_string(),
        Err(error) => number == 5 && matches!(error, HttpError::InvalidRequest(_)),
    });
    check!(results.len() == 10 && in_order, "batch arrives in order");
}

fn cookies() -> Outcome {
    http::get("/cookie").send()?;
    check!(text(http::get("/echo"))?.contains("cookie: flavour=vanilla\n"), "cookies are kept");
    http::clear_cookies();
    check!(!text(http::get("/echo"))?.contains("cookie:"), "cookies are cleared");
    Ok(())
}

static COUNTER: Counter = Counter::new("conformance_counter");
static GAUGE: Gauge = Gauge::new("conformance_gauge");
static RATE: Rate = Rate::new("conformance_rate");
static NUMBERS: Trend = Trend::new("conformance_numbers");
static TIMES: Trend = Trend::with_unit("conformance_times", Unit::Time);
static SIZES: Trend = Trend::with_unit("conformance_sizes", Unit::Data);

fn measures() {
    check!(check("checks return what they record", true), "checks return");
    COUNTER.add(1);
    COUNTER.add(2.5);
    GAUGE.set(3);
    GAUGE.set(7);
    RATE.add(true);
    RATE.add(false);
    NUMBERS.add(7);
    TIMES.add(10);
    TIMES.add(12.5);
    SIZES.add(2048);
    let _ = transaction("works", || Ok(()));
    let _ = transaction("does not", || Err::<(), _>(Error::new("no")));
    let by_hand = Transaction::begin("marked");
    by_hand.fail();
}

fn context() {
    check!(vu() == 1, "vu is numbered");
    check!(target().is_some_and(|target| target.starts_with("http://127.0.0.1:")), "target is told");
    check!(env("KEY").as_deref() == Some("a value"), "option is told");
    check!(env("NONE").is_none(), "missing option is none");
    check!(random() != random(), "random differs");
    let dice: Vec<u64> = (0..200).map(|_| random_in(1..=6)).collect();
    check!(
        (1..=6).all(|face| dice.contains(&face)) && dice.iter().all(|face| (1..=6).contains(face)),
        "random keeps its range"
    );
    log::debug!("a line for {}", "debugging");
    log::info!("a line of information");
    log::warn!("a line of warning");
    log::error!("a line of error");
}

fn waits() {
    let began = now();
    let passed = || (now() - began).as_secs_f64();
    sleep(0.02);
    check!(passed() >= 0.02, "sleep waits");
    think(0.01..0.02);
    check!(passed() >= 0.03, "think waits");
    pace(0.08);
    check!(passed() >= 0.075, "pace waits");
}

static USERS: Feed = Feed::new("users");
static ONCE: Feed = Feed::new("once").policy(Policy::OnceEach).at_end(AtEnd::Error);
static NOBODY: Feed = Feed::new("nobody");
static UPLOAD: Blob = Blob::new("upload");

fn feeds() -> Outcome {
    check!(USERS.length()? == 3, "feed tells its length");
    check!(USERS.columns()? == ["name", "email"], "feed tells its columns");
    let (first, second) = (USERS.next()?, USERS.next()?);
    check!(
        (first.index(), first.get("name")?, second.get("name")?) == (0, "ada".into(), "bob".into()),
        "rows come in order"
    );
    let third = USERS.at(2)?;
    check!(third.is_some_and(|row| row.get("name").is_ok_and(|name| name == "größe")), "row is found by its place");
    check!(USERS.at(3)?.is_none(), "no row is beyond the last");
    let fields =
        [("name", "ada"), ("email", "ada@example.test")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    check!(first.fields() == fields, "row has fields");
    check!(first.text() == r#"{"name":"ada","email":"ada@example.test"}"#, "row is json");
    check!(matches!(first.get("nmae"), Err(data::Error::UnknownColumn(_))), "unknown column is an error");
    check!(matches!(NOBODY.length(), Err(data::Error::NotGiven(_))), "missing data is an error");
    ONCE.next()?;
    ONCE.next()?;
    check!(matches!(ONCE.next(), Err(data::Error::Exhausted(_))), "end of data is an error");

    let email = first.blob("email")?;
    check!(text(http::post("/body").body_from(&email))? == "ada@example.test", "field goes out as a body");
    check!(UPLOAD.length()? == 4096, "blob tells its length");
    check!(UPLOAD.read(250, 10)? == [250, 251, 252, 253, 254, 255, 0, 1, 2, 3], "blob is read");
    check!(UPLOAD.read(4090, 100)?.len() == 6, "blob ends");
    check!(http::post("/body").body_from(&UPLOAD).send()?.size() == 4096, "blob goes out");
    Ok(())
}

thread_local! {
    static LAST: Cell<Option<u64>> = const { Cell::new(None) };
}

fn streams() -> Outcome {
    let request = http::get("/events");
    let mut feed = request.stream()?;
    feed.count_tokens_at("/text", None)?;
    let kind = feed.header("content-type");
    check!(feed.status() == 200 && kind.as_deref() == Some("text/event-stream"), "stream has a head");
    let (Some(first), Some(second)) = (feed.next_event()?, feed.next_event()?) else {
        return Err(Error::new("two events were expected"));
    };
    let arrived = (first.name() == "tick", first.id() == "1", first.data() == r#"{"text": "größe", "n": [1, 2]}"#);
    check!(arrived == (true, true, true), "event arrives");
    let value = (first.get("/text"), first.get("/n/1"), first.get("/none"));
    check!(value == (Some("größe".to_owned()), Some("2".to_owned()), None), "value of an event is found");
    check!(!first.at().is_zero() && first.at() <= now(), "event has its time");
    check!(second.name() == "message" && second.data() == "two\nlines", "lines of an event are joined");
    check!(feed.next_event()?.is_none() && feed.next_event_within(0)?.is_none(), "stream ends");
    let retry = feed.retry().map(|time| time.as_millis());
    check!(feed.last_event_id() == "1" && retry == Some(1_500), "stream tells how to go on");
    let after = feed.reopen(&request)?.next_event()?;
    check!(after.is_some_and(|event| event.data() == "after 1"), "stream goes on");

    let mut late = http::get("/late").stream()?;
    check!(matches!(late.next_event_within(0.05), Err(HttpError::Timeout)), "event is not there yet");
    check!(late.next_event_within(10)?.is_some_and(|event| event.data() == "late"), "event is not lost");
    check!(matches!(late.read(1), Err(HttpError::InvalidRequest(_))), "events are not bytes");

    let mut large = http::get("/size/100000").stream()?;
    let first = large.read(1_000)?.unwrap_or_default().len();
    let mut size = first;
    while let Some(piece) = large.read(65_536)? {
        size += piece.len();
    }
    check!((1..=1_000).contains(&first) && size == 100_000, "bytes arrive in pieces");

    let mut upload = http::post("/body").upload(None)?;
    upload.write("one")?;
    upload.write(b"two")?;
    upload.write_from(&UPLOAD)?;
    let (mut answer, mut body) = (upload.finish()?, Vec::new());
    while let Some(piece) = answer.read(65_536)? {
        body.extend(piece);
    }
    check!(body.starts_with(b"onetwo") && body.len() == 4_102, "body goes out in pieces");
    let mut short = http::post("/body").upload(Some(4))?;
    check!(matches!(short.write("12345"), Err(HttpError::InvalidRequest(_))), "body is no longer than announced");
    check!(matches!(short.finish(), Err(HttpError::InvalidRequest(_))), "body is no shorter than announced");
    let invalid = http::request("BAD METHOD", "/").stream();
    check!(matches!(invalid, Err(HttpError::InvalidRequest(_))), "invalid stream");
    Ok(())
}

const REQUEST: &str = "GET /size/5 HTTP/1.1\r\nhost: peer\r\n\r\n";

fn sockets() -> Outcome {
    let mut peer = Tcp::to("").name("peer").timeout(10).open()?;
    let sent = peer.send(REQUEST)?;
    check!(peer.receive_line()?.as_deref() == Some(b"HTTP/1.1 200 Whatever\r\n"), "socket takes a line");
    let head = peer.receive_until("\r\n\r\n", 4_096)?;
    check!(head.is_some_and(|head| head.ends_with(b"\r\n\r\n")), "socket takes up to a delimiter");
    check!(peer.receive_exactly(5)?.is_some_and(|body| body.len() == 5), "socket takes exactly so many bytes");
    check!(!sent.is_zero() && sent <= peer.at() && peer.at() <= now(), "socket has its times");
    peer.set_timeout(0.05);
    check!(matches!(peer.receive(1), Err(HttpError::Timeout)), "socket has nothing yet");
    peer.set_timeout(10);
    peer.finish();
    check!(peer.receive(1)?.is_none(), "connection ends");
    check!(matches!(peer.send("x"), Err(HttpError::InvalidRequest(_))), "nothing is sent after the end");

    let (quiet, mut busy) = (Tcp::to("").name("peer").open()?, Tcp::to("").name("peer").open()?);
    check!(squall::waiting::any_within(&[&quiet, &busy], 0.05).is_none(), "no socket has anything");
    busy.send(REQUEST)?;
    check!(squall::waiting::any(&[&quiet, &busy]) == 1, "socket with something is named");

    check!(matches!(Tcp::connect("127.0.0.1:1"), Err(HttpError::Connect(_))), "nobody listens");
    check!(matches!(Tcp::connect("10.1.2.3:4"), Err(HttpError::RefusedByPolicy(_))), "address is not allowed");
    check!(matches!(Tcp::connect("nonsense"), Err(HttpError::InvalidRequest(_))), "address has no port");

    let mut echo = Udp::connect_as("echo", "")?;
    echo.send("ping")?;
    check!(echo.receive()? == b"ping" && echo.at() <= now(), "datagram comes back");
    echo.set_timeout(0.05);
    check!(matches!(echo.receive(), Err(HttpError::Timeout)), "no datagram comes");
    Ok(())
}

fn websockets() -> Outcome {
    let mut socket = websocket::connect("/socket").name("socket").subprotocol("chat").subprotocol("mqtt").open()?;
    check!(socket.subprotocol() == "chat", "server chooses a subprotocol");
    let sent = socket.send("größe")?;
    let text = socket.receive()?;
    let is_text = |message: &Message| message.kind() == Kind::Text && message.text() == "größe" && message.size() == 7;
    check!(text.as_ref().is_some_and(is_text), "text comes back");
    let at = text.map(|message| message.at()).unwrap_or_default();
    check!(!sent.is_zero() && sent <= at && at <= now(), "message has its times");
    socket.send_bytes([0, 255])?;
    let bytes = socket.receive_within(10)?;
    let is_binary = |message: Message| message.kind() == Kind::Binary && message.bytes() == [0, 255];
    check!(bytes.is_some_and(is_binary), "bytes come back");
    socket.ping()?;
    check!(matches!(socket.receive_within(0.2), Err(websocket::Error::Timeout)), "no message has come");
    socket.close(3000, "bye")?;
    check!(socket.receive()?.is_none() && socket.closed() == Some((3000, "bye".to_owned())), "WebSocket is closed");
    check!(matches!(socket.send("x"), Err(websocket::Error::Closed(_))), "nothing is sent after the close");
    let refused = websocket::connect("/status/200").name("socket").open();
    check!(matches!(refused, Err(websocket::Error::Handshake(_))), "server does not agree");
    let invalid = websocket::connect("/socket").subprotocol("a b").open();
    check!(matches!(invalid, Err(websocket::Error::InvalidRequest(_))), "invalid subprotocol");
    Ok(())
}

/// Comes in five of nineteen iterations.
fn often() -> Outcome {
    http::get("/often").send()?;
    let counts = LAST.get().is_none_or(|last| iteration() > last);
    check!(counts, "iterations count up");
    LAST.set(Some(iteration()));
    Ok(())
}

fn fails() -> Result<(), String> {
    Err("it fails, as asked".to_owned())
}

fn aborts() {
    abort("it aborts, as asked");
}
