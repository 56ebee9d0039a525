//! A scenario's limits: each holds, is named with its option, and leaves the others alone.

use std::time::{Duration, Instant};

use crate::support::caged::Caged;
use crate::support::component::{LOOP, OK, Wat};
use crate::support::program::{Ended, guest, root};
use crate::support::server::{Reply, Server};

fn run(guest: &Wat, arguments: &[&str]) -> Ended {
    let squall = Caged::new(&["run", "guest.wasm"]);
    guest.write(squall.folder());
    squall.args(arguments).exporting().run()
}

#[test]
fn an_iteration_that_computes_for_ever_is_ended_and_named() {
    // The first of two iterations loops; its user continues with a new instance.
    let guest = Wat::new("(if (i64.eqz (call $iteration)) (then (loop $forever (br $forever)))) (i32.const 200)")
        .importing("squall:scenario/context@0.1.0", "iteration", "(result u64)", "(result i64)");
    let ended = run(&guest, &["-u", "1", "-i", "3", "--iteration-timeout", "300ms"]).expect_code_or_busy(0);
    assert_eq!(ended.number("iterations", "count"), 3.0);
    assert_eq!(ended.number("iterations_failed", "passes"), 1.0);
    let offence = "not done within 300ms, and still computing (limit 300ms, raise with --iteration-timeout)";
    assert!(ended.out.contains(offence), "{}", ended.out);
}

#[test]
fn an_iteration_that_waits_for_ever_is_ended_and_named() {
    let guest = Wat::new("(call $sleep (i64.const 1000000000000000)) (i32.const 200)").importing(
        "squall:scenario/timing@0.1.0",
        "sleep",
        "(param \"ns\" u64)",
        "(param i64)",
    );
    let ended = run(&guest, &["-u", "2", "-i", "2", "--iteration-timeout", "200ms"]).expect_code_or_busy(0);
    assert_eq!(ended.number("iterations_failed", "passes"), 2.0);
    assert!(ended.out.contains("not done within 200ms, and still waiting"), "{}", ended.out);
}

#[test]
fn a_request_that_takes_too_long_ends_with_its_iteration() {
    let server = Server::start(|_| Reply::ok("late").after(Duration::from_secs(30)));
    let started = Instant::now();
    let ended = Caged::new(&["run", &server.url(), "-c", "1", "-i", "1", "--iteration-timeout", "300ms"])
        .exporting()
        .run()
        .expect_code_or_busy(0);
    assert!(started.elapsed() < Duration::from_secs(25));
    assert!(ended.out.contains("and still waiting"), "{}", ended.out);
}

