//! Requests by the standard interface `wasi:http`, through a client that knows nothing of Squall (`wstd`). The host sends
//! and measures them as it does its own.
//!
//! `get` and `page` are what one would write; the other flows each show one thing that can happen.

use std::future::{Future, poll_fn};
use std::task::Poll;

use futures_lite::future::or;
use futures_lite::stream;
use squall::{check, http, target};
use wstd::http::{Body, Client, Request, Response};
use wstd::runtime::block_on;
use wstd::time::Duration;

squall::scenario! {
    flows: {
        get, page: 0, missing: 0, refused: 0, slow: 0, impatient: 0, upload: 0, download: 0, unread: 0, both_ways: 0,
    },
}

type Failed = wstd::http::Error;
type Outcome = Result<(), Failed>;

/// One request. The series is named by a header that the host takes out.
fn get() -> Outcome {
    let mut response = block_on(send("GET", "/products/7", Body::empty()))?;
    check!(response.status() == 200, "status is 200");
    let body = block_on(async { response.body_mut().str_contents().await.map(str::to_owned) })?;
    check!(body.contains("hello"), "the greeting is there");
    Ok(())
}

/// Ten at once, of which the host lets six go together, as a browser does.
fn page() -> Outcome {
    let parts = (0..10).map(|part| async move {
        let mut response = send("GET", &format!("/part/{part}"), Body::empty()).await?;
        Ok::<usize, Failed>(response.body_mut().contents().await?.len())
    });
    let lengths = block_on(join_all(parts)).into_iter().collect::<Result<Vec<_>, _>>()?;
    check!(lengths.iter().all(|length| *length > 0), "every part has arrived");
    Ok(())
}

/// A status is an answer, not an error.
fn missing() -> Outcome {
    let response = block_on(send("GET", "/missing", Body::empty()))?;
    check!(response.status() == 404, "status is 404");
    Ok(())
}

/// No server listens at port 1.
fn refused() -> Outcome {
    let request = Request::get("http://127.0.0.1:1/").body(Body::empty())?;
    let outcome = block_on(Client::new().send(request));
    let told = outcome.err().map(|error| error.to_string()).unwrap_or_default();
    check!(told.contains("ConnectionRefused"), "it was refused");
    Ok(())
}

/// The standard's own limit.
fn slow() -> Outcome {
    let mut client = Client::new();
    client.set_first_byte_timeout(Duration::from_millis(50));
    let outcome = block_on(client.send(request("GET", "/slow", Body::empty())?));
    let told = outcome.err().map(|error| error.to_string()).unwrap_or_default();
    check!(told.contains("HttpResponseTimeout"), "it took too long");
    Ok(())
}

/// A limit that the guest keeps itself: it drops the request.
fn impatient() -> Outcome {
    let waited = async {
        wstd::task::sleep(Duration::from_millis(50)).await;
        None
    };
    let answered = async { Some(send("GET", "/slow", Body::empty()).await) };
    check!(block_on(or(answered, waited)).is_none(), "it was given up");
    Ok(())
}

/// A body that does not exist anywhere as a whole.
fn upload() -> Outcome {
    let pieces = (0..64_u8).map(|piece| vec![b'a' + piece % 26; 16 << 10]);
    let body = Body::from_stream(stream::iter(pieces));
    let mut response = block_on(send("POST", "/upload", body))?;
    let told = block_on(async { response.body_mut().str_contents().await.map(str::to_owned) })?;
    check!(told == (64 * (16 << 10)).to_string(), "all of it has arrived");
    Ok(())
}

fn download() -> Outcome {
    let mut response = block_on(send("GET", "/large", Body::empty()))?;
    let length = block_on(async { response.body_mut().contents().await.map(<[u8]>::len) })?;
    check!(length == 5 << 20, "all of it has arrived");
    Ok(())
}

/// Only the status is looked at. The host reads the rest, as it does for every request.
fn unread() -> Outcome {
    let response = block_on(send("GET", "/large", Body::empty()))?;
    check!(response.status() == 200, "status is 200");
    Ok(())
}

/// The contract's own interface in the same iteration: the same connection serves both.
fn both_ways() -> Outcome {
    block_on(send("GET", "/standard", Body::empty()))?;
    let own = http::get("/own").send()?;
    check!(own.size() == 5, "the greeting has five bytes, which stay with the host");
    Ok(())
}

async fn send(method: &str, path: &str, body: Body) -> Result<Response<Body>, Failed> {
    Client::new().send(request(method, path, body)?).await
}

fn request(method: &str, path: &str, body: Body) -> Result<Request<Body>, Failed> {
    // The standard knows no target: its URLs are whole.
    let url = format!("{}{path}", target().unwrap_or_default());
    let mut request = Request::builder().method(method).uri(url);
    if path.starts_with("/products/") {
        request = request.header("squall-name", "product");
    }
    Ok(request.body(body)?)
}

/// Waits for all; results are in the order of the futures.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut all = true;
        for (future, result) in waiting.iter_mut().filter(|(_, result)| result.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *result = Some(output),
                Poll::Pending => all = false,
            }
        }
        if all { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, result)| result).collect()
}
