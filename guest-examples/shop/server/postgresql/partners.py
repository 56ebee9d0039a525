"""The shop's calls of its partner, over HTTP."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

from faults import is_on

PARTNER = os.environ["SHOP_PARTNER"]
SECONDS_TO_KEEP_RATE = 300
TIMEOUT_SECONDS = 30

_session = requests.Session()
_session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=128))
_threads = ThreadPoolExecutor(max_workers=96)


def get(path, **query):
    response = _session.get(PARTNER + path, params=query, timeout=TIMEOUT_SECONDS)
    response.raise_for_status()
    return response.json()


def describe_product(number):
    """What the partner knows of a product: four answers that do not depend on each other."""
    paths = [f"/{kind}/{number}" for kind in ("delivery", "related", "rating", "stock")]
    if is_on("serialised-calls"):
        answers = [get(path) for path in paths]
    else:
        answers = list(_threads.map(get, paths))
    return {answer["kind"]: answer["value"] for answer in answers}


def add_availability(products):
    """Asks the partner which products are there: one call for all."""
    numbers = [str(product["id"]) for product in products]
    if is_on("chatty"):
        # One call for each product.
        available = {number for number in numbers if number in get("/availability", products=number)["of"]}
    else:
        available = set(get("/availability", products=",".join(numbers))["of"])
    return [product | {"available": str(product["id"]) in available} for product in products]


def pay(total):
    response = _session.post(PARTNER + "/payments", json={"total": total}, timeout=TIMEOUT_SECONDS)
    response.raise_for_status()


class ExchangeRate:
    """A rate that the partner takes long to find, and that changes seldom."""

    def __init__(self):
        self._lock = threading.Lock()
        self._value = None
        self._expires = 0.0

    def read(self):
        if is_on("blocking-call"):
            return self._ask()
        with self._lock:
            if time.monotonic() >= self._expires:
                self._value = self._ask()
                self._expires = time.monotonic() + SECONDS_TO_KEEP_RATE
            return self._value

    @staticmethod
    def _ask():
        return get("/exchange-rate")["value"]
