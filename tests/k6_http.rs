//! HTTP as in k6: `k6/http.js` contains k6's own answers, and Squall gives the same.

use std::fs;
use std::process::Command;

use crate::support::program::{Squall, root};
use crate::support::server::{Reply, Request, Server};

/// Answers as the URL describes.
fn server() -> Server {
    Server::start(|request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match path.split('/').nth(1) {
            _ if path.ends_with("/answer") => as_asked(request, query),
            Some("chain") => chain(request, path),
            Some("text") => respond(request, "200 OK", &[], "text"),
            _ => echo(request),
        }
    })
}

/// The received request, as JSON.
fn echo(request: &Request) -> Reply {
    let body = String::from_utf8_lossy(&request.body);
    let seen = serde_json::json!({
        "method": request.method, "path": request.path, "headers": request.headers, "body": body,
    });
    respond(request, "200 OK", &[format!("X-Method: {}", request.method)], &seen.to_string())
}

/// `?s=` is the status, each `h=` a header field.
fn as_asked(request: &Request, query: &str) -> Reply {
    let values = |key| query.split('&').filter_map(move |pair| pair.strip_prefix(key)).map(decode);
    let fields: Vec<_> = values("h=").collect();
    respond(request, &values("s=").next().unwrap(), &fields, "x")
}

/// Redirects this many times, each time to the next.
fn chain(request: &Request, path: &str) -> Reply {
    let left: u32 = path.rsplit('/').next().unwrap().parse().unwrap();
    match left.checked_sub(1) {
        Some(next) => respond(request, "302 Found", &[format!("Location: /chain/{next}")], ""),
        None => respond(request, "200 OK", &[], "the end"),
    }
}

