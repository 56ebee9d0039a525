"""The requirements of a scenario's module, and its scenario."""

import json
from types import ModuleType
from typing import Any

import pytest

import squall
from squall import Options, ScenarioOptions, flow, http, log, setup, shared, start, teardown, transaction, vu
from squall._failure import describe
from squall._options import OptionsError
from squall._scenario import Scenario, ScenarioError
from squall.testing import Host


def module(**names: Any) -> ModuleType:
    made = ModuleType("made")
    vars(made).update(names)
    return made


def plain() -> None:
    """Do nothing."""


# For authors without a type checker.
needy: Any = lambda x: None  # noqa: ARG005, E731


def test_flows_are_found_in_order_once() -> None:
    @flow(weight=3)
    def first() -> None: ...

    @flow
    def second() -> None: ...

    scenario = Scenario.of(module(second=second, first=first, again=first, other=plain, options={"vus": 2}))
    assert [(each.name, each.weight) for each in scenario.flows] == [("second", 1), ("first", 3)]
    assert json.loads(scenario.suggest()) == {"vus": 2}


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ({}, "made has no flow"),
        ({"a": flow(name="x")(lambda: None), "b": flow(name="x")(lambda: None)}, "two flows are named 'x'"),
        ({"a": flow(name="a b")(lambda: None)}, "cannot be named 'a b'"),
        ({"a": flow(name="a", weight=-1)(lambda: None)}, "weight of flow 'a' is -1"),
        ({"a": flow(name="a")(needy)}, "missing a required argument: 'x'"),
        ({"a": flow(name="a")(lambda: None), "b": setup(lambda: 1), "c": setup(lambda: 2)}, "more than one @setup"),
    ],
)
def test_what_is_no_scenario_is_told(names: dict[str, Any], text: str) -> None:
    with pytest.raises(ScenarioError, match=text):
        Scenario.of(module(**names))


def test_every_option_that_may_be_suggested_is_in_the_plan() -> None:
    scenario_options: ScenarioOptions = {
        "start_time": "5s",
        "flow": "browse",
        "vus": 10,
        "duration": "30s",
        "iterations": 100,
        "stages": [{"duration": "10s", "target": 5}],
        "executor": "ramping-vus",
        "max_duration": "5m",
        "graceful_stop": "10s",
        "graceful_ramp_down": "5s",
        "start_vus": 1,
        "rate": "90/m",
        "time_unit": "1m",
        "start_rate": 5,
        "pre_allocated_vus": 20,
        "max_vus": 200,
        "arrival": "poisson",
        "max_backlog": "2s",
        "weights": {"browse": 3},
        "think_time": {"browse": "1s..3s"},
        "thresholds": {"checks": "rate>0.99"},
        "env": {"KEY": "value"},
        "tags": {"release": "1.2"},
        "min_iteration_duration": "1s",
    }
    options: Options = {
        "vus": 10,
        "duration": "30s",
        "iterations": 100,
        "stages": [{"duration": "10s", "target": 5}],
        "executor": "ramping-vus",
        "max_duration": "5m",
        "graceful_stop": "10s",
        "graceful_ramp_down": "5s",
        "start_vus": 1,
        "rate": "90/m",
        "time_unit": "1m",
        "start_rate": 5,
        "pre_allocated_vus": 20,
        "max_vus": 200,
        "arrival": "poisson",
        "max_backlog": "2s",
        "warmup": "auto",
        "pacing": "spin",
        "flow": "browse",
        "weights": {"browse": 3},
        "think_time": {"browse": "1s..3s"},
        "scenarios": {"readers": scenario_options},
        "thresholds": {"checks": "rate>0.99"},
        "target": "http://localhost:8080",
        "env": {"KEY": "value"},
        "data": {"users": {"policy": "shuffle", "at_end": "stop"}},
        "tags": {"release": "1.2"},
        "seed": 7,
        "threads": 2,
        "setup_timeout": "20s",
        "teardown_timeout": "30s",
        "min_iteration_duration": "1s",
        "max_series": 500,
        "insecure": False,
        "request_timeout": "5s",
        "connect_timeout": "2s",
        "max_redirects": 0,
        "no_connection_reuse": True,
        "discard_response_bodies": True,
        "user_agent": "mine/1",
        "shared_connections": 8,
        "http_version": "2",
        "max_streams": 50,
        "batch_per_origin": 4,
        "no_vu_connection_reuse": True,
        "tls_min": "1.2",
        "tls_max": "1.3",
        "tls_ciphers": "TLS13_AES_128_GCM_SHA256",
        "no_tls_resumption": True,
        "dns": "ttl=30s",
        "connect_rate": "500",
        "no_tcp_nodelay": True,
    }
    assert set(options) == Options.__optional_keys__
    assert set(scenario_options) == ScenarioOptions.__optional_keys__
    scenario = Scenario.of(module(browse=flow(name="browse")(lambda: None), options=options))
    assert json.loads(scenario.suggest()) == options


