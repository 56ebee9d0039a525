//! Memory of the host for a scenario: each of these guests and servers would have taken gigabytes, or unlimited time.
//! Every run has a memory limit of the promised amount and 256 MiB more.

use std::time::{Duration, Instant};

use crate::support::caged::{Caged, IN_CI};
use crate::support::component::{COUNTING, LOOP, OK, Wat, repeat};
use crate::support::imports::{UNSENT_BODY, requesting, with_wasi_http};
use crate::support::program::Ended;
use crate::support::server::{Reply, Server};

/// No server listens here.
const NOWHERE: &str = "http://127.0.0.1:9";

fn squall(text: &str, arguments: &[&str]) -> Caged {
    let squall = Caged::new(arguments).within(IN_CI);
    let binary = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    std::fs::write(squall.folder().join("guest.wasm"), binary).unwrap();
    squall
}

fn run(guest: &Wat, target: &str, arguments: &[&str]) -> Ended {
    let ci = ["run", "guest.wasm", "--limits", "ci", "-u", "1", "-i", "1", "--target", target];
    squall(&guest.text(), &ci).args(arguments).exporting().run()
}

/// The component, with something inserted.
fn and(guest: &Wat, more: &str) -> String {
    let text = guest.text();
    format!("{} {more})", text.trim_end().strip_suffix(')').unwrap())
}

/// Components of which each instantiates the one before twice, and the innermost this.
fn doubling(depth: usize, innermost: &str) -> String {
    let more = (1..=depth).map(|level| {
        let before = level - 1;
        format!(
            "(component $c{level} (alias outer 1 $c{before} (component $b)) (instance (instantiate $b)) (instance (instantiate $b)))"
        )
    });
    format!("(component $c0 {innermost}) {} (instance (instantiate $c{depth}))", more.collect::<String>())
}

#[test]
fn parts_count_as_often_as_they_are_instantiated() {
    let memory = "(core module $m (memory 1000)) (core instance (instantiate $m))";
    let nothing = "(core module $m) (core instance (instantiate $m))";
    for (text, offence) in [
        (doubling(5, memory), "it has 33 memories: at most 8 are allowed"),
        (doubling(8, nothing), "it has 258 core instances: at most 64 are allowed"),
        // This few additional bytes doubled the time and the memory of compiling.
        (doubling(25, ""), "it expands to 67108863 instances of its parts: at most 1000 are allowed"),
    ] {
        for command in ["run", "inspect"] {
            let ended = squall(&and(&Wat::new(OK), &text), &[command, "guest.wasm"]).run().expect_code(107);
            assert!(format!("{}{}", ended.out, ended.err).contains(offence), "{}\n{}", ended.out, ended.err);
        }
    }
}

/// A hundred requests to `/` at 4096, with this many of the same bytes as the body of each, or as the value of each of
/// `headers`; sent.
fn hundred_times_the_same(size: u32, headers: u32) -> String {
    let store = |offset: u32, value: &str| {
        format!("(i32.store (i32.add (i32.const {}) (i32.mul (global.get $n) (i32.const 44))) {value})", 4096 + offset)
    };
    let number = |number: u32| format!("(i32.const {number})");
    let mut record = [(0, 700), (4, 4), (8, 704), (12, 1), (16, 16_384), (20, headers), (36, 0)]
        .map(|(offset, value)| store(offset, &number(value)))
        .concat();
    if headers == 0 {
        record += &[(24, 1), (28, 65_536), (32, size)].map(|(offset, value)| store(offset, &number(value))).concat();
    }
    let header: String = (0..headers)
        .flat_map(|header| {
            [(0, 700), (4, 4), (8, 65_536), (12, size)].map(|(offset, value)| (16_384 + 16 * header + offset, value))
        })
        .map(|(address, value)| format!("(i32.store (i32.const {address}) (i32.const {value}))"))
        .collect();
    // Letters, because a header needs them.
    let fill = format!("(memory.fill (i32.const 65536) (i32.const 97) (i32.const {size}))");
    format!(
        "(drop (memory.grow (i32.const 800))) {fill} {header} {} (drop) (call $send_all (i32.const 4096) (i32.const 100) (i32.const 400)) (i32.const 200)",
        repeat(100, &record)
    )
}

const NO_ROOM: &str =
    "out of memory: at most 134217728 bytes are held for a virtual user (limit, raise with --host-memory)";

#[test]
fn a_body_that_is_sent_a_hundred_times_is_booked_a_hundred_times() {
    let ended = run(&requesting(Wat::new(&hundred_times_the_same(48 << 20, 0))), NOWHERE, &[]).expect_code_or_busy(97);
    assert!(ended.out.contains(NO_ROOM), "{}", ended.out);
    // Two fitted.
    assert!(ended.out.contains("no room (not sent) (flow \"main\"): 98"), "{}", ended.out);
}

