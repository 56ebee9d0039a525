"""Writes data/otava.json: series, and the change points that Apache Otava finds in them.

    python3 -m venv v && v/bin/pip install apache-otava==0.8.0 && v/bin/python otava_fixture.py

The named series are those of Otava's own tests (tests/analysis_test.py in apache/otava).
"""
import json
import random
from pathlib import Path

from otava.analysis import compute_change_points, split

STEP = [1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96,
        0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50, 0.49]
NAMED = {
    "single series": STEP,
    "single series, longer": STEP + [0.47, 0.48, 0.45, 0.01, 0.1, 0.22],
    "no change": [1.00, 1.02, 1.05, 0.95, 0.98, 1.00, 1.02, 1.05, 0.95, 0.98],
    "change": [1.00, 1.02, 1.05, 0.95, 0.98, 0.80, 0.82, 0.85, 0.79, 0.77],
}
WINDOWS = [(50, 0.001, 0.05), (50, 0.001, 0.0), (30, 0.01, 0.05), (20, 0.001, 0.05), (10, 0.0001, 0.0), (5, 0.0001, 0.0)]


def random_series(number):
    dice = random.Random(number)
    noise, length = dice.choice([0.01, 0.03, 0.05]), dice.randrange(2, 140)
    level, series = 100.0, []
    for _ in range(length):
        if dice.random() < 0.02:
            level *= dice.choice([0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.5])
        series.append(round(level * dice.lognormvariate(0, noise), 3))
    return series


def case(name, series, settings):
    window, p, magnitude = settings
    certain, _ = compute_change_points(list(series), window_len=window, max_pvalue=p, min_magnitude=magnitude)
    # Otava's merge takes points away from the very list that it returns as the weak ones: find those again.
    weak = split(list(series), window, p * 10)
    return {"name": name, "window": window, "p": p, "magnitude": magnitude, "series": series,
            "certain": [int(point.index) for point in certain], "weak": [int(point.index) for point in weak]}


cases = [case(name, series, settings) for name, series in NAMED.items() for settings in WINDOWS]
cases += [case(f"random {number}", random_series(number), WINDOWS[number % 4]) for number in range(500)]
path = Path(__file__).parent / "data" / "otava.json"
path.write_text("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases) + "\n]\n")
print(len(cases), "cases,", sum(bool(one["certain"]) for one in cases), "with a change")
