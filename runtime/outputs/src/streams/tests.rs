//! Outputs in normal operation, without a receiver, and with one that stops.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::test_batch::batch;

fn settings() -> Settings {
    Settings {
        tags: BTreeMap::new(),
        statistics: Statistic::usual(),
        native_histograms: false,
        headers: Vec::new(),
        target: None,
    }
}

fn open(outputs: &[String]) -> Result<Streams, StreamError> {
    let outputs: Vec<Output> = outputs.iter().map(|output| output.parse().unwrap()).collect();
    Streams::open(&outputs, &settings(), UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

fn record(streams: &mut Streams, seconds: u64) {
    let batch = batch();
    let totals = Totals::new(Arc::clone(&batch.names.registry), "default", vec!["browse".to_owned()]);
    for _ in 0..seconds {
        streams.recorded(&batch.recorded, Nanos(1_000_000_000), Clock::of_system().now(), &totals);
    }
}

/// Sums of `http_reqs` in a file of JSON lines.
fn requests_in(text: &str) -> f64 {
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["metric"] == "http_reqs").filter_map(|line| line["data"]["value"].as_f64()).sum()
}

#[test]
fn a_file_has_everything_however_slow_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.ndjson");
    let mut streams = open(&[format!("json={}", file.display())]).unwrap();
    // Far more than can be in transit at a time.
    record(&mut streams, 200);
    assert_eq!(streams.close(), Vec::<String>::new());
    assert_eq!(requests_in(&std::fs::read_to_string(file).unwrap()), 800.0);
}

#[test]
fn a_compressed_file_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.ndjson.gz");
    let mut streams = open(&[format!("json={}", file.display())]).unwrap();
    record(&mut streams, 3);
    assert_eq!(streams.close(), Vec::<String>::new());
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(requests_in(&text), 12.0);
}

/// Answers requests one after the other with these statuses, and returns their bodies.
fn server(statuses: &'static [u16]) -> (String, std::thread::JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://me:secret@{}/db", listener.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        let mut bodies = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut bytes = [0; 4096];
            let (head, length) = loop {
                let read = stream.read(&mut bytes).unwrap();
                assert!(read > 0, "a request is cut off");
                request.extend_from_slice(&bytes[..read]);
                if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
                    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    break (head.clone(), end + 4 + length.unwrap().parse::<usize>().unwrap());
                }
            };
            assert!(head.contains("authorization: basic bwu6c2vjcmv0"), "{head}");
            while request.len() < length {
                let read = stream.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..read]);
            }
            bodies.push(request.split_off(head.len() + 4));
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 5\r\n\r\nsorry").unwrap();
        }
        bodies
    });
    (url, answers)
}

#[test]
fn a_batch_that_was_refused_temporarily_is_sent_again() {
    let (url, answers) = server(&[503, 204]);
    let mut streams = open(&[format!("influxdb={url}")]).unwrap();
    record(&mut streams, 1);
    assert_eq!(streams.close(), Vec::<String>::new());
    let bodies = answers.join().unwrap();
    assert_eq!(bodies[0], bodies[1]);
    assert!(String::from_utf8_lossy(&bodies[0]).contains("http_reqs,"));
}

#[test]
fn a_batch_that_is_refused_for_good_is_counted() {
    let (url, answers) = server(&[400]);
    let mut streams = open(&[format!("influxdb={url}")]).unwrap();
    record(&mut streams, 1);
    let missing = streams.close();
    answers.join().unwrap();
    assert_eq!(missing.len(), 1, "{missing:?}");
    let expected = "1 of 1 seconds were not delivered: the answer is 400 Bad Request: sorry";
    assert!(missing[0].contains(expected) && missing[0].contains("me:***@"), "{}", missing[0]);
}

#[test]
fn a_missing_receiver_is_reported_at_once_and_at_the_end() {
    // An address that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut streams = open(&[format!("prometheus=http://{address}/api/v1/write")]).unwrap();
    record(&mut streams, 30);
    let problem = loop {
        if let Some(problem) = streams.problems().pop() {
            break problem;
        }
        std::thread::yield_now();
    };
    assert!(problem.contains("cannot connect: Connection refused"), "{problem}");
    assert_eq!(streams.problems(), Vec::<String>::new(), "reported once");
    let missing = streams.close();
    assert!(missing[0].contains("30 of 30 seconds were not delivered: cannot connect"), "{missing:?}");
}

#[test]
fn an_output_that_cannot_be_opened_is_refused_before_the_run() {
    let error = open(&["json=no/such/folder/x.json".to_owned()]).err().unwrap().to_string();
    assert!(error.starts_with("--out json=no/such/folder/x.json: No such file"), "{error}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = open(&[format!("openmetrics={}", taken.local_addr().unwrap())]).err().unwrap().to_string();
    assert!(error.contains("in use"), "{error}");
    let mut with_header = settings();
    with_header.headers.push("influxdb=Bad Name: x".parse().unwrap());
    let outputs = ["influxdb=http://localhost/db".parse().unwrap()];
    let error = Streams::open(&outputs, &with_header, UNIX_EPOCH).err().unwrap().to_string();
    assert!(error.contains("\"Bad Name\" is not the name of a header"), "{error}");
}
