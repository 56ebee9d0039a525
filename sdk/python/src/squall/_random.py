"""Chance that can be repeated: seeded by the run's ``--seed`` and the virtual user's number."""

import random as standard
from random import Random
from typing import Any, NoReturn

from squall import _host as host


class HostRandom(Random):
    """The standard library's `random.Random`, with the host's numbers instead of its own."""

    def random(self) -> float:
        """Return a number from 0 (included) to 1 (excluded)."""
        # A float holds 53 bits exactly.
        return (host.random() >> 11) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """Return a whole number of that many random bits."""
        if k < 0:
            raise ValueError("the number of bits must not be negative")
        bits = 0
        for _ in range(0, k, 64):
            bits = bits << 64 | host.random()
        return bits >> (-k % 64)

    def seed(self, *_args: Any, **_kwargs: Any) -> None:
        """Do nothing: ``squall run --seed`` decides."""

    def _no_state(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NotImplementedError("the state of the run's random numbers belongs to the host")

    getstate = setstate = _no_state


random = HostRandom()
"""`random.choice(items)`, `random.randint(1, 6)`, ...: as the module `random`, but repeatable by the run's `--seed`."""


def replace_standard() -> None:
    """Make the functions of the module `random` those of `random` here: repeatable by the run's seed, too.

    Their own generator would begin with the same numbers in every virtual user, or have to be seeded in each.
    """
    for name in standard.__all__:
        if name[0].islower() and hasattr(random, name):
            setattr(standard, name, getattr(random, name))
