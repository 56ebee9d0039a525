//! The results of `scenario!`, and the life cycle.

use squall::prelude::*;
use squall::testing::Host;

mod whole {
    use super::*;

    squall::scenario! {
        flows: { browse: 60, inner::search: 40, never: 0 },
        setup: prepare,
        start: login,
        teardown: clean_up,
        stages: [{ duration: "30s", target: 100 }],
        thresholds: { checks: "rate>0.99" },
    }

    fn browse() -> Outcome {
        http::get("/browse").header("token", shared::text()).send()?;
        Ok(())
    }

    mod inner {
        use super::*;

        pub fn search() {
            log::info!("vu {} iteration {}", vu(), iteration());
        }
    }

    fn never() -> Result<(), &'static str> {
        Err("never runs by itself")
    }

    fn prepare() -> Outcome<String> {
        assert_eq!(vu(), 0);
        Ok(http::post("/token").send()?.text())
    }

    fn login() -> Outcome {
        http::post("/login").body(shared::text()).send()?;
        Ok(())
    }

    fn clean_up() {
        log::warn!("bye {}", shared::text());
    }
}

mod least {
    squall::scenario! { flows: { home } }

    fn home() {}
}

fn host() -> Host {
    Host::new().respond("POST", "/token", 200, "secret").respond("*", "*", 200, "")
}

#[test]
fn flows_and_plan_are_as_written() {
    let flows: Vec<_> = whole::SCENARIO.flows().iter().map(|flow| (flow.name(), flow.weight())).collect();
    assert_eq!(flows, [("browse", 60), ("search", 40), ("never", 0)]);
    assert_eq!(
        whole::SCENARIO.plan(),
        r#"{"stages":[{"duration":"30s","target":100}],"thresholds":{"checks":["rate>0.99"]}}"#
    );
    assert_eq!(least::SCENARIO.plan(), "");
    assert_eq!(least::SCENARIO.flows()[0].weight(), 1);
}

#[test]
fn a_scenario_lives_from_setup_to_teardown() {
    let report = host().vu(7).rehearse(&whole::SCENARIO, 10).expect_ok();
    let urls: Vec<_> = report.requests.iter().map(|sent| sent.url.as_str()).collect();
    assert_eq!(urls[..2], ["/token", "/login"]);
    assert_eq!(urls[2..], ["/browse"; 6], "60 of 100 iterations");
    assert_eq!(report.requests[1].text(), "secret");
    assert_eq!(report.requests[2].header("token"), Some("secret"));
    assert_eq!(report.logs.len(), 4 + 1);
    assert_eq!(report.logs[0].1, "vu 7 iteration 1");
    assert_eq!(report.logs[4].1, "bye secret");
}

#[test]
fn a_scenario_without_life_cycle_runs_all_the_same() {
    let report = Host::new().rehearse(&least::SCENARIO, 3).expect_ok();
    assert!(report.requests.is_empty());
}

#[test]
fn an_error_names_who_returned_it() {
    let mut host = Host::new().respond("POST", "/token", 200, "").respond("POST", "/login", 200, "");
    let report = host.rehearse(&whole::SCENARIO, 1);
    assert_eq!(report.outcome, Err("browse: the test host has no answer to GET /browse".into()));
    let report = Host::new().rehearse(&whole::SCENARIO, 1);
    assert_eq!(report.outcome, Err("setup: the test host has no answer to POST /token".into()));
    assert_eq!(whole::SCENARIO.run(2), Err("never runs by itself".into()));
    assert_eq!(whole::SCENARIO.run(3), Err("no flow of that index".into()));
}

#[test]
fn a_flow_can_be_given_shared_data_directly() {
    let report = host().shared("mine").run(|| http::get("/").body(shared::text()).send().map(drop));
    assert_eq!(report.requests[0].text(), "mine");
}

#[test]
fn a_run_knows_its_options_and_can_be_aborted() {
    let mut host = Host::new().option("A", "1").target("http://x.test/");
    let report = host.run(|| {
        assert_eq!(env("A").as_deref(), Some("1"));
        assert_eq!(env("B"), None);
        assert_eq!(target().as_deref(), Some("http://x.test"));
        abort("first");
        abort("second");
        http::clear_cookies();
    });
    assert_eq!(report.aborted.as_deref(), Some("first"));
    assert_eq!(report.cookies_cleared, 1);
}

#[test]
fn a_host_survives_a_flow_that_panics() {
    let mut host = Host::new().option("A", "1");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        host.run(|| assert_eq!(env("A"), None));
    }));
    assert!(caught.is_err());
    assert_eq!(env("A"), None, "no host is current any more");
    host.run(|| assert_eq!(env("A").as_deref(), Some("1")));
}

mod json {
    use super::*;

    squall::scenario! { flows: { count }, setup: prepare }

    fn prepare() -> shared::Json<Vec<u32>> {
        shared::Json(vec![1, 2, 3])
    }

    fn count() -> Outcome {
        let numbers: Vec<u32> = shared::json()?;
        check!(numbers.len() == 3, "data arrived");
        Ok(())
    }

    #[test]
    fn setup_can_share_json() {
        let report = Host::new().rehearse(&SCENARIO, 1).expect_ok();
        assert!(report.passed("data arrived"));
        assert!(Host::new().shared("no JSON").run(count).outcome.is_err());
    }
}
