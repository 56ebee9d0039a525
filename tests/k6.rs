//! Unchanged k6 scripts: `squall run script.js --compat k6`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::support::program::{Ended, Squall};
use crate::support::server::{Reply, Request, Server};

/// A run of a script in its own folder.
fn script(text: &str, arguments: &[&str]) -> Squall {
    let squall = Squall::new(&["run", "script.js", "--compat", "k6"]).args(arguments);
    fs::write(squall.folder().join("script.js"), text).unwrap();
    squall.exporting()
}

const SCENARIOS: &str = r"
import http from 'k6/http';
import exec from 'k6/execution';
import { check, sleep } from 'k6';

export const options = {
  scenarios: {
    shoppers: {
      executor: 'per-vu-iterations', vus: 2, iterations: 3, exec: 'shop',
      env: { PAGE: '/basket' }, tags: { kind: 'human' },
    },
    robots: {
      executor: 'constant-arrival-rate', rate: 10, timeUnit: '1s', duration: '1s', preAllocatedVUs: 5,
      exec: 'crawl', startTime: '1s', env: { PAGE: '/robots.txt' }, tags: { kind: 'machine' },
    },
    everyone: { executor: 'shared-iterations', vus: 1, iterations: 2 },
  },
  thresholds: {
    'http_reqs{scenario:shoppers}': ['count==6'],
    'http_reqs{kind:machine}': ['count==10'],
    'checks{scenario:everyone}': ['rate==1'],
    'http_req_duration{kind:human}': ['p(95)<LIMIT'],
  },
};

export function shop() {
  http.get(`${__ENV.HOST}${__ENV.PAGE}`);
  sleep(0.01);
}

export function crawl() {
  http.get(`${__ENV.HOST}${__ENV.PAGE}?by=${exec.scenario.name}`);
}

export default function () {
  check(http.get(`${__ENV.HOST}/`), { 'status is 200': (response) => response.status === 200 });
}
";

fn scenarios(limit: &str) -> (Ended, Vec<Request>) {
    let server = Server::start(|_| Reply::ok("hello"));
    let host = server.url();
    let allowed = host.trim_start_matches("http://").to_owned();
    let arguments = ["--allow", &allowed, "-e", &format!("HOST={host}")];
    let ended = script(&SCENARIOS.replace("LIMIT", limit), &arguments).run();
    (ended, server.requests())
}

#[test]
fn k6_scenarios_keep_their_executors_functions_environments_tags_and_thresholds() {
    let (ended, requests) = scenarios("60000");
    ended.expect_code_or_busy(0);
    let count = |path: &str| requests.iter().filter(|request| request.path == path).count();
    assert_eq!((count("/basket"), count("/robots.txt?by=robots"), count("/")), (6, 10, 2));
    // The robots begin a second after the others, which have ended by then.
    let first_robot = requests.iter().position(|request| request.path.starts_with("/robots")).unwrap();
    assert_eq!(first_robot, 8, "{requests:?}");
}

#[test]
fn a_k6_threshold_with_a_tag_that_is_missed_fails_the_run() {
    let (ended, _) = scenarios("0.000001");
    let ended = ended.expect_code(99);
    assert!(ended.out.contains("http_req_duration{kind:human}"), "{}", ended.out);
}

/// grafana/k6#5551: there, such a body by five virtual users took 31 GB.
#[test]
fn a_large_file_is_posted_from_where_the_host_holds_it() {
    const SIZE: u64 = 100 << 20;
    const TEXT: &str = "
import http from 'k6/http';
import { check } from 'k6';
const film = open('films/big.bin', 'b');
export const options = { vus: 5, iterations: 5 };
export default function () {
  check(http.post(`${__ENV.HOST}/films`, film), { 'taken': (response) => response.status === 201 });
  check(film, {
    'its size is known': (file) => file.byteLength === 104857600 && file instanceof ArrayBuffer,
    'its end can be read': (file) => new Uint8Array(file.slice(-4)).join() === '0,0,0,0',
  });
}
";
    let sink = Sink::start(5);
    let host = format!("127.0.0.1:{}", sink.port);
    let squall = script(TEXT, &["--allow", &host, "-e", &format!("HOST=http://{host}"), "-t", "1"]);
    fs::create_dir(squall.folder().join("films")).unwrap();
    fs::File::create(squall.folder().join("films/big.bin")).unwrap().set_len(SIZE).unwrap();
    let running = squall.start();
    for _ in 0..5 {
        assert_eq!(sink.taken.recv_timeout(PATIENCE).expect("a body"), SIZE);
    }
    // All bodies have arrived, and no response was sent yet.
    let most = peak_mib(running.id());
    sink.answer.wait();
    let ended = running.wait().expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    assert!(most < 400, "{most} MiB");
}

/// For a build and a hundred megabytes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server that reads bodies without storing them, and answers when all expected ones have arrived and the test allows
/// it.
struct Sink {
    port: u16,
    /// The size of each body that has arrived.
    taken: Receiver<u64>,
    answer: Arc<Barrier>,
}

impl Sink {
    fn start(bodies: usize) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, taken) = channel();
        let answer = Arc::new(Barrier::new(bodies + 1));
        let all_there = answer.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sender, all_there) = (sender.clone(), all_there.clone());
                thread::spawn(move || swallow(&stream, &sender, &all_there));
            }
        });
        Sink { port, taken, answer }
    }
}

