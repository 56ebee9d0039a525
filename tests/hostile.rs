//! Guests that misbehave: the host names the offence and lives on.

use std::time::{Duration, Instant};

use crate::support::component::{ERR, OK, Wat};
use crate::support::program::{Ended, Squall};

fn run(guest: &Wat, arguments: &[&str]) -> Ended {
    let squall = Squall::new(&["run", "guest.wasm"]);
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
    // Of two users on one thread, one loops for ever; the other, which takes every later iteration, goes on.
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
    let squall = Squall::new(&["run", "code.cwasm"]);
    let engine_made = b"\x7fELF\x02\x01\x01\xc8\0\0\0\0\0\0\0\0";
    std::fs::write(squall.folder().join("code.cwasm"), engine_made).unwrap();
    squall.run().expect_code(107);
}