fn respond(request: &Request, status: &str, fields: &[String], body: &str) -> Reply {
    let body = if status.starts_with("204") || status.starts_with("304") { "" } else { body };
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    Reply::raw(&(head + if request.method == "HEAD" { "" } else { body }))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn table() -> String {
    fs::read_to_string(root().join("tests/k6/http.js")).unwrap()
}

/// A run of a script that may reach the servers.
fn script(text: &str, servers: [&Server; 2]) -> Squall {
    let mut squall = Squall::new(&["run", "script.js", "--compat", "k6"]).exporting();
    for (name, server) in ["HERE", "THERE"].iter().zip(servers) {
        let port = server.url().rsplit(':').next().unwrap().to_owned();
        let (number, localhost) = (format!("127.0.0.1:{port}"), format!("localhost:{port}"));
        let variable = format!("{name}={}", server.url());
        squall = squall.args(&["--allow", &number, "--allow", &localhost, "-e", &variable]);
    }
    fs::write(squall.folder().join("script.js"), text).unwrap();
    squall.args(&["--allow", "127.0.0.1:1"])
}

#[test]
fn http_gives_scripts_the_same_as_k6() {
    let ended = script(&table(), [&server(), &server()]).run();
    let differs: Vec<_> = ended.err.lines().filter(|line| line.contains("DIFFERS")).collect();
    assert!(differs.is_empty(), "{}", differs.join("\n"));
    let ended = ended.expect_code_or_busy(0);
    assert!(ended.number("checks", "passes") > 130.0, "{}", ended.out);
    assert_eq!(ended.number("checks", "fails"), 0.0);
}

/// Compares the table with k6: `K6=/path/to/k6 cargo test -p squall-tests -- --ignored k6_http`.
#[test]
#[ignore = "needs k6"]
fn the_table_holds_for_k6_itself() {
    let (here, there) = (server(), server());
    let mut k6 = Command::new(std::env::var("K6").unwrap_or_else(|_| "k6".to_owned()));
    k6.args(["run", "--quiet", "--address", "localhost:0", "-e", &format!("HERE={}", here.url())]);
    k6.args(["-e", &format!("THERE={}", there.url())]).arg(root().join("tests/k6/http.js"));
    let output = k6.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

/// k6 forwards all of these. Here credentials end at the origin, whatever a script requests.
#[test]
fn no_secret_of_a_script_follows_a_redirect_to_another_origin() {
    const TEXT: &str = "
import http from 'k6/http';
const { HERE, THERE } = __ENV;
const away = (status, to = `${THERE}/end`) => `${HERE}/answer?s=${status}%20X&h=${encodeURIComponent(`Location: ${to}`)}`;
const params = () => ({
  headers: { Authorization: 'secret', 'Proxy-Authorization': 'secret', Cookie: 'a=secret', Host: 'secret.test' },
  cookies: { b: 'secret', c: { value: 'secret', replace: true } },
});
const users = (url) => url.replace('//', '//user:secret@');
export const options = { iterations: 1, maxRedirects: 7 };
export default function () {
  http.cookieJar().set(HERE.replace('127.0.0.1', 'localhost'), 'd', 'secret');
  for (const status of [301, 302, 303, 307, 308]) {
    for (const limit of [{}, { redirects: 5 }]) {
      for (const jar of [{}, { jar: new http.CookieJar() }]) {
        const url = away(status);
        http.post(url, 'body', { ...params(), ...limit, ...jar });
        http.get(users(url), { ...limit, ...jar });
        http.get(users(url), { ...limit, ...jar, auth: 'digest' });
        http.batch([['GET', url, null, { ...params(), ...limit, ...jar }], users(url)]);
        http.asyncRequest('GET', url, null, { ...params(), ...limit, ...jar });
      }
    }
  }
  // To another name of the same machine, and back by way of another origin.
  http.get(away(302, `${HERE.replace('127.0.0.1', 'localhost')}/end`), { ...params(), redirects: 5 });
  http.get(away(302, `${THERE}/answer?s=302%20X&h=${encodeURIComponent(`Location: ${HERE}/end`)}`), { ...params(), redirects: 5 });
}
";
    let (here, there) = (server(), server());
    script(TEXT, [&here, &there]).run().expect_code_or_busy(0);
    let ends: Vec<_> = here.requests().into_iter().filter(|request| request.path == "/end").collect();
    assert_eq!((ends.len(), there.count()), (2, 5 * 4 * 6 + 1));
    for request in there.requests().iter().chain(&ends) {
        let told = format!("{request:?}");
        // The jar's cookies for localhost are sent only to localhost.
        let secrets = told.matches("secret").count() + told.matches("dXNlcj").count();
        let own = usize::from(request.headers["host"].starts_with("localhost") && told.contains("d=secret"));
        assert_eq!(secrets, own, "{told}");
    }
}

/// In k6 each hop is compared with the expected statuses.
#[test]
fn a_redirect_that_is_not_expected_has_failed() {
    const TEXT: &str = "
import http from 'k6/http';
export const options = { iterations: 1 };
export default function () {
  const url = `${__ENV.HERE}/answer?s=302%20X&h=Location:%20/end`;
  http.get(url);
  http.get(url, { responseCallback: http.expectedStatuses(200) });
  http.get(`${__ENV.HERE}/chain/11`, { responseCallback: http.expectedStatuses(302) });
  http.get(url, { responseCallback: null });
  http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }));
  http.batch([url]);
}
";
    let ended = script(TEXT, [&server(), &server()]).run().expect_code_or_busy(0);
    // As in k6.
    assert_eq!((ended.number("http_req_failed", "passes"), ended.number("http_reqs", "count")), (2.0, 19.0));
}

/// A guest cannot fill the host's memory with jars. Dropped ones do not count.
#[test]
fn a_virtual_user_holds_a_hundred_jars_and_no_more() {
    const TEXT: &str = "
import http from 'k6/http';
export const options = { iterations: 301 };
export default function () {
  const held = [];
  const jars = __ITER < 300 ? 1 : 101;
  for (let number = 0; number < jars; number++) {
    held.push(new http.CookieJar());
    http.get(`${__ENV.HERE}/text`, { jar: held[number] });
  }
}
";
    let here = server();
    let ended = script(TEXT, [&here, &server()]).run();
    assert!((300..=400).contains(&here.count()), "{}: {}", here.count(), ended.err);
    assert!((ended.out + &ended.err).contains("too many cookie jars: 100"), "a trap is expected");
}
