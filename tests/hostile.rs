//! Guests that misbehave: the host names the offence and continues.

use std::time::{Duration, Instant};

use crate::support::caged::Caged;
use crate::support::component::{COUNTING, ERR, LOOP, OK, Wat, repeat};
use crate::support::imports::{logging, measuring};
use crate::support::program::Ended;

fn run(guest: &Wat, arguments: &[&str]) -> Ended {
    let squall = Caged::new(&["run", "guest.wasm"]);
    guest.write(squall.folder());
    squall.args(arguments).exporting().run()
}

#[test]
fn an_endless_loop_does_not_hold_the_run() {
    let started = Instant::now();
    let ended = run(
        &Wat::new("(loop $forever (br $forever)) (unreachable)"),
        &["-u", "3", "-d", "1s", "--graceful-stop", "1s"],
    );
    let ended = ended.expect_code(0);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(ended.number("iterations_interrupted", "count"), 3.0);
}

#[test]
fn an_endless_loop_leaves_the_core_to_others() {
    // Of two users on one thread, one loops for ever; the other, which runs every later iteration, continues.
    let guest = Wat::new("(if (i32.eq (call $vu) (i32.const 1)) (then (loop $forever (br $forever)))) (i32.const 200)")
        .importing("squall:scenario/context@0.1.0", "vu", "(result u32)", "(result i32)");
    let ended = run(&guest, &["-u", "2", "-d", "1s", "--threads", "1", "--graceful-stop", "0s"]).expect_code(0);
    assert!(ended.number("iterations", "count") > 10.0);
    assert_eq!(ended.number("iterations_interrupted", "count"), 1.0);
}

#[test]
fn a_trap_ends_the_iteration_and_not_the_run() {
    // Every second iteration divides by zero.
    let guest = Wat::new(
        "(drop (i32.div_u (i32.const 1) (i32.wrap_i64 (i64.and (call $iteration) (i64.const 1))))) (i32.const 200)",
    )
    .importing("squall:scenario/context@0.1.0", "iteration", "(result u64)", "(result i64)");
    let ended = run(&guest, &["-u", "1", "-i", "20"]).expect_code(0);
    assert_eq!(ended.number("iterations", "count"), 20.0);
    assert_eq!(ended.number("iterations_failed", "passes"), 10.0);
    assert!(ended.out.contains("flow \"main\" trapped: 10"), "{}", ended.out);
    assert!(ended.out.contains("integer divide by zero"), "{}", ended.out);
}

#[test]
fn if_everything_traps_the_run_stops_early() {
    let started = Instant::now();
    let ended = run(&Wat::new("(unreachable)"), &["-u", "10", "-d", "5m"]).expect_code(107);
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(ended.err.contains("iterations trapped"), "{}", ended.err);
}

#[test]
fn an_error_is_counted_and_shown() {
    let ended = run(&Wat::new(ERR), &["-i", "5"]).expect_code(0);
    assert_eq!(ended.number("iterations_failed", "passes"), 5.0);
    assert!(ended.out.contains("flow \"main\" returned an error: 5"), "{}", ended.out);
    assert!(ended.out.contains("5× no luck"), "{}", ended.out);
}

