"""The shop's connections to PostgreSQL, and the time that its statements take in a request."""

import os
import time

from flask import g
from psycopg_pool import ConnectionPool

from faults import is_on

CONNECTIONS = 2 if is_on("pool-exhaustion") else 20

_pool = ConnectionPool(os.environ["SHOP_DATABASE"], min_size=CONNECTIONS, max_size=CONNECTIONS, open=True)


def transaction():
    """A connection from the pool, for a `with`: its end commits, and gives the connection back."""
    return _pool.connection()


def rows(connection, statement, *values):
    """Executes a statement; its rows, or none if it returns none."""
    began = time.perf_counter()
    try:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
    finally:
        g.database_seconds = g.get("database_seconds", 0.0) + time.perf_counter() - began


def wait_until_connected():
    _pool.wait()
