//! The numbers in the tables of `docs/security.md`: the limit itself passes, and one more fails with the limit's name.
//! Limits that only one crate knows are tested beside its code.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use crate::support::caged::{Caged, IN_CI};
use crate::support::component::{COUNTING, OK, Wat, repeat};
use crate::support::imports::{
    OPEN_UDP, OPEN_WEBSOCKET, START_STREAM, UNSENT_BODY, logging, requesting, sockets, streaming, websockets,
    with_wasi_http,
};
use crate::support::program::Ended;
use crate::support::server::{Reply, Server};

/// No server listens here.
const NOWHERE: &str = "http://127.0.0.1:9";

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn run_text(text: &str, arguments: &[&str]) -> Ended {
    let squall = Caged::new(&["run", "guest.wasm", "-u", "1", "-i", "1"]).args(arguments);
    std::fs::write(squall.folder().join("guest.wasm"), binary(text)).unwrap();
    squall.run()
}

fn run(guest: &Wat, arguments: &[&str]) -> Ended {
    run_text(&guest.text(), arguments)
}

/// Runs it at the limit, then with one more; only the second output contains `offence`, with the number for `{}`.
#[track_caller]
fn boundary(most: usize, offence: &str, run: impl Fn(usize) -> Ended) {
    let fits = run(most);
    let said = format!("{}\n{}", fits.out, fits.err);
    assert!([0, 97, 98].contains(&fits.code) && !said.contains("trapped"), "{most}: {}\n{said}", fits.code);
    let offence = offence.replace("{}", &(most + 1).to_string());
    let is_too_much = run(most + 1);
    let said = format!("{}\n{}", is_too_much.out, is_too_much.err);
    assert!(said.contains(&offence), "{}: {offence:?} is not in {said}", most + 1);
}