#[test]
fn a_start_that_computes_for_ever_is_named() {
    let ended = run(
        &Wat::new(OK).exporting("start", LOOP),
        &["-u", "1", "-d", "2s", "--iteration-timeout", "200ms", "--graceful-stop", "0s"],
    );
    assert!(ended.out.contains("not done within 200ms, and still computing"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn an_open_load_begins_when_its_users_have_started() {
    // Each takes a second and a half for it, which does not count into the load's duration of one second.
    let guest = Wat::new(OK).exporting("start", "(call $sleep (i64.const 1500000000)) (i32.const 200)").importing(
        "squall:scenario/timing@0.1.0",
        "sleep",
        "(param \"ns\" u64)",
        "(param i64)",
    );
    let began = Instant::now();
    let load = ["-R", "20", "-d", "1s", "--max-duration", "1s"];
    let ended = run(&guest, &load).expect_code_or_busy(0);
    assert!(began.elapsed() > Duration::from_millis(2_400), "{:?}", began.elapsed());
    assert_eq!(ended.number("iterations", "count") + ended.number("dropped_iterations", "count"), 20.0);
    // And it has its limit.
    let endless = Wat::new(OK).exporting("start", LOOP);
    let ended = run(&endless, &[&load[..], &["--iteration-timeout", "200ms"]].concat());
    assert!(ended.out.contains("not done within 200ms, and still computing"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn all_virtual_users_together_have_a_limit() {
    // Each has 128 KiB initially: four fit, five do not.
    let squall = |vus: &str| run(&Wat::new(OK), &["-u", vus, "-i", "8", "--memory-total", "512KiB"]);
    squall("4").expect_code_or_busy(0);
    let ended = squall("5").expect_code(104);
    assert_eq!(
        ended.complaint(),
        "guest.wasm: no room for 5 virtual users: each has 128 KiB from the beginning, 640 KiB in all, and --memory-total \
         allows 512 KiB: raise it, or ask for fewer"
    );
    let grows = Wat::new(
        "(drop (memory.grow (i32.const 4)))
         (if (i32.eq (memory.grow (i32.const 4)) (i32.const -1)) (then (unreachable)))
         (i32.const 200)",
    );
    let ended = run(&grows, &["-u", "1", "-i", "1", "--memory-total", "512KiB"]);
    let offence = "out of memory (limit of all virtual users together 512 KiB, raise with --memory-total)";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
}

#[test]
fn memory_that_a_component_begins_with_counts() {
    let ended = run(&Wat::new(OK), &["-i", "1", "--memory", "64KiB"]).expect_code(107);
    assert_eq!(
        ended.complaint(),
        "guest.wasm: this component asks for too much: its memory has 128 KiB from the beginning, and --memory allows \
         64 KiB: raise it"
    );
}

#[test]
fn a_component_has_a_size() {
    for command in ["run", "inspect"] {
        let ended = Caged::new(&[command, &guest("shop"), "--max-component-size", "64KiB"]).run().expect_code(107);
        let complaint = ended.complaint();
        assert!(
            complaint.ends_with(
                "it is larger than 64 KiB, the most that a component may have: raise it with --max-component-size"
            ),
            "{complaint}"
        );
    }
    // A file without an end is not read to its end either.
    let ended = Caged::new(&["inspect", "/dev/zero", "--max-component-size", "1MiB"]).run().expect_code(107);
    assert!(ended.complaint().contains("--max-component-size"), "{}", ended.err);
}

#[test]
fn compiling_has_a_time() {
    let squall = Caged::new(&["run", &guest("shop"), "--compile-timeout", "1ms", "-i", "1"]);
    let cache = squall.folder().display().to_string();
    let ended = squall.env("XDG_CACHE_HOME", &cache).run().expect_code(107);
    assert!(
        ended.complaint().ends_with("the component was not compiled within 1ms: allow more with --compile-timeout")
    );
}

#[test]
#[cfg(target_os = "linux")]
fn compiling_has_its_memory() {
    let component = root().join("runtime/cli/assets/shop.wasm").display().to_string();
    let compile = |memory: &str| {
        let squall = Caged::new(&["inspect", &component, "--compile-memory", memory]);
        let cache = squall.folder().display().to_string();
        squall.env("XDG_CACHE_HOME", &cache).run()
    };
    let ended = compile("12MiB").expect_code(107);
    let offence =
        "the compiler ran out of 12 MiB of memory, or failed at this component: allow more with --compile-memory";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
    compile("512MiB").expect_code(0);
}

#[test]
fn a_body_has_a_size() {
    let server = Server::start(|_| Reply::ok(&"x".repeat(100_000)));
    let component = root().join("runtime/cli/assets/shop.wasm").display().to_string();
    let ended = Caged::new(&["run", &component, "--target", &server.url(), "-e", "THINK=0", "-u", "1", "-i", "1"])
        .args(&["--max-body-size", "64KiB"])
        .run();
    let offence = "the body is larger than 65536 bytes (limit, raise with --max-body-size)";
    assert!(ended.out.contains(offence), "{}\n{}", ended.out, ended.err);
}

#[test]
fn a_preset_is_strict_and_options_override_it() {
    let squall = |arguments: &[&str]| run(&Wat::new(OK), arguments);
    // 128 KiB each: 9,000 of them have 1.1 GiB.
    let ended = squall(&["-u", "9000", "-d", "1s", "--limits", "ci"]).expect_code(104);
    assert!(ended.complaint().contains("--memory-total allows 1 GiB"), "{}", ended.err);
    squall(&["-u", "2", "-i", "2", "--limits", "ci"]).expect_code_or_busy(0);
    let ended = squall(&["--limits", "tight"]).expect_code(2);
    assert!(ended.err.contains("unknown preset of limits \"tight\": use default or ci"), "{}", ended.err);
}