#[test]
fn memory_has_a_limit_with_a_name() {
    let guest =
        Wat::new("(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)");
    let ended = run(&guest, &["-i", "1", "--memory", "8MiB"]);
    assert!(ended.out.contains("out of memory (limit 8 MiB, raise with --memory)"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn recursion_has_an_end() {
    let guest = Wat::new("(call $deeper (i32.const 0)) (drop) (i32.const 200)").with_functions(
        "(func $deeper (param i32) (result i32) (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))",
    );
    let ended = run(&guest, &["-i", "1"]);
    assert!(ended.out.contains("stack overflow"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn describe_must_answer() {
    let ended =
        run(&Wat::new(OK).describing("(loop $forever (br $forever)) (unreachable)"), &["-i", "1"]).expect_code(107);
    assert!(ended.complaint().contains("describe did not answer within 10s"), "{}", ended.err);
}

#[test]
fn describe_must_make_sense() {
    // A list of two thousand million flows at address 0.
    let guest = Wat::new(OK).describing(
        "(i32.store (i32.const 300) (i32.const 0)) (i32.store (i32.const 304) (i32.const 2000000000)) (i32.const 300)",
    );
    let ended = run(&guest, &["-i", "1"]).expect_code(107);
    assert!(ended.complaint().contains("describe"), "{}", ended.err);
}

#[test]
fn a_result_outside_of_its_memory_is_a_trap() {
    let ended = run(&Wat::new("(i32.const 0x7fffff00)"), &["-i", "1"]);
    assert!(ended.out.contains("flow \"main\" trapped: 1"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn precompiled_code_is_never_run() {
    let squall = Caged::new(&["run", "code.cwasm"]);
    let engine_made = b"\x7fELF\x02\x01\x01\xc8\0\0\0\0\0\0\0\0";
    std::fs::write(squall.folder().join("code.cwasm"), engine_made).unwrap();
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().contains("it does not begin as WebAssembly does"), "{}", ended.err);
}

#[test]
fn setup_and_teardown_that_never_end_are_ended() {
    let squall = |guest: Wat| {
        let squall = Caged::new(&["run", "guest.wasm", "-i", "1"]);
        guest.write(squall.folder());
        squall.env("SQUALL_SETUP_TIMEOUT", "500ms").env("SQUALL_TEARDOWN_TIMEOUT", "500ms").run()
    };
    let ended = squall(Wat::new(OK).exporting("setup", LOOP)).expect_code(100);
    assert!(ended.err.contains("setup took longer than 500ms"), "{}", ended.err);
    let ended = squall(Wat::new(OK).exporting("teardown", LOOP)).expect_code(101);
    assert!(ended.err.contains("teardown took longer than allowed"), "{}", ended.err);
}

#[test]
fn a_start_that_never_ends_does_not_hold_the_run() {
    let started = Instant::now();
    let ended = run(&Wat::new(OK).exporting("start", LOOP), &["-u", "2", "-d", "1s", "--graceful-stop", "0s"]);
    assert!(started.elapsed() < Duration::from_secs(20));
    let ended = ended.expect_code(107);
    assert!(
        ended.err.contains("no iteration began: the load was over before a virtual user had started"),
        "{}",
        ended.err
    );
}

#[test]
fn a_guest_that_requests_the_end_and_continues_is_ended() {
    let guest = logging(Wat::new(&format!("(call $abort (i32.const 160) (i32.const 7)) {LOOP}")));
    let ended = run(&guest, &["-u", "1", "-d", "5m", "--graceful-stop", "1s"]).expect_code(108);
    assert!(ended.err.contains("the scenario asked to stop: no luck"), "{}", ended.err);
    assert_eq!(ended.number("iterations_interrupted", "count"), 1.0);
}

#[test]
fn a_table_has_a_limit_with_a_name() {
    let more = "(loop $more (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 500)) (i32.const -1)))) (unreachable)";
    let ended = run(&Wat::new(more).with_functions("(table $t 1 funcref)"), &["-i", "1"]);
    assert!(ended.out.contains("a table is full (limit 2000 entries"), "{}\n{}", ended.out, ended.err);
    let ended = run(&Wat::new(OK).with_functions("(table $t 200000 funcref)"), &["-i", "1"]).expect_code(107);
    assert!(
        ended.complaint().contains("it has 200000 entries in a table: at most 100000 are allowed"),
        "{}",
        ended.err
    );
    let many = "(table 1 funcref)".repeat(65);
    let ended = run(&Wat::new(OK).with_functions(&many), &["-i", "1"]).expect_code(107);
    assert!(ended.complaint().contains("it has 65 tables: at most 64 are allowed"), "{}", ended.err);
}

#[test]
fn strings_that_overlap_do_not_become_many() {
    // 5,000 flows whose names are the same 60,000 bytes: 300 MB, if the host copied them all.
    let fill = "(loop $fill
        (i32.store (i32.add (i32.const 65536) (i32.mul (global.get $n) (i32.const 12))) (i32.const 1024))
        (i32.store (i32.add (i32.const 65540) (i32.mul (global.get $n) (i32.const 12))) (i32.const 60000))
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (br_if $fill (i32.lt_u (global.get $n) (i32.const 5000))))
        (i32.store (i32.const 300) (i32.const 65536)) (i32.store (i32.const 304) (i32.const 5000)) (i32.const 300)";
    let ended = run(&Wat::new(OK).describing(fill).with_functions(COUNTING), &["-i", "1"]).expect_code(107);
    assert!(ended.complaint().contains("describe trapped: "), "{}", ended.err);
}

#[test]
fn an_error_as_long_as_its_memory_is_cut() {
    let long = "(drop (memory.grow (i32.const 100))) (i32.store (i32.const 400) (i32.const 1)) \
        (i32.store (i32.const 404) (i32.const 70000)) (i32.store (i32.const 408) (i32.const 6000000)) (i32.const 400)";
    let guest = Wat::new(long).with_functions(r#"(data (i32.const 70000) "no luck")"#);
    let ended = run(&guest, &["-i", "3"]).expect_code_or_busy(0);
    assert!(ended.out.contains("3× no luck"), "{}", ended.out);
    assert!(ended.out.len() < 20_000);
}

#[test]
fn invalid_text_is_a_trap() {
    let guest = logging(Wat::new("(call $log (i32.const 1) (i32.const 700) (i32.const 2)) (i32.const 200)"));
    let ended = run(&guest.with_functions(r#"(data (i32.const 700) "\ff\fe")"#), &["-i", "2"]);
    assert!(ended.out.contains("flow \"main\" trapped: 2"), "{}\n{}", ended.out, ended.err);
    assert!(ended.out.contains("utf-8"), "{}", ended.out);
}

/// Writes the number of a repetition to address 800, in letters from 'a' on, of four bits each: six of them.
fn name_of_number() -> String {
    let letter = |digit: u32| {
        format!(
            "(i32.store8 (i32.const {}) (i32.add (i32.const 97) (i32.and (i32.shr_u (global.get $n) (i32.const {})) (i32.const 15))))",
            800 + digit,
            4 * digit
        )
    };
    (0..6).map(letter).collect()
}

#[test]
fn a_million_names_take_the_room_of_a_thousand() {
    let name = name_of_number();
    let guest = measuring(Wat::new(&repeat(
        1_000_000,
        &format!("{name} (call $check (i32.const 800) (i32.const 6) (i32.const 1))"),
    )));
    let ended = run(&guest.with_functions(COUNTING), &["-u", "1", "-i", "1"]).expect_code_or_busy(0);
    assert!(
        ended.err.contains("more than 1000 different names: the rest is counted under \"(other)\""),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("--max-series"), "{}", ended.err);
    assert_eq!(ended.number("checks", "passes"), 1_000_000.0);
    let counters =
        measuring(Wat::new(&repeat(20_000, &format!("{name} (drop (call $counter (i32.const 800) (i32.const 6)))"))));
    let ended = run(&counters.with_functions(COUNTING), &["-u", "1", "-i", "1"]).expect_code_or_busy(0);
    assert!(ended.err.contains("one more than the limit of 1000 (raise it with --max-series)"), "{}", ended.err);
}

#[test]
fn equal_lines_are_told_once_and_summed_up() {
    let flood = logging(Wat::new(&repeat(6_528, "(call $log (i32.const 2) (i32.const 160) (i32.const 7))")));
    let ended = run(&flood.with_functions(COUNTING), &["-u", "1", "-i", "1"]).expect_code_or_busy(0);
    let lines: Vec<&str> = ended.err.lines().filter(|line| line.contains("main] ")).collect();
    assert_eq!(lines.len(), 2, "{}", ended.err);
    assert!(lines[0].starts_with("[vu 1 main] "), "{}", ended.err);
    let text = lines[0].trim_start_matches("[vu 1 main] ");
    assert_eq!(lines[1], format!("[main] {text} ... repeated 6,527 times"));
}

#[test]
fn a_flood_of_lines_is_dropped_and_counted_and_has_a_limit() {
    let flood = || {
        let line = format!("{} (call $log (i32.const 2) (i32.const 800) (i32.const 6))", name_of_number());
        logging(Wat::new(&repeat(300_000, &line))).with_functions(COUNTING)
    };
    let ended = run(&flood(), &["-u", "1", "-i", "1"]).expect_code_or_busy(0);
    assert!(ended.err.contains("more lines from the scenario are not shown"), "{}", &ended.err[..2_000]);
    assert!(ended.err.len() < 10_000_000);
    let ended = run(&flood(), &["-u", "1", "-i", "1", "--max-log-size", "1KiB"]).expect_code_or_busy(0);
    let offence = "the scenario has logged 1 KiB: the rest is not shown (limit 1 KiB, raise with --max-log-size)";
    assert_eq!(ended.err.matches(offence).count(), 1, "{}", ended.err);
    assert!(ended.err.lines().count() < 300, "{}", ended.err);
}

#[test]
fn handles_that_leak_are_counted() {
    let guest = Wat::new(&repeat(20_000, "(drop (call $options))")).with_functions(COUNTING).importing_all(
        "squall:scenario/http@0.1.0",
        r#"(export "request-options" (type $options (sub resource)))
           (export "[constructor]request-options" (func (result (own $options))))"#,
        &[("[constructor]request-options", "options", "(result i32)")],
    );
    let ended = run(&guest, &["-i", "1"]);
    assert!(ended.out.contains("too many open handles: 10000 of request-options"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn no_name_is_a_command_for_a_terminal_or_a_ci_system() {
    let text = r"##vso[task.complete]\0d\0a::error::x \1b[2J\c2\9b31m";
    let names = format!(r#"(data (i32.const 700) "{text}")"#);
    let calls = "(call $check (i32.const 700) (i32.const 42) (i32.const 0)) (drop (call $counter (i32.const 700) (i32.const 42))) \
        (call $log (i32.const 2) (i32.const 700) (i32.const 42)) \
        (i32.store (i32.const 400) (i32.const 1)) (i32.store (i32.const 404) (i32.const 700)) (i32.store (i32.const 408) (i32.const 42)) (i32.const 400)";
    let guest = measuring(logging(Wat::new(calls))).with_functions(&names);
    let ended = run(&guest, &["-i", "1", "--summary-mode", "full"]).expect_code_or_busy(0);
    for text in [&ended.out, &ended.err, &ended.export().to_string()] {
        assert!(text.contains("# #vso[task.complete]"), "{text}");
        assert!(!text.contains("##vso[") && !text.contains(['\u{1b}', '\u{9b}', '\r']), "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text:?}");
    }
}

#[test]
fn a_suggested_plan_is_not_a_command_either() {
    let plan = r#"{"thresholds": {"checks{name:##vso[x]}": ["rate>0"]}}"#;
    let data = format!("(data (i32.const 900) \"{}\")", plan.replace('"', "\\22"));
    let describe = format!(
        "(i32.store (i32.const 72) (i32.const 900)) (i32.store (i32.const 76) (i32.const {})) (i32.const 64)",
        plan.len()
    );
    let guest = Wat::new(OK).describing(&describe).with_functions(&data);
    let ended = run(&guest, &["-i", "1"]).expect_code(107);
    assert!(ended.complaint().contains("# #vso[x]") && !ended.err.contains("##vso["), "{}", ended.err);
    let squall = Caged::new(&["inspect", "guest.wasm"]);
    guest.write(squall.folder());
    let ended = squall.run();
    assert!(ended.out.contains("# #vso[x]") && !ended.out.contains("##vso["), "{}", ended.out);
}

#[test]
fn the_metadata_of_a_component_is_not_a_command_either() {
    let text = "##vso[task.complete] \u{202e}\u{9b}2J";
    let section = |name: &str| {
        let mut section = vec![0, (1 + name.len() + text.len()) as u8, name.len() as u8];
        section.extend(name.bytes().chain(text.bytes()));
        section
    };
    for arguments in [&["inspect", "guest.wasm"][..], &["inspect", "--json", "guest.wasm"]] {
        let squall = Caged::new(arguments);
        let plan = r###"{"data": {"##vso[x]": {"policy": "shuffle"}}}"###;
        let path = Wat::new(OK).suggesting(plan).write(squall.folder());
        let mut component = std::fs::read(&path).unwrap();
        ["squall:sdk", "version", "authors"].into_iter().for_each(|name| component.extend(section(name)));
        std::fs::write(&path, component).unwrap();
        let ended = squall.run().expect_code(0);
        assert!(!ended.out.contains("##vso[") && !ended.out.contains(['\u{202e}', '\u{9b}']), "{}", ended.out);
        assert!(ended.out.contains("vso[task.complete]"), "{}", ended.out);
    }
}

/// The one-request scenario with its own options, as an untrusted scenario could have them.
fn asking(server: &crate::support::server::Server, options: &[(&str, &str)]) -> Ended {
    let component = crate::support::program::root().join("runtime/cli/assets/request.wasm").display().to_string();
    let mut squall = Caged::new(&["run", &component, "--target", &server.url(), "-u", "1", "-i", "2"]).exporting();
    for (name, value) in options {
        squall = squall.args(&["-e", &format!("{name}={value}")]);
    }
    let ended = squall.run();
    let code = if ended.out.contains("invalid request") { 97 } else { 0 };
    ended.expect_code_or_busy(code)
}

#[test]
fn no_header_is_smuggled_into_a_request() {
    use crate::support::server::{Reply, Server};
    for (name, value) in [
        ("SQUALL_METHOD", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET"),
        ("SQUALL_URL", "/a HTTP/1.1\r\nx: y\r\n\r\n"),
        ("SQUALL_HEADERS", "x: a\rinjected: b"),
        ("SQUALL_HEADERS", "x\u{0b}: a"),
        ("SQUALL_HEADERS", "a b: c"),
    ] {
        let server = Server::start(|_| Reply::ok("hello"));
        let ended = asking(&server, &[(name, value)]);
        let sent = server.requests();
        let harmless = |request: &crate::support::server::Request| {
            !request.headers.contains_key("injected") && request.headers.get("x").is_none_or(|x| x != "y")
        };
        assert!(sent.iter().all(harmless), "{value:?}: {sent:?}");
        // The value was sent in a form without any other meaning, or refused.
        let refused = ended.out.contains("invalid request");
        assert!(refused || sent.len() == 2, "{value:?}: {}", ended.out);
    }
}

#[test]
fn a_request_has_one_length() {
    use crate::support::server::{Reply, Server};
    for header in [
        "content-length: 3",
        "content-length: 500",
        "transfer-encoding: chunked",
        "Content-Length: 5\ncontent-length: 6",
    ] {
        let server = Server::start(|_| Reply::ok("hello"));
        asking(&server, &[("SQUALL_METHOD", "POST"), ("SQUALL_HEADERS", header), ("SQUALL_BODY", "hello")]);
        for request in server.requests() {
            assert_eq!(request.headers.get("content-length").map(String::as_str), Some("5"), "{header}: {request:?}");
            assert!(!request.headers.contains_key("transfer-encoding"), "{header}: {request:?}");
            assert_eq!(request.body, b"hello", "{header}");
        }
    }
}

#[test]
fn half_a_component_is_refused() {
    let whole = std::fs::read(crate::support::program::guest("shop")).unwrap();
    for length in [0, 4, 8, 9, 1_000, whole.len() / 2, whole.len() - 1] {
        let squall = Caged::new(&["run", "half.wasm"]);
        std::fs::write(squall.folder().join("half.wasm"), &whole[..length]).unwrap();
        let ended = squall.run().expect_code(107);
        assert!(ended.complaint().starts_with("half.wasm: "), "{length}: {}", ended.err);
    }
}

#[test]
fn a_damaged_cache_costs_only_time() {
    let cache = tempfile::tempdir().unwrap();
    let server = crate::support::server::Server::start(|_| crate::support::server::Reply::ok("hello"));
    let once = || {
        let minimal = crate::support::program::guest("minimal");
        let squall = Caged::new(&["run", &minimal, "--target", &server.url(), "-i", "1"]);
        squall.env("XDG_CACHE_HOME", &cache.path().display().to_string()).run().expect_code_or_busy(0)
    };
    once();
    let entries = || {
        let folder = cache.path().join("squall/code");
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    assert!(!entries().is_empty());
    for entry in entries() {
        let mut code = std::fs::read(&entry).unwrap();
        let middle = code.len() / 2;
        code[middle..middle + 64].fill(0xcc);
        std::fs::write(&entry, &code).unwrap();
    }
    once();
    entries().iter().for_each(|entry| std::fs::write(entry, "short").unwrap());
    once();
}