#[test]
fn headers_that_are_sent_a_hundred_times_are_booked_a_hundred_times() {
    // None fitted: a run without a request.
    let ended = run(&requesting(Wat::new(&hundred_times_the_same(48 << 20, 2))), NOWHERE, &[]).expect_code_or_busy(97);
    assert!(ended.out.contains(NO_ROOM), "{}", ended.out);
    assert!(ended.err.contains("not one of 100 requests could be made: out of memory"), "{}", ended.err);
}

#[test]
fn lists_that_options_keep_are_booked() {
    // Forty times the same megabyte, kept by options that are never dropped.
    let names: String = (0..40)
        .flat_map(|name| [(4096 + 8 * name, 65_536), (4100 + 8 * name, 1 << 20)])
        .map(|(address, value)| format!("(i32.store (i32.const {address}) (i32.const {value}))"))
        .collect();
    let keep = repeat(100, "(call $replace (call $options) (i32.const 4096) (i32.const 40))");
    let guest = Wat::new(&format!("(drop (memory.grow (i32.const 20))) {names} {keep}"));
    let ended = run(&requesting(guest), NOWHERE, &[]);
    assert!(ended.out.contains(NO_ROOM), "{}\n{}", ended.out, ended.err);
}

#[test]
fn handles_of_metrics_are_counted_as_all_others() {
    let guest = Wat::new(&repeat(20_000, "(drop (call $counter (i32.const 128) (i32.const 4)))"))
        .importing_all(
            "squall:scenario/metrics@0.1.0",
            r#"(export "counter" (type $counter (sub resource)))
               (export "[constructor]counter" (func (param "name" string) (result (own $counter))))"#,
            &[("[constructor]counter", "counter", "(param i32 i32) (result i32)")],
        )
        .with_functions(COUNTING);
    let ended = run(&guest, NOWHERE, &[]);
    let offence = "too many open handles: 10000 of custom metrics are open, and no more are allowed";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
}

#[test]
fn expected_statuses_are_few() {
    let expect = "(call $expect (call $options) (i32.const 0) (i32.const 12000000))";
    let guest = requesting(Wat::new(&format!("(drop (memory.grow (i32.const 800))) {}", repeat(200, expect))));
    let ended = run(&guest, NOWHERE, &[]);
    let offence = "12000000 ranges of expected statuses: at most 1000 are allowed";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
}

/// Gets `/` again and again, and drops nothing.
fn holding(times: u32) -> Wat {
    requesting(Wat::new(&repeat(
        times,
        "(call $get (i32.const 704) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 400))",
    )))
}

#[test]
fn kept_bodies_and_heads_are_booked() {
    let with_head = Server::start(|_| {
        Reply::raw(&format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(200 << 10)))
    });
    let with_body = Server::start(|_| Reply::ok(&"x".repeat(8 << 20)));
    for (server, times) in [(with_head, 1_000), (with_body, 60)] {
        let ended = run(&holding(times), &server.url(), &[]).expect_code_or_busy(0);
        assert!(ended.out.contains(NO_ROOM), "{}", ended.out);
        assert!(ended.number("http_req_failed", "fails") > 10.0, "there was room for some: {}", ended.out);
        // Memory for all virtual users together has a limit, too.
        let ended = run(&holding(times), &server.url(), &["--memory-total", "32MiB"]).expect_code_or_busy(0);
        let offence =
            "at most 33554432 bytes are held for all virtual users together (limit, raise with --memory-total)";
        assert!(ended.out.contains(offence), "{}", ended.out);
    }
}

#[test]
fn the_copy_that_hands_a_body_over_is_booked() {
    let server = Server::start(|_| Reply::ok(&"x".repeat(3 << 20)));
    let guest = requesting(Wat::new(
        "(call $get (i32.const 704) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 400))
         (if (i32.load8_u (i32.const 400)) (then (return (i32.const 208))))
         (call $body (i32.load (i32.const 404)) (i32.const 420)) (i32.const 200)",
    ));
    let ended = run(&guest, &server.url(), &[]).expect_code_or_busy(0);
    assert_eq!(ended.number("iterations_failed", "passes"), 0.0, "{}", ended.out);
    // There is room for the body, but not for it and its copy.
    let ended = run(&guest, &server.url(), &["--host-memory", "5MiB"]).expect_code_or_busy(0);
    let offence = "at most 5242880 bytes are held for a virtual user (limit, raise with --host-memory)";
    assert!(ended.out.contains("trapped: 1") && ended.out.contains(offence), "{}", ended.out);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
}