def test_options_may_be_a_function_which_is_called_when_a_run_asks() -> None:
    vus = [1]
    scenario = Scenario.of(module(a=flow(name="a")(lambda: None), options=lambda: {"vus": vus[0]}))
    vus[0] = 3
    assert json.loads(scenario.suggest()) == {"vus": 3}
    with pytest.raises(OptionsError, match="not a dictionary"):
        Scenario.of(module(a=flow(name="a")(lambda: None), options=lambda: 1)).suggest()


def test_options_must_be_json() -> None:
    with pytest.raises(OptionsError, match="cannot be written as JSON"):
        Scenario.of(module(a=flow(name="a")(lambda: None), options={"vus": object()}))


def test_coroutines_are_no_flows() -> None:
    async def later() -> None: ...

    with pytest.raises(ScenarioError, match="without `async`"):
        Scenario.of(module(later=flow(later)))


def test_the_whole_life_is_lived() -> None:
    lived: list[Any] = []

    @setup
    def before() -> dict[str, int]:
        lived.append(("setup", vu(), shared()))
        return {"n": 1}

    @start
    def arrive() -> None:
        lived.append(("start", vu(), shared()))

    @flow(weight=2)
    def work() -> None:
        lived.append(("work", vu(), shared()))

    @flow
    def rest() -> None:
        lived.append("rest")

    @teardown
    def after() -> None:
        lived.append(("teardown", vu(), shared()))

    Host(vu=3).rehearse(module(b=before, a=arrive, w=work, r=rest, t=after), 3).expect_ok()
    n = {"n": 1}
    assert lived[:2] == [("setup", 0, None), ("start", 3, n)]
    assert sorted(map(str, lived[2:5])) == sorted(map(str, [("work", 3, n), ("work", 3, n), "rest"]))
    assert lived[5] == ("teardown", 0, n)


def test_an_exception_fails_the_transaction_and_goes_on() -> None:
    def work() -> None:
        with transaction("good"):
            pass
        with transaction("marked") as marked:
            marked.fail()
        with transaction("bad"):
            raise squall.Error("no")

    report = Host().run(work)
    assert report.transactions == [("good", True), ("marked", False), ("bad", False)]
    assert str(report.error) == "no"
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        squall.Transaction("done").fail()


def test_failures_name_the_authors_line() -> None:
    texts: list[str] = []

    def work() -> None:
        for error in (squall.Error("own"), http.Timeout(), ValueError("bad"), KeyError()):
            try:
                raise error
            except Exception as raised:
                texts.append(describe(raised).partition(" (")[0])
        texts.append(describe(squall.Error("nowhere")))

    report = Host().run(work).expect_ok()
    assert texts == ["own", "request timed out", "ValueError: bad", "KeyError", "nowhere"]
    assert report.logs[0][0] == "debug"


def test_without_a_host_it_is_said() -> None:
    with pytest.raises(RuntimeError, match=r"squall\.testing\.Host"):
        log.info("x")
