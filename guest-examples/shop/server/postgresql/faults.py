"""The shop's faults, by name, and which of them are switched on.

A fault is SQL that is executed after `schema.sql`, or a branch in the shop's code, at a call of `is_on`.
"""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    route: str
    sql: str = ""


# Offers that have ended are deleted, but their rows are never cleaned away.
DEAD_TUPLES = """
    ALTER TABLE offers SET (autovacuum_enabled = false);
    INSERT INTO offers SELECT number, 0, rpad('An old offer. ', 400, '.') FROM generate_series(101, 200000) AS number;
    DELETE FROM offers WHERE product_id > 100;
    ANALYZE offers;
"""

FAULTS = {
    # Database.
    "n-plus-one": Fault("GET /products"),
    "missing-index": Fault("GET /search, GET /categories/<id>/products", sql="DROP INDEX products_by_category"),
    "lock-contention": Fault("POST /checkout"),
    "pool-exhaustion": Fault("GET /products/<id>"),
    "slow-statement": Fault("GET /reports/best-sellers"),
    "temporary-files": Fault("GET /reports/orders", sql="ALTER DATABASE shop SET work_mem = '64kB'"),
    "dead-tuples": Fault("GET /", sql=DEAD_TUPLES),
    # Application.
    "serialised-calls": Fault("GET /products/<id>"),
    "chatty": Fault("GET /search"),
    "blocking-call": Fault("GET /basket"),
    "worker-pool": Fault("GET /products/<id>"),
    "super-linear": Fault("GET /products"),
    "memory-leak": Fault("every route"),
    # Infrastructure.
    "cpu": Fault("every route"),
}

VARIABLE = "SHOP_FAULTS"


def parse_names(text):
    """The names in a comma-separated list. Raises ValueError for an unknown one."""
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in FAULTS:
            raise ValueError(f"no such fault: {name}; use some of {', '.join(FAULTS)}")
    return names


_on = frozenset(parse_names(os.environ.get(VARIABLE, "")))


def is_on(name):
    """Whether the running shop has this fault."""
    assert name in FAULTS, name
    return name in _on
