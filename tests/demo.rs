//! The first steps of a newcomer.

use crate::support::program::Squall;

#[test]
fn the_demo_needs_nothing_and_passes() {
    let ended = Squall::new(&["demo", "-d", "3s", "-u", "5", "--latency", "1ms", "-e", "THINK=0.05", "--seed", "1"]);
    let ended = ended.exporting().run().expect_code(0);
    assert_eq!(ended.number("checks", "value"), 1.0);
    assert_eq!(ended.number("http_req_failed", "value"), 0.0);
    assert!(ended.number("orders_placed", "count") > 0.0);
    for part in ["THRESHOLDS", "CUSTOM", "FLOWS", "REQUESTS BY NAME", "TRANSACTIONS"] {
        assert!(ended.out.contains(part), "no {part} in\n{}", ended.out);
    }
}

/// As in the README: the scenario in a file, the shop in another terminal.
#[test]
fn the_demo_saves_its_scenario() {
    let ended = Squall::new(&["demo", "--save", "shop.wasm"]).run().expect_code(0);
    assert!(ended.err.contains("run it with `squall run shop.wasm --target URL`"), "{}", ended.err);
    let component = ended.folder().join("shop.wasm").display().to_string();
    let shown = Squall::new(&["inspect", &component]).run().expect_code(0);
    assert!(shown.out.contains("browse"), "{}", shown.out);
    let ended = Squall::new(&["demo", "--save", "no/such/folder/shop.wasm"]).run().expect_code(104);
    assert!(ended.complaint().starts_with("--save no/such/folder/shop.wasm: No such file"), "{}", ended.err);
}

#[test]
fn weights_are_met_exactly() {
    let ended =
        Squall::new(&["demo", "-u", "4", "-i", "200", "--latency", "0ms", "-e", "THINK=0"]).run().expect_code(0);
    for line in ["60.00%    60.00%         120", "25.00%    25.00%          50", "15.00%    15.00%          30"] {
        assert!(ended.out.contains(line), "no {line:?} in\n{}", ended.out);
    }
}

#[test]
fn a_faulty_shop_shows() {
    let ended =
        Squall::new(&["demo", "-u", "4", "-i", "200", "--latency", "0ms", "--error-rate", "10%", "-e", "THINK=0"]);
    let ended = ended.exporting().run().expect_code(99);
    let failed = ended.number("http_req_failed", "value");
    assert!((0.05..0.15).contains(&failed), "{failed}");
    assert!(ended.out.contains("✗ 'rate<0.01'"), "{}", ended.out);
    assert!(ended.out.contains("status 503"), "{}", ended.out);
}

#[test]
fn the_scenario_can_be_piped() {
    let saved = Squall::new(&["demo", "--save", "shop.wasm"]).run().expect_code(0);
    let piped =
        std::process::Command::new(crate::support::program::path()).args(["demo", "--save", "-"]).output().unwrap();
    assert_eq!(piped.stdout, std::fs::read(saved.folder().join("shop.wasm")).unwrap());
    assert!(piped.stderr.is_empty());
}

#[test]
fn a_port_in_use_is_named_with_a_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Squall::new(&["demo", "--serve", &address]).run();
    assert!(ended.code != 0, "{}", ended.out);
    assert!(ended.err.contains(&format!("{address} is in use: choose another port")), "{}", ended.err);
}