fn swallow(mut stream: &TcpStream, taken: &Sender<u64>, all_there: &Barrier) {
    let mut reader = BufReader::new(stream);
    let mut size = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            size = value.trim().parse().unwrap_or(0);
        }
    }
    let read = std::io::copy(&mut reader.take(size), &mut std::io::sink()).unwrap_or(0);
    let _ = taken.send(read);
    all_there.wait();
    let _ = stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// The largest memory of a process so far, in MiB.
fn peak_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// A script's top level runs during the build: then it may read a file's content.
#[test]
fn a_large_file_can_be_looked_into_when_the_script_is_built_and_put_into_a_form() {
    const TEXT: &str = "
import http from 'k6/http';
const film = open('film.bin', 'b');
const first = new Uint8Array(open('other.bin', 'b'))[0];
export default function () {
  http.post(`${__ENV.HOST}/films`, { first: String(first), film: http.file(film, 'film.bin') });
}
";
    let server = Server::start(|_| Reply::ok(""));
    let host = server.url();
    let allowed = host.trim_start_matches("http://").to_owned();
    let squall = script(TEXT, &["--allow", &allowed, "-e", &format!("HOST={host}"), "-u", "1", "-i", "1"]);
    let content = "frame!".repeat(1 << 18);
    fs::write(squall.folder().join("film.bin"), &content).unwrap();
    fs::write(squall.folder().join("other.bin"), content.replace('f', "x")).unwrap();
    squall.run().expect_code(0);
    let [request] = &server.requests()[..] else { panic!("one request") };
    let body = String::from_utf8_lossy(&request.body);
    assert!(body.contains(&content) && body.contains("\r\n\r\n120\r\n"), "{} bytes", body.len());
}

/// A component is built once, and each run of it decides.
#[test]
fn a_built_script_takes_its_options_and_files_from_each_run() {
    const TEXT: &str = "
if (!__ENV.STAGE) throw new Error('set STAGE');
const { vus } = JSON.parse(open(`./stages/${__ENV.STAGE}.json`));
export const options = { vus, iterations: vus };
export default function () {}
";
    let build = Squall::new(&["build", "script.js", "--compat", "k6", "-o", "script.wasm"]);
    fs::write(build.folder().join("script.js"), TEXT).unwrap();
    let built = build.run().expect_code(0);
    let component = built.folder().join("script.wasm").display().to_string();
    let run = |stage: &str, content: &str| {
        let data = "stages_file.json=file:stage.json".replace("file.json", &format!("{stage}.json"));
        let run = Squall::new(&["run", &component, "-e", &format!("STAGE={stage}"), "--data", &data]).exporting();
        fs::write(run.folder().join("stage.json"), content).unwrap();
        run.run()
    };
    for (stage, vus) in [("test", 2.0), ("prod", 4.0)] {
        let ended = run(stage, &format!("{{\"vus\": {vus}}}")).expect_code_or_busy(0);
        assert_eq!(ended.number("iterations", "count"), vus, "{}", ended.out);
    }
    let ended = Squall::new(&["run", &component, "-e", "STAGE=prod"]).run().expect_code(107);
    assert!(ended.err.contains("--data stages_prod.json=file:FILE"), "{}", ended.err);
    let ended = Squall::new(&["inspect", &component]).run();
    assert!(ended.out.contains("set STAGE"), "{}", ended.out);
}

#[test]
fn a_file_that_the_environment_names_is_one_of_the_project() {
    const TEXT: &str = "open(__ENV.NAME); export default function () {}";
    let squall = script(TEXT, &["-e", "NAME=/etc/hostname"]);
    let ended = squall.run().expect_code(107);
    assert!(ended.err.contains("/etc/hostname is outside of the project"), "{}", ended.err);
}

#[test]
fn a_secret_does_not_become_a_part_of_the_plan() {
    const TEXT: &str = "
export const options = { vus: 1, iterations: 1, tags: { token: String(__ENV.TOKEN) } };
export default function () {}
";
    let squall = script(TEXT, &["--secret", "TOKEN=env"]).env("TOKEN", "sesame42");
    let ended = squall.run().expect_code(107);
    assert!(ended.err.contains("suggested a plan with the secret TOKEN in it"), "{}", ended.err);
    assert!(!ended.err.contains("sesame42"), "{}", ended.err);
}

/// As in k6: such a number would become null in JSON, and the run one of a single user.
#[test]
fn a_number_that_the_environment_lacks_is_an_error() {
    const TEXT: &str = "
export const options = { vus: Number(__ENV.VUS), duration: '1s' };
export default function () {}
";
    let ended = script(TEXT, &[]).run().expect_code(107);
    assert!(ended.err.contains("option vus is NaN"), "{}", ended.err);
}

#[test]
fn an_ignored_summary_function_is_named_at_the_start() {
    let server = Server::start(|_| Reply::ok("hello"));
    let text = "import http from 'k6/http';\nexport default () => void http.get('/');\n\
                export function handleSummary(data) { return { stdout: 'mine' }; }\n";
    let ended = script(text, &["--target", &server.url(), "-i", "1"]).run().expect_code_or_busy(0);
    let warning = "warning: handleSummary is not called: --summary-export FILE writes k6's summary";
    assert_eq!(ended.err.matches(warning).count(), 1, "{}", ended.err);
}

#[test]
fn a_script_without_compat_is_answered_with_the_command() {
    let squall = Squall::new(&["run", "script.js", "-u", "2"]);
    fs::write(squall.folder().join("script.js"), "import http from 'k6/http';\n").unwrap();
    let ended = squall.run().expect_code(104);
    let answer = "error: script.js is a script of k6's (it imports k6/http), which is run so: \
                  squall run script.js -u 2 --compat k6\n";
    assert_eq!(ended.err, answer);
}
