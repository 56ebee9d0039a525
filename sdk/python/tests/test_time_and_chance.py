"""Waiting, and random numbers."""

from datetime import timedelta

import pytest

from squall import now, pace, random, sleep, think
from squall._timing import nanoseconds
from squall.testing import Host


def test_seconds_come_in_many_shapes() -> None:
    assert nanoseconds(1.5) == 1_500_000_000
    assert nanoseconds(timedelta(milliseconds=20)) == 20_000_000
    assert nanoseconds(-2) == nanoseconds(float("nan")) == 0
    assert nanoseconds(float("inf")) == 2**64 - 1


def test_think_time_is_between_its_bounds() -> None:
    times = [Host(seed=seed).run(lambda: think(1, 3)).slept for seed in range(50)]
    assert all(1 <= time <= 3 for time in times)
    assert min(times) < 1.5
    assert max(times) > 2.5
    assert Host().run(lambda: think(0, 0)).slept == 0


def test_pace_fills_the_iteration_up() -> None:
    def work() -> None:
        sleep(0.25)
        pace(1)
        pace(0.5)
        assert now() == pytest.approx(1)

    assert Host().run(work).expect_ok().slept == pytest.approx(1)


def test_a_seed_can_be_repeated() -> None:
    def draw(seed: int) -> list[int]:
        numbers: list[int] = []
        Host(seed=seed).run(lambda: numbers.extend([random.randint(1, 1000), random.getrandbits(200)])).expect_ok()
        return numbers

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_chance_meets_both_ends() -> None:
    def work() -> None:
        assert {random.randint(5, 7) for _ in range(100)} == {5, 6, 7}
        assert all(0 <= random.random() < 1 for _ in range(1000))
        assert random.getrandbits(3) < 8
        with pytest.raises(NotImplementedError):
            random.getstate()

    Host().run(work).expect_ok()
