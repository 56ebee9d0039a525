//! Features that `shop` leaves out: the life cycle, batches, gauges, units, pacing, logs, and a run that ends itself.
//!
//! It asks the demo shop. `-e ABORT=now` has it end the run, `-e FAIL=setup` (or `start`) has that fail.

use squall::{Unit, prelude::*};

squall::scenario! {
    flows: { batch: 2, paced: 1, give_up: 0 },
    setup: prepare,
    start: arrive,
    teardown: clean_up,
    executor: "ramping-vus",
    stages: [{ duration: "1s", target: 2 }, { duration: "1s", target: 0 }],
}

static VISITORS: Counter = Counter::new("visitors");
static PRODUCTS_SEEN: Gauge = Gauge::new("products_seen");
static FIRST_BYTE: Trend = Trend::with_unit("first_byte", Unit::Time);

/// Once for the whole run: its result reaches every virtual user.
fn prepare() -> Outcome<String> {
    fail_if_asked("setup")?;
    let home = http::get("/").send()?;
    Ok(format!("prepared with status {}", home.status()))
}

/// Once for each virtual user.
fn arrive() -> Outcome {
    fail_if_asked("start")?;
    check!(shared::text() == "prepared with status 200", "setup's data arrived");
    VISITORS.add(1);
    Ok(())
}

/// Once for the whole run, after the last iteration.
fn clean_up() {
    log::info!("all gone; {}", shared::text());
}

/// Several requests at once, as a browser makes them.
fn batch() {
    let products = [1, 2, 3].map(|id| http::get(format!("/products/{id}")).name("/products/{id}").timeout(5));
    let responses = http::send_all(&products);
    let arrived = responses.iter().flatten().filter(|response| response.status() == 200).count();
    check!(arrived == products.len(), "all products came");
    PRODUCTS_SEEN.set(arrived as u32);
}

/// One request each 200 ms, however long it takes.
fn paced() -> Outcome {
    let missing = http::get("/products/101").name("missing").redirects(0).expect_status(404).send()?;
    check!(missing.status() == 404);
    FIRST_BYTE.add(missing.timings().waiting.as_secs_f64() * 1e3);
    if env("ABORT").is_some() {
        abort("asked to by ABORT");
    }
    pace(0.2);
    Ok(())
}

/// Never runs by itself: its weight is 0. `squall run --flow give_up` shows what an error looks like.
fn give_up() -> Result<(), String> {
    Err(format!("virtual user {} gave up", vu()))
}

fn fail_if_asked(stage: &str) -> Outcome {
    match env("FAIL") {
        Some(failing) if failing == stage => Err(Error::new(format_args!("{stage} fails, as asked"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    fn shop() -> Host {
        let shop = Host::new().respond("GET", "/", 200, "<html>").respond("GET", "/products/101", 404, "");
        shop.respond("GET", "/products/*", 200, "{}")
    }

    #[test]
    fn the_whole_life_is_lived() {
        let report = shop().rehearse(&SCENARIO, 6).expect_ok();
        assert_eq!(report.values("visitors"), [1.0]);
        assert_eq!(report.values("products_seen"), [3.0; 4]);
        assert_eq!(report.values("first_byte"), [0.0; 2]);
        assert_eq!(report.slept.as_millis(), 400);
        assert!(report.logs[0].1.starts_with("all gone"));
        assert_eq!(report.requests.iter().filter(|sent| sent.expected_statuses == [(404, 404)]).count(), 2);
    }

    #[test]
    fn failures_come_on_demand() {
        let outcome = |stage| shop().option("FAIL", stage).rehearse(&SCENARIO, 1).outcome;
        assert_eq!(outcome("setup"), Err("setup: setup fails, as asked".into()));
        assert_eq!(outcome("start"), Err("start: start fails, as asked".into()));
        assert_eq!(shop().run(give_up).outcome, Err("virtual user 1 gave up".into()));
        assert!(shop().option("ABORT", "now").run(paced).aborted.is_some());
    }
}
