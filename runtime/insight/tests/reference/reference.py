"""Makes the fixtures beside this file with other people's implementations.

    python3 -m venv venv && venv/bin/pip install MLRsearch==1.2.1 pymannkendall==1.4.3 kneed==0.9.0 \
        scipy==1.17.1 numpy==2.4.6
    venv/bin/python runtime/insight/tests/reference/reference.py
"""

import json
import pathlib

import numpy as np
import pymannkendall
from kneed import KneeLocator
from MLRsearch import AbstractMeasurer, Config, MeasurementResult, MultipleLossRatioSearch, SearchGoal
from MLRsearch.target_spec import TargetSpec
from MLRsearch.target_stat import TargetStat
from MLRsearch.discrete_width import DiscreteWidth
from MLRsearch.load_rounding import LoadRounding
from scipy import optimize, stats

HERE = pathlib.Path(__file__).parent


def write(name, value):
    (HERE / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


def usl():
    rng = np.random.default_rng(1)
    law = lambda n, l, s, k: l * n / (1 + s * (n - 1) + k * n * (n - 1))
    slopes = lambda n, l, s, k: np.stack([n / (d := 1 + s * (n - 1) + k * n * (n - 1)), -l * n * (n - 1) / d**2, -l * n * n * (n - 1) / d**2], axis=1)
    truths = [(50, 0.02, 0.0005), (1200, 0.05, 0.00002), (10, 0.0, 0.0), (300, 0.1, 0.0), (80, 0.0, 0.001), (995.6, 0.0267, 0.00077)]
    cases = []
    for truth in truths:
        for noise in (0.0, 0.01, 0.03):
            n = np.array([1, 2, 4, 8, 16, 32, 48, 64, 96], float)
            x = law(n, *truth) * (1 + noise * rng.standard_normal(n.size))
            start = (x[0], 0.01, 0.0001)
            best, covariance = optimize.curve_fit(law, n, x, p0=start, jac=slopes, xtol=1e-15, ftol=1e-15, gtol=1e-15, maxfev=100000, diag=(1 / truth[0], 100, 10000))
            if (best < 1e-9).any():
                continue  # On the edge of what is allowed, where the reference has no intervals.
            cases.append({"levels": [[a, b] for a, b in zip(n, x)], "best": list(best), "errors": list(np.sqrt(np.diag(covariance)))})
    write("usl", cases)


def trend():
    rng = np.random.default_rng(2)
    cases = []
    for length in (24, 48, 96):
        for slope in (0.0, 0.2, 1.0):
            for memory in (0.0, 0.6, 0.9):
                noise = [0.0]
                for _ in range(length - 1):
                    noise.append(memory * noise[-1] + rng.standard_normal())
                series = [round(500 + slope * i + e, 3) for i, e in enumerate(noise)]
                modified = pymannkendall.hamed_rao_modification_test(series)
                if not modified.var_s > 0:
                    continue  # The correction left no variance; the reference has no answer then.
                original = pymannkendall.original_test(series)
                slopes = stats.theilslopes(series, alpha=0.95)
                cases.append({"series": series, "s": modified.s, "variance": modified.var_s, "z": modified.z, "p": modified.p,
                              "plain_variance": original.var_s, "slope": slopes[0], "low": slopes[2], "high": slopes[3]})
    write("trend", cases)


def classes():
    rng = np.random.default_rng(3)
    rounding = LoadRounding(min_load=1.0, max_load=1e6, float_goals=[0.05])
    width = DiscreteWidth(rounding=rounding, float_width=0.05).rounded_down()
    cases = []
    for _ in range(400):
        ratio = float(rng.choice([0.0, 0.25, 0.5, 0.75]))
        target = TargetSpec(loss_ratio=0.0, exceed_ratio=ratio, discrete_width=width, trial_duration=60.0, duration_sum=180.0,
                            expansion_coefficient=2, fail_fast=False, preceding=None)
        stat = TargetStat(target=target)
        trials = []
        for _ in range(int(rng.integers(0, 9))):
            seconds, good = int(rng.choice([10, 42, 60, 90])), bool(rng.random() < 0.6)
            trials.append([seconds, good])
            stat.add(type("Result", (), {"duration_with_overheads": float(seconds), "intended_duration": float(seconds),
                                         "loss_ratio": 0.0 if good else 0.1}))
        optimistic, pessimistic = stat.estimates()
        kind = "lower" if pessimistic else "undecided" if optimistic else "upper"
        cases.append({"trial": 60.0, "sum": 180.0, "exceed_ratio": ratio, "trials": trials, "class": kind})
    write("classes", cases)


class Capacity(AbstractMeasurer):
    """Loses what is above its capacity."""

    def __init__(self, capacity):
        self.capacity, self.trials, self.offered = capacity, 0, 0.0

    def measure(self, intended_duration, intended_load):
        self.trials += 1
        self.offered += intended_duration * intended_load
        count = int(intended_duration * intended_load)
        passed = min(count, int(intended_duration * self.capacity))
        return MeasurementResult(intended_duration=intended_duration, intended_load=intended_load, offered_count=count, forwarding_count=passed)


def searches():
    cases = []
    for capacity in (17.3, 42.0, 113.0, 333.3, 871.0, 2500.0, 7777.0):
        goal = SearchGoal(loss_ratio=0.0, exceed_ratio=0.5, relative_width=0.025, initial_trial_duration=10.0,
                          final_trial_duration=60.0, duration_sum=180.0)
        config = Config()
        config.min_load, config.max_load = 10.0, 10_000.0
        config.goals, config.warmup_duration, config.search_duration_max = [goal], 0.0, 60.0
        measurer = Capacity(capacity)
        result = MultipleLossRatioSearch(config).search(measurer, debug=lambda _: None)[goal]
        cases.append({"capacity": capacity, "lower": float(result.relevant_lower_bound), "upper": float(result.relevant_upper_bound),
                      "trials": measurer.trials, "offered": measurer.offered})
    write("searches", cases)


def knees():
    """Curves of latency over load, smooth and with a little noise."""
    rng = np.random.default_rng(4)
    shapes = {
        "one server": lambda u: 1 / (1 - u),
        "eight servers": lambda u: 1 + u**8 / (1 - u**8),
        "exponential": lambda u: np.exp(6 * u),
        "hockey stick": lambda u: np.where(u < 0.6, 1 + 0.1 * u, 1.06 + 30 * (u - 0.6)),
        "quadratic": lambda u: 1 + 9 * u**2,
    }
    cases = []
    for name, shape in shapes.items():
        for points in (8, 21, 60):
            for noise in (0.0, 0.005):
                load = np.linspace(0.05, 0.95, points)
                latency = shape(load) * (1 + noise * rng.standard_normal(points))
                found = KneeLocator(load, latency, S=1.0, curve="convex", direction="increasing")
                cases.append({"name": name, "noise": noise, "points": [[a, b] for a, b in zip(load, latency)], "knee": float(found.knee)})
    write("knees", cases)


usl(), trend(), classes(), searches(), knees()
