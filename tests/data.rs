//! Data for scenarios: the order of rows, the end of the data, and refused files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Request, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok(""))
}

/// A CSV file of `count` users: user0, user1, ...
fn users(rows: usize) -> String {
    (0..rows).fold("name,email\n".to_owned(), |mut csv, row| {
        let _ = writeln!(csv, "user{row},user{row}@example.test");
        csv
    })
}

/// Runs `feed` with files in its folder.
fn run(server: &Server, files: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let squall = Squall::new(&["run", &guest("feed"), "--target", &server.url()]).args(arguments);
    for (file, content) in files {
        std::fs::write(squall.folder().join(file), content).unwrap();
    }
    squall.exporting().run()
}

fn run_users(server: &Server, rows: usize, data: &str, arguments: &[&str]) -> Ended {
    let data = format!("users=users.csv{data}");
    run(server, &[("users.csv", &users(rows))], &[&["--data", &data], arguments].concat())
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

fn bodies(server: &Server) -> Vec<String> {
    server.requests().iter().map(body).collect()
}

/// The names in the order of the rows, starting again after the last one.
fn names(rows: usize, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user{}", number % rows)).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

#[test]
fn rows_come_one_after_the_other_and_begin_again() {
    let server = server();
    let ended = run_users(&server, 3, "", &["-u", "1", "-i", "7"]).expect_code(0);
    assert_eq!(bodies(&server), names(3, 7));
    assert!(ended.out.contains("DATA (rows taken)") && ended.out.contains("of 3 rows, sequential"), "{}", ended.out);
}

#[test]
fn all_users_of_all_threads_take_from_the_same_order() {
    let server = server();
    run_users(&server, 50, "", &["-u", "5", "-i", "100", "--threads", "2"]).expect_code(0);
    assert_eq!(sorted(bodies(&server)), sorted(names(50, 100)));
}

#[test]
fn a_shuffle_has_every_row_in_each_pass_and_the_seed_decides() {
    let pass = |seed: &str| {
        let server = server();
        run_users(&server, 20, ",policy=shuffle", &["-u", "1", "-i", "40", "--seed", seed]).expect_code(0);
        bodies(&server)
    };
    let first = pass("7");
    for half in first.chunks(20) {
        assert_eq!(sorted(half.to_vec()), sorted(names(20, 20)));
        assert_ne!(half, names(20, 20));
    }
    assert_ne!(first[..20], first[20..]);
    assert_eq!(first, pass("7"));
    assert_ne!(first, pass("8"));
}

/// The names that each virtual user sent, in its order.
fn by_user(server: &Server) -> BTreeMap<String, Vec<String>> {
    let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in server.requests() {
        by_user.entry(request.headers["x-vu"].clone()).or_default().push(body(&request));
    }
    by_user
}

#[test]
fn chance_can_be_repeated_on_any_number_of_threads() {
    let draws = |seed: &str, threads: &str| {
        let server = server();
        let more = ["-u", "3", "-i", "10", "--executor", "per-vu-iterations", "--seed", seed, "--threads", threads];
        run_users(&server, 1_000, ",policy=random", &more).expect_code(0);
        by_user(&server)
    };
    let first = draws("7", "1");
    assert_eq!(first, draws("7", "2"));
    assert_ne!(first, draws("8", "1"));
    assert_ne!(first["1"], first["2"]);
}

#[test]
fn users_have_their_own_rows() {
    let server = server();
    let more = ["-u", "4", "-i", "10", "--executor", "per-vu-iterations", "--threads", "2"];
    run_users(&server, 10, ",policy=unique-per-vu", &more).expect_code(0);
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (vu, names) in by_user(&server) {
        for name in names {
            owners.entry(name).or_default().insert(vu.clone());
        }
    }
    assert_eq!(owners.len(), 10);
    assert!(owners.values().all(|owners| owners.len() == 1), "{owners:?}");
}

#[test]
fn each_row_once_and_then_the_run_ends() {
    let server = server();
    let more = ["-u", "5", "-d", "10m", "--threads", "2"];
    let ended = run_users(&server, 100, ",policy=once-each", &more).expect_code(0);
    assert_eq!(sorted(bodies(&server)), sorted(names(100, 100)));
    assert!(ended.out.contains("of 100 rows, once-each; no row is left, so the run was stopped"), "{}", ended.out);
    assert_eq!(ended.number("iterations", "count"), 100.0);
    assert_eq!(ended.number("iterations_failed", "passes"), 0.0);
    assert!(!ended.out.contains("ERRORS"), "{}", ended.out);
}

#[test]
fn an_open_load_ends_with_its_data_too() {
    let server = server();
    let more = ["-R", "200", "-d", "10m", "--threads", "2"];
    let ended = run_users(&server, 60, ",policy=shuffle,at-end=stop", &more).expect_code(0);
    assert_eq!(sorted(bodies(&server)), sorted(names(60, 60)));
    assert!(ended.out.contains("so the run was stopped"), "{}", ended.out);
    assert!(ended.err.contains("data \"users\" has come to its end"), "{}", ended.err);
    assert_eq!(ended.number("iterations_failed", "passes"), 0.0);
}

#[test]
fn thresholds_still_decide_when_data_ends_the_run() {
    let server = Server::start(|_| Reply::status(500, "no"));
    let more = ["-u", "1", "-d", "10m", "--threshold", "http_req_failed=rate<0.5"];
    run_users(&server, 3, ",at-end=stop", &more).expect_code(99);
}

#[test]
fn an_end_may_be_an_error() {
    let server = server();
    let ended = run_users(&server, 3, ",at-end=error", &["-u", "1", "-i", "5"]).expect_code(0);
    assert_eq!(bodies(&server), names(3, 3));
    assert_eq!(ended.number("iterations_failed", "passes"), 2.0);
    assert!(ended.out.contains("data \"users\" is exhausted: all of its rows have been taken"), "{}", ended.out);
}

#[test]
fn the_scenario_may_choose_and_the_user_goes_first() {
    let draw = |data: &str, iterations: &str| {
        let server = server();
        let ended = run_users(&server, 4, data, &["--flow", "draw", "-u", "1", "-i", iterations]);
        (bodies(&server), ended)
    };
    let (sent, ended) = draw("", "6");
    assert_eq!(sent, names(4, 4));
    assert!(ended.out.contains("is exhausted"), "{}", ended.out);
    let (sent, ended) = draw(",policy=sequential,at-end=recycle", "6");
    assert_eq!(sent, names(4, 6));
    assert_eq!(ended.number("iterations_failed", "passes"), 0.0);
}

#[test]
fn every_format_gives_the_same_rows() {
    let csv = "name,email\r\n\"ada \"\"a\"\"\",ada@example.test\r\n";
    let json = "[{\"name\": \"ada \\\"a\\\"\", \"email\": \"ada@example.test\"}]";
    for (file, content, data) in [
        ("users.csv", csv.to_owned(), "users.csv"),
        ("users.csv", format!("\u{feff}{csv}"), "users.csv"),
        ("users.txt", csv.replace(',', ";"), "csv:users.txt,delimiter=;"),
        ("users.tsv", csv.replace(',', "\t"), "users.tsv"),
        ("users.json", json.to_owned(), "users.json"),
        ("users.ndjson", json.replace(['[', ']'], ""), "users.ndjson"),
    ] {
        let server = server();
        let data = format!("users={data}");
        let arguments = ["--flow", "profile", "-u", "1", "-i", "1", "--data", &data];
        run(&server, &[(file, &content)], &arguments).expect_code(0);
        assert_eq!(bodies(&server), [r#"{"name":"ada \"a\"","email":"ada@example.test"}"#], "{file}");
    }
}

#[test]
fn json_values_other_than_text_arrive_as_json() {
    let server = server();
    let json = "[{\"id\": 12345678901234567890123, \"tags\": [\"a\", 1]}]";
    let arguments = ["-u", "1", "-i", "1", "--data", "users=users.json", "-e", "COLUMN=id"];
    run(&server, &[("users.json", json)], &arguments).expect_code(0);
    assert_eq!(bodies(&server), ["12345678901234567890123"]);
}

#[test]
fn a_missing_column() {
    let server = server();
    let ended = run_users(&server, 3, "", &["-u", "1", "-i", "2", "-e", "COLUMN=nmae"]).expect_code(0);
    assert_eq!(ended.number("iterations_failed", "passes"), 2.0);
    let sentence = "data \"users\": there is no column \"nmae\": the columns are name, email";
    assert!(ended.out.contains(sentence), "{}", ended.out);
}

#[track_caller]
fn refused(files: &[(&str, &[u8])], data: &[&str], more: &[&str]) -> String {
    let squall = Squall::new(&["run", &guest("feed"), "--target", "http://127.0.0.1:9"]);
    let data: Vec<&str> = data.iter().flat_map(|data| ["--data", data]).collect();
    let squall = squall.args(&data).args(more);
    for (file, content) in files {
        std::fs::write(squall.folder().join(file), content).unwrap();
    }
    squall.run().expect_code(104).complaint().to_owned()
}

#[test]
fn bad_files_are_refused_before_the_run_with_their_line() {
    for (file, content, sentence) in [
        ("u.csv", &b"a,b\n1,2\n3\n"[..], "u.csv, line 3: 1 field where the first line names 2 columns"),
        ("u.csv", b"", "u.csv: it is empty: CSV begins with a line of column names"),
        ("u.csv", b"a,b\n", "u.csv: there are no rows in it"),
        (
            "u.csv",
            b"name\nM\xfcller\n",
            "u.csv, line 2: this is not UTF-8 text: convert the file, as with iconv -f latin1 -t utf-8",
        ),
        ("u.json", b"[{\"a\": 1},\n {\"a\": }]", "u.json, line 2: expected value"),
        ("u.ndjson", b"{\"a\": 1}\n{\"a\": 2\n", "u.ndjson, line 2: EOF while parsing an object"),
    ] {
        let complaint = refused(&[(file, content)], &[&format!("users={file}")], &[]);
        assert_eq!(complaint, format!("--data users={sentence}"));
    }
    let complaint = refused(&[], &["users=nowhere.csv"], &[]);
    assert_eq!(complaint, "--data users=nowhere.csv: No such file or directory (os error 2)");
}

#[test]
fn missing_and_invalid_data() {
    assert_eq!(refused(&[], &[], &[]), "the scenario needs data that is not given: add --data users=FILE");
    let complaint = refused(&[("u.bin", b"x")], &["users=u.bin"], &[]);
    assert!(complaint.contains("the name of u.bin does not say what is in it"), "{complaint}");
    let complaint = refused(&[("u.csv", b"a\n1\n")], &["users=u.csv,policy=unique-per-vu"], &["-u", "9"]);
    assert!(complaint.contains("needs one for each of up to"), "{complaint}");
    let ended = Squall::new(&["run", &guest("feed"), "--data", "users=u.csv,policy=shufle"]).run().expect_code(2);
    assert!(ended.err.contains("did you mean \"shuffle\"?"), "{}", ended.err);
}

#[test]
fn undeclared_data_is_missing_when_it_is_opened() {
    let server = server();
    let ended = run_users(&server, 3, "", &["--flow", "upload", "-u", "1", "-i", "1"]).expect_code(0);
    let sentence = "there is no data \"upload\": give it with --data upload=file:FILE (given are users)";
    assert!(ended.out.contains(sentence), "{}", ended.out);
}

#[test]
fn a_large_file_is_sent_whole_and_enters_no_guest() {
    let server = server();
    let squall =
        Squall::new(&["run", &guest("feed"), "--target", &server.url(), "--flow", "upload", "-u", "2", "-i", "4"]);
    // More than a guest's memory can hold, let alone twice.
    let content: Vec<u8> = (0..3_000_000u32).map(|place| (place % 251) as u8).collect();
    std::fs::write(squall.folder().join("big.bin"), &content).unwrap();
    std::fs::write(squall.folder().join("users.csv"), users(1)).unwrap();
    let squall = squall.args(&["--data", "upload=file:big.bin", "--data", "users=users.csv", "--memory", "2MiB"]);
    let ended = squall.exporting().run().expect_code(0);
    assert_eq!(ended.number("checks", "fails"), 0.0);
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.body == content));
    assert!(ended.number("data_sent", "count") >= 12_000_000.0);
}

#[test]
fn inspect_shows_the_needs_of_a_scenario() {
    let ended = Squall::new(&["inspect", &guest("feed")]).run().expect_code(0);
    assert!(ended.out.contains("users  give it with --data users=FILE"), "{}", ended.out);
    let ended = Squall::new(&["inspect", "--json", &guest("feed")]).run().expect_code(0);
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["data"], serde_json::json!(["users"]));
}

#[test]
fn a_component_cannot_name_files() {
    let squall = Squall::new(&["run", "guest.wasm"]);
    // A description whose plan names a file, at its own address.
    let plan =
        r#"{"data":{"x":"/etc/passwd,policy=random"}}"#.replace('"', "\\22").replace("/etc/passwd", "csv:/etc/passwd");
    let length = plan.replace("\\22", "\"").len();
    let description = format!("\\60\\00\\00\\00\\01\\00\\00\\00\\00\\04\\00\\00\\{length:02x}\\00\\00\\00");
    let data = format!("(data (i32.const 512) \"{description}\") (data (i32.const 1024) \"{plan}\")");
    crate::support::component::Wat::new(crate::support::component::OK)
        .describing("(i32.const 512)")
        .with_functions(&data)
        .write(squall.folder());
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().contains("only the user may say that; if it is meant, add --data x="), "{}", ended.err);
}