#[test]
fn a_batch_of_answers_is_booked_while_it_comes() {
    // A hundred answers of 8 MiB each; the requests have no body.
    let server = Server::start(|_| Reply::ok(&"x".repeat(8 << 20)));
    let batch = hundred_times_the_same(0, 0).replace("(memory.grow (i32.const 800))", "(i32.const 0)");
    let body = "(i32.store (i32.add (i32.const 4120) (i32.mul (global.get $n) (i32.const 44))) (i32.const 1))";
    assert!(batch.contains(body));
    let ended = run(&requesting(Wat::new(&batch.replace(body, ""))), &server.url(), &[]).expect_code_or_busy(0);
    assert!(ended.out.contains(NO_ROOM), "{}", ended.out);
}

#[test]
fn bodies_that_are_never_sent_take_little() {
    let arguments = ["run", "guest.wasm", "-u", "1", "-i", "1", "--target", NOWHERE, "--limits", "ci"];
    let unsent = with_wasi_http(&format!("(drop (memory.grow (i32.const 20))) {}", repeat(5_000, UNSENT_BODY)));
    let ended = squall(&unsent, &arguments).run();
    // It does not get that many handles.
    assert!(ended.out.contains("flow \"main\" trapped: 1"), "{}\n{}", ended.out, ended.err);
}

/// So many empty gzip members that 145 KB become 20 MB, deflated.
fn members() -> Vec<u8> {
    let member: [u8; 20] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut file = Vec::new();
    let (mut bits, mut count) = (0_u64, 0);
    let mut put = |file: &mut Vec<u8>, code: u64, length: u32| {
        bits |= code << count;
        count += length;
        while count >= 8 {
            file.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    };
    let reversed =
        |code: u64, length: u32| (0..length).fold(0, |sum, bit| sum | (code >> bit & 1) << (length - 1 - bit));
    // The last block, with fixed codes: the member in literals, and then repeatedly "the 258 bytes from 20 back".
    put(&mut file, 0b011, 3);
    for byte in member {
        match u64::from(byte) {
            low @ 0..144 => put(&mut file, reversed(0x30 + low, 8), 8),
            high => put(&mut file, reversed(0x190 + high - 144, 9), 9),
        }
    }
    for _ in 0..77_500 {
        put(&mut file, reversed(0b1100_0101, 8), 8);
        put(&mut file, reversed(8, 5), 5);
        put(&mut file, 3, 3);
    }
    put(&mut file, 0, 7);
    put(&mut file, 0, 7);
    file
}

#[test]
fn a_body_that_is_much_work_to_decode_is_refused() {
    let members = members();
    let server = Server::start(move |_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip, deflate\r\ncontent-length";
        let mut reply = Reply::raw(&format!("{head}: {}\r\n\r\n", members.len()));
        reply.bytes.extend(&members);
        reply
    });
    let started = Instant::now();
    // The first layer is decoded to its end only if it is valid: the others are far larger than allowed.
    let ended = run(&holding(3), &server.url(), &["--max-body-size", "64MiB"]).expect_code_or_busy(97);
    assert!(ended.out.contains("the body has more than 10000 parts of gzip (limit)"), "{}", ended.out);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

/// Loops for ever when it is instantiated for a virtual user, before any of its functions is called.
fn starting_for_ever() -> Wat {
    let start = format!("(func $start (if (call $vu) (then {LOOP}))) (start $start)");
    Wat::new(OK).importing("squall:scenario/context@0.1.0", "vu", "(result u32)", "(result i32)").with_functions(&start)
}

#[test]
fn a_start_function_has_the_time_of_an_iteration() {
    let ended =
        squall(&starting_for_ever().text(), &["run", "guest.wasm", "-u", "1", "-d", "2s", "--graceful-stop", "0s"])
            .args(&["--iteration-timeout", "300ms"])
            .run();
    let offence = "not done within 300ms, and still computing (limit 300ms, raise with --iteration-timeout)";
    assert!(format!("{}{}", ended.out, ended.err).contains(offence), "{}\n{}", ended.out, ended.err);
}

#[test]
fn a_guest_that_computes_comes_to_an_end_in_a_rehearsal_too() {
    let started = Instant::now();
    let rehearse = |guest: &Wat, arguments: &[&str]| {
        let squall = squall(&guest.text(), &["plan", "rehearse", "plan.yaml"]).args(arguments);
        let plan = format!("component: guest.wasm\ntarget: {NOWHERE}\nusers: 1\niterations: 2\n");
        std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
        squall.run()
    };
    let ended = rehearse(&Wat::new(LOOP), &["--iteration-timeout", "300ms"]);
    let offence = "not done within 300ms, and still computing (limit 300ms, raise with --iteration-timeout)";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
    // Also without its own limit.
    let ended = rehearse(&Wat::new(LOOP), &[]);
    let offence = "computed for 10s without an end (limit 10s in a rehearsal, raise with --iteration-timeout)";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}