/// A component of this size, the most of it a custom section.
fn component_of(size: usize) -> Vec<u8> {
    let mut component = binary(&Wat::new(OK).text());
    let length = size - component.len() - 3;
    component.extend([0, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
    component.resize(size, 0);
    component
}

#[test]
fn the_file_of_a_component() {
    let look_at = |arguments: &[&str], content: &[u8], size: usize| {
        let squall = Caged::new(&["run", "guest.wasm", "-i", "1"]).args(arguments);
        let path = squall.folder().join("guest.wasm");
        std::fs::write(&path, content).unwrap();
        // The added bytes are a hole: they are nowhere on the disk.
        std::fs::File::options().write(true).open(path).unwrap().set_len(size as u64).unwrap();
        squall.run()
    };
    let small = ["--max-component-size", "4KiB"];
    look_at(&small, &component_of(4_096), 4_096).expect_code_or_busy(0);
    let ended = look_at(&small, &component_of(4_097), 4_097).expect_code(107);
    assert!(ended.complaint().contains("raise it with --max-component-size"), "{}", ended.err);
    for (arguments, mebibytes) in [(&[][..], 64), (&["--limits", "ci"], 32)] {
        let offence = format!("it is larger than {mebibytes} MiB, the most that a component may have");
        for (size, is_too_large) in [(mebibytes << 20, false), ((mebibytes << 20) + 1, true)] {
            let ended = look_at(arguments, b"no component", size).expect_code(107);
            assert_eq!(ended.complaint().contains(&offence), is_too_large, "{}", ended.err);
        }
    }
}

#[test]
fn each_memory() {
    for (arguments, mebibytes) in [(&[][..], 64), (&["--limits", "ci"], 64), (&["--memory", "8MiB"], 8)] {
        let offence = format!("out of memory (limit {mebibytes} MiB, raise with --memory)");
        boundary(mebibytes << 4, &offence, |pages| {
            // It has two of them initially.
            let grow = format!("(memory.grow (i32.const {}))", pages - 2);
            let guest = Wat::new(&format!("(if (i32.eq {grow} (i32.const -1)) (then (unreachable))) (i32.const 200)"));
            run(&guest, arguments)
        });
    }
}

#[test]
fn requests_of_one_batch() {
    for (arguments, most) in [(&[][..], 1_000), (&["--limits", "ci"], 100), (&["--max-batch", "3"], 3)] {
        let offence = format!("send-all was given {{}} requests at once (limit {most}, raise with --max-batch)");
        boundary(most, &offence, |count| {
            // They have neither method nor URL, so none is sent.
            let send = format!("(call $send_all (i32.const 4096) (i32.const {count}) (i32.const 400)) (i32.const 200)");
            run(&requesting(Wat::new(&send)), arguments)
        });
    }
}

/// `count` requests to `/` at 4096, with this many headers each.
fn requests(count: usize, headers: usize) -> String {
    let store = |start: u32, size: u32, fields: &[(u32, u32)]| {
        let at = |offset: u32| {
            format!("(i32.add (i32.const {}) (i32.mul (global.get $n) (i32.const {size})))", start + offset)
        };
        let store = |(offset, value): &(u32, u32)| format!("(i32.store {} (i32.const {value}))", at(*offset));
        fields.iter().map(store).collect::<String>()
    };
    let request = store(4_096, 44, &[(0, 700), (4, 4), (8, 704), (12, 1), (16, 16_384), (20, headers as u32)]);
    let header = store(16_384, 16, &[(0, 700), (4, 4), (8, 700), (12, 4)]);
    format!(
        "{} (drop) (global.set $n (i32.const 0)) {} (drop)",
        repeat(count as u32, &request),
        repeat(headers as u32, &header)
    )
}

fn sending(count: usize, headers: usize) -> Wat {
    let send = format!("(call $send_all (i32.const 4096) (i32.const {count}) (i32.const 400)) (i32.const 200)");
    requesting(Wat::new(&format!("{} {send}", requests(count, headers))))
}

#[test]
fn headers_of_a_request() {
    boundary(1_000, "a request has {} headers: at most 1000 are allowed", |count| {
        let ended = run(&sending(1, count), &["--target", NOWHERE]);
        assert_eq!(ended.out.contains("connect (flow"), count == 1_000, "{}", ended.out);
        ended
    });
}

#[test]
fn requests_under_way_to_one_origin() {
    for arguments in [&[][..], &["--limits", "ci"]] {
        // The server answers when six wait at once: with fewer, none would ever be answered.
        let (six, waiting, most) = (Barrier::new(6), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&most);
        let server = Server::start(move |_| {
            seen.fetch_max(waiting.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            six.wait();
            waiting.fetch_sub(1, Ordering::SeqCst);
            Reply::ok("")
        });
        run(&sending(36, 1), &[&["--target", &server.url()], arguments].concat()).expect_code_or_busy(0);
        assert_eq!((server.count(), most.load(Ordering::SeqCst)), (36, 6));
    }
}

#[test]
fn ranges_of_expected_statuses() {
    boundary(1_000, "{} ranges of expected statuses: at most 1000 are allowed", |count| {
        let expect = format!("(call $expect (call $options) (i32.const 4096) (i32.const {count})) (i32.const 200)");
        run(&requesting(Wat::new(&expect)), &[])
    });
}

#[test]
fn handles_of_one_kind() {
    let offence = "too many open handles: 10000 of request-options are open, and no more are allowed";
    boundary(10_000, offence, |count| run(&requesting(Wat::new(&repeat(count as u32, "(drop (call $options))"))), &[]));
}

#[test]
fn open_streams() {
    // Responses that do not come while the guest runs.
    let server = Server::start(|_| Reply::ok("").after(std::time::Duration::from_secs(120)));
    let offence = "too many open streams: 100 are open, and no more are allowed";
    boundary(100, offence, |count| {
        run(&streaming(Wat::new(&repeat(count as u32, START_STREAM))), &["--target", &server.url()])
    });
}

#[test]
fn open_websockets() {
    let server = Server::start(|_| Reply::ok("").after(std::time::Duration::from_secs(120)));
    let offence = "too many open WebSockets: 100 are open, and no more are allowed";
    boundary(100, offence, |count| {
        run(&websockets(Wat::new(&repeat(count as u32, OPEN_WEBSOCKET))), &["--target", &server.url()])
    });
}

#[test]
fn open_sockets() {
    let offence = "too many open sockets: 100 are open, and no more are allowed";
    boundary(100, offence, |count| {
        run(&sockets(Wat::new(&repeat(count as u32, OPEN_UDP))), &["--allow", "127.0.0.1:9"])
    });
}

#[test]
fn handles_of_wasi() {
    let offence = "too many open handles: 4000 of WASI are open, and no more are allowed";
    boundary(4_000, offence, |count| {
        run_text(&with_wasi_http(&repeat(count as u32, "(drop (call $fields))")), &["--target", NOWHERE])
    });
}

#[test]
fn fields_of_a_wasi_http_message() {
    // The name has 1 byte, and the library's own memory for it counts, too.
    for (length, fits) in [(63 << 10, true), ((64 << 10) + 1, false)] {
        let append = format!(
            "(drop (memory.grow (i32.const 4))) (memory.fill (i32.const 65536) (i32.const 97) (i32.const {length}))
             (call $append (call $fields) (i32.const 65536) (i32.const 1) (i32.const 65536) (i32.const {length}) (i32.const 400))
             (i32.const 200)"
        );
        let ended = run_text(&with_wasi_http(&append), &["--target", NOWHERE]);
        assert_eq!(ended.out.contains("total size of fields exceeds limit"), !fits, "{}", ended.out);
    }
}

#[test]
fn the_buffer_of_a_body_that_is_not_sent() {
    let written = |most: u32| {
        format!(
            "(drop (memory.grow (i32.const 20))) {UNSENT_BODY}
             (if (i64.gt_u (global.get $written) (i64.const {most})) (then (unreachable))) (i32.const 200)"
        )
    };
    let ended = run_text(&with_wasi_http(&written(128 << 10)), &["--target", NOWHERE]);
    assert!(!ended.out.contains("trapped"), "{}", ended.out);
    let ended = run_text(&with_wasi_http(&written((128 << 10) - 1)), &["--target", NOWHERE]);
    assert!(ended.out.contains("trapped"), "{}", ended.out);
}

/// A component that describes this many flows, with the numbers as their names.
fn flows(count: usize) -> Wat {
    let word = |number: usize| (number as u32).to_le_bytes().map(|byte| format!("\\{byte:02x}")).concat();
    let records: String = (0..count).map(|flow| word(20_000 + 4 * flow) + &word(4) + &word(1)).collect();
    let names: String = (0..count).map(|flow| format!("{flow:04}")).collect();
    let describe = format!(
        "(i32.store (i32.const 300) (i32.const 4096)) (i32.store (i32.const 304) (i32.const {count})) (i32.const 300)"
    );
    let data = format!("(data (i32.const 4096) \"{records}\") (data (i32.const 20000) \"{names}\")");
    Wat::new(OK).describing(&describe).with_functions(&data)
}

#[test]
fn flows_of_a_component() {
    boundary(1_000, "named {} flows: at most 1000 are allowed", |count| run(&flows(count), &[]));
}

#[test]
fn the_result_of_describe() {
    // This many flows whose names are the same 60,000 bytes: at 8 MiB the host stops copying.
    let ended = |count: u32| {
        let fill = [(65_536, 1_024), (65_540, 60_000)].map(|(at, value)| {
            format!(
                "(i32.store (i32.add (i32.const {at}) (i32.mul (global.get $n) (i32.const 12))) (i32.const {value}))"
            )
        });
        let describe = format!(
            "{} (drop) (i32.store (i32.const 300) (i32.const 65536)) (i32.store (i32.const 304) (i32.const {count})) (i32.const 300)",
            repeat(count, &fill.concat())
        );
        run(&Wat::new(OK).describing(&describe).with_functions(COUNTING), &[]).expect_code(107)
    };
    let fits = ended(135);
    assert!(fits.complaint().contains("names are 1 to 100 letters"), "{}", fits.err);
    let is_too_much = ended(145);
    assert!(is_too_much.complaint().contains("describe trapped: "), "{}", is_too_much.err);
}

#[test]
fn the_requests_of_describe() {
    // This many requests with the same body of 7 MiB. The policy refuses those within the limit; only others are too
    // large (6).
    let describe = |count: u32| {
        let request =
            [(0, 700), (4, 4), (8, 720), (12, 9), (24, 1), (28, 65_536), (32, 7 << 20)].map(|(offset, value)| {
                let at = format!("(i32.add (i32.const {}) (i32.mul (global.get $n) (i32.const 44)))", 4_096 + offset);
                format!("(i32.store {at} (i32.const {value}))")
            });
        let last = format!("(i32.add (i32.load (i32.const 400)) (i32.const {}))", 16 * (count - 1));
        let guest = Wat::new(OK).describing(&format!(
            "(drop (memory.grow (i32.const 120))) {} (drop)
             (call $send_all (i32.const 4096) (i32.const {count}) (i32.const 400))
             (if (i32.eq (i32.load8_u offset=4 {last}) (i32.const 6)) (then (unreachable)))
             (i32.const 64)",
            repeat(count, &request.concat())
        ));
        // Without a target only whole URLs are valid.
        let guest = requesting(guest).with_functions(r#"(data (i32.const 720) "http://a/")"#);
        let squall = Caged::new(&["run", "guest.wasm", "-i", "1"]).within(IN_CI);
        guest.write(squall.folder());
        squall.run()
    };
    describe(4).expect_code_or_busy(0);
    for is_too_much in [5, 100] {
        let ended = describe(is_too_much).expect_code(107);
        assert!(ended.complaint().contains("describe trapped: "), "{}", ended.err);
    }
}

#[test]
fn a_suggested_plan() {
    // `{}` and spaces.
    boundary(256 << 10, "it has {} bytes, and at most 262144 are allowed", |length| {
        let describe = format!(
            "(drop (memory.grow (i32.const 8))) (memory.fill (i32.const 65536) (i32.const 32) (i32.const {length}))
             (i32.store16 (i32.const 65536) (i32.const 0x7d7b))
             (i32.store (i32.const 72) (i32.const 65536)) (i32.store (i32.const 76) (i32.const {length})) (i32.const 64)"
        );
        run(&Wat::new(OK).describing(&describe), &[])
    });
}

#[test]
fn the_stack() {
    // Each call keeps 128 numbers of 8 bytes, and some more: a hundred fit into 256 KiB, and four hundred do not.
    let keep: String = (0..128).map(|at| format!("(local.set $k{at} (i64.load (i32.const {})))", 8 * at)).collect();
    let sum: String = (0..128).map(|at| format!("(i64.add (local.get $k{at}) ")).collect();
    let locals: String = (0..128).map(|at| format!("(local $k{at} i64)")).collect();
    let function = format!(
        "(func $deeper (param i32) (result i64) {locals} {keep}
           (if (result i64) (i32.eqz (local.get 0)) (then (i64.const 0))
             (else {sum} (call $deeper (i32.sub (local.get 0) (i32.const 1))) {})))",
        ")".repeat(128)
    );
    for (depth, fits) in [(100, true), (400, false)] {
        let guest = Wat::new(&format!("(drop (call $deeper (i32.const {depth}))) (i32.const 200)"));
        let ended = run(&guest.with_functions(&function), &[]);
        assert_eq!(ended.out.contains("stack overflow: it recursed too deeply"), !fits, "{depth}: {}", ended.out);
    }
}

/// Gets `/` once.
fn getting() -> Wat {
    requesting(Wat::new(
        "(call $get (i32.const 704) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 400)) (i32.const 200)",
    ))
}

#[test]
fn the_body_of_a_response() {
    let of = |length: usize, body: &str| {
        let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        Server::start(move |_| Reply::raw(&reply))
    };
    let offence = "the body is larger than 65536 bytes (limit, raise with --max-body-size)";
    boundary(64 << 10, offence, |length| {
        run(&getting(), &["--target", &of(length, &"x".repeat(length)).url(), "--max-body-size", "64KiB"])
    });
    // No byte of it has to arrive.
    for (arguments, most) in [(&[][..], 256 << 20), (&["--limits", "ci"], 16 << 20)] {
        let ended = run(&getting(), &[&["--target", &of(most + 1, "").url()], arguments].concat());
        let offence = format!("the body is larger than {most} bytes (limit, raise with --max-body-size)");
        assert!(ended.out.contains(&offence), "{}\n{}", ended.out, ended.err);
    }
}

#[test]
fn redirects() {
    let server = || Server::start(|_| Reply::raw("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"));
    for (arguments, most) in [(&[][..], 10), (&["--limits", "ci"], 10), (&["--max-redirects", "3"], 3)] {
        let server = server();
        let ended = run(&getting(), &[&["--target", &server.url()], arguments].concat());
        assert!(ended.out.contains(&format!("more than {most} redirects")), "{}", ended.out);
        assert_eq!(server.count(), most + 1);
    }
}

#[test]
fn the_log_of_a_run() {
    // 4,096 bytes a line, one after the other, so that the run has shown each before the next one. Each line has its number
    // at its beginning, in three letters of four bits: equal lines are shown once.
    let letter = |digit: u32| {
        format!(
            "(i32.store8 (i32.const {}) (i32.add (i32.const 97) (i32.and (i32.shr_u (i32.load (i32.const 900)) (i32.const {})) (i32.const 15))))",
            65_536 + digit,
            4 * digit
        )
    };
    let number: String = (0..3).map(letter).collect();
    let log = |lines: u32, arguments: &[&str]| {
        let guest = logging(Wat::new(&format!(
            "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 4096))
             (i32.store (i32.const 900) (i32.add (i32.load (i32.const 900)) (i32.const 1))) {number}
             (call $log (i32.const 2) (i32.const 65536) (i32.const 4096)) (i32.const 200)",
        )));
        let squall = Caged::new(&["run", "guest.wasm", "-u", "1", "-i", &lines.to_string()]).within(IN_CI);
        guest.write(squall.folder());
        squall.args(arguments).run()
    };
    for (arguments, lines, name) in [(&["--limits", "ci"][..], 256, "1 MiB"), (&["--max-log-size", "8KiB"], 2, "8 KiB")]
    {
        let offence = format!("the rest is not shown (limit {name}, raise with --max-log-size)");
        assert!(!log(lines, arguments).err.contains(&offence));
        assert!(log(lines + 1, arguments).err.contains(&offence));
    }
}
