"""A small shop that keeps what it has in a database: something real to load.

One process, Python's own libraries, SQLite. It answers the same paths as `squall demo`, says in `Server-Timing` what each answer
took it, and counts its requests and orders under /metrics.

    python3 shop.py --port 8081 --database shop.db
"""

import argparse
import asyncio
import json
import secrets
import signal
import sqlite3
import time
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

COLLECTIONS = "Harbour Meadow Juniper Linden Slate Amber Northern Willow Copper Heather".split()
ARTICLES = {"Mug": 12.5, "Lamp": 59, "Blanket": 84.5, "Chair": 249, "Teapot": 38,
            "Shelf": 72, "Cushion": 27.5, "Desk": 389, "Rug": 119, "Clock": 46}
PER_PAGE = 20
LARGEST_BODY = 64 * 1024

SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL NOT NULL);
    CREATE TABLE IF NOT EXISTS baskets (session TEXT, product INTEGER, quantity INTEGER NOT NULL,
                                        PRIMARY KEY (session, product)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, session TEXT NOT NULL, total REAL NOT NULL);
"""


class Refusal(Exception):
    """Why a request gets no good answer."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


class Database:
    """SQLite, and the time that it took since the last call."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(SCHEMA)
        self.spent = 0.0
        if not self.rows("SELECT 1 FROM products LIMIT 1"):
            products = [(f"{collection} {article}", price + number)
                        for number, collection in enumerate(COLLECTIONS) for article, price in ARTICLES.items()]
            self.connection.executemany("INSERT INTO products (name, price) VALUES (?, ?)", products)

    def rows(self, statement, *values):
        began = time.perf_counter()
        try:
            return self.connection.execute(statement, values).fetchall()
        finally:
            self.spent += time.perf_counter() - began

    def take_spent(self):
        spent, self.spent = self.spent, 0.0
        return spent


class Shop:
    """The response to each request; knows nothing of connections."""

    def __init__(self, database):
        self.database = database
        self.requests = 0

    def answer(self, method, target, session, body):
        """The status, the body, and further fields."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match method, url.path.strip("/").split("/"):
            case "GET", [""]:
                return HTTPStatus.OK, "<!doctype html><title>Shop</title><h1>A small shop</h1>", {"Content-Type": "text/html"}
            case "GET", ["products"]:
                return self.page(int(query.get("page", "1")))
            case "GET", ["products", number]:
                return self.product(int(number))
            case "GET", ["search"]:
                found = self.database.rows("SELECT id, name, price FROM products WHERE name LIKE ? ORDER BY id",
                                           f"%{query.get('q', '')}%")
                return HTTPStatus.OK, {"results": products(found)}, {}
            case "POST", ["basket"]:
                return self.fill_basket(session, body)
            case "GET", ["basket"]:
                return HTTPStatus.OK, self.basket(session), {}
            case "POST", ["checkout"]:
                return self.check_out(session, body)
        raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {method} {url.path}")

    def page(self, number):
        (count,), = self.database.rows("SELECT count(*) FROM products")
        found = self.database.rows("SELECT id, name, price FROM products ORDER BY id LIMIT ? OFFSET ?",
                                   PER_PAGE, (number - 1) * PER_PAGE)
        if not found:
            raise Refusal(HTTPStatus.NOT_FOUND, "no such page")
        return HTTPStatus.OK, {"products": products(found), "page": number, "pages": -(-count // PER_PAGE)}, {}

    def product(self, number):
        found = self.database.rows("SELECT id, name, price FROM products WHERE id = ?", number)
        if not found:
            raise Refusal(HTTPStatus.NOT_FOUND, "no such product")
        return HTTPStatus.OK, products(found)[0], {}

    def fill_basket(self, session, body):
        product, quantity = int(body["product_id"]), int(body.get("quantity", 1))
        self.product(product)
        self.database.rows("INSERT INTO baskets VALUES (?, ?, ?) ON CONFLICT (session, product) "
                           "DO UPDATE SET quantity = quantity + excluded.quantity", session, product, quantity)
        return HTTPStatus.CREATED, self.basket(session), {}

    def basket(self, session):
        (items, total), = self.database.rows(
            "SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * price), 0) "
            "FROM baskets JOIN products ON products.id = product WHERE session = ?", session)
        return {"items": items, "total": total}

    def check_out(self, session, body):
        basket = self.basket(session)
        if "payment" not in body or not basket["items"]:
            raise Refusal(HTTPStatus.CONFLICT, "nothing to pay, or nothing to pay with")
        self.database.rows("BEGIN IMMEDIATE")
        (order,), = self.database.rows("INSERT INTO orders (session, total) VALUES (?, ?) RETURNING id",
                                       session, basket["total"])
        self.database.rows("DELETE FROM baskets WHERE session = ?", session)
        self.database.rows("COMMIT")
        return HTTPStatus.CREATED, {"order": order, "total": basket["total"]}, {}

    def metrics(self):
        (orders,), = self.database.rows("SELECT count(*) FROM orders")
        return (f"# TYPE shop_requests_total counter\nshop_requests_total {self.requests}\n"
                f"# TYPE shop_orders_total counter\nshop_orders_total {orders}\n")


def products(rows):
    return [{"id": number, "name": name, "price": price} for number, name, price in rows]


def respond(shop, method, target, fields, body):
    """A whole response: the shop's answer, and its timings."""
    if target == "/metrics":
        return response(HTTPStatus.OK, shop.metrics(), {"Content-Type": "text/plain; version=0.0.4"})
    began = time.perf_counter()
    shop.requests += 1
    shop.database.take_spent()
    cookie = SimpleCookie(fields.get("cookie", "")).get("session")
    session = cookie.value if cookie else secrets.token_hex(8)
    try:
        status, content, more = shop.answer(method, target, session, json.loads(body) if body else {})
    except Refusal as refusal:
        status, content, more = refusal.status, {"error": str(refusal)}, {}
    except (ValueError, KeyError, TypeError, AttributeError) as mistake:
        status, content, more = HTTPStatus.BAD_REQUEST, {"error": str(mistake)}, {}
    if not cookie:
        more["Set-Cookie"] = f"session={session}; Path=/"
    spent, took = shop.database.take_spent() * 1000, (time.perf_counter() - began) * 1000
    more["Server-Timing"] = f'db;dur={spent:.3f};desc="SQLite", app;dur={took:.3f}'
    return response(status, content, more)


def response(status, content, fields):
    if isinstance(content, dict):
        content, fields = json.dumps(content), {"Content-Type": "application/json"} | fields
    content = content.encode()
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def attend(shop, reader, writer):
    """Answers the requests of one connection, one after the other."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip().split("\r\n")
            method, target, version = first.split(" ")
            fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(fields.get("content-length", "0"))
            body = await reader.readexactly(min(length, LARGEST_BODY))
            writer.write(respond(shop, method, target, fields, body))
            await writer.drain()
            if version == "HTTP/1.0" or fields.get("connection", "").lower() == "close" or length > LARGEST_BODY:
                return
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError, ConnectionError, ValueError):
        pass  # The visitor has left, or does not speak HTTP.
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description="A small shop with a database, to be loaded.")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--database", default="shop.db")
    arguments = parser.parse_args()
    shop = Shop(Database(arguments.database))
    server = await asyncio.start_server(lambda *ends: attend(shop, *ends), "127.0.0.1", arguments.port, backlog=1024)
    print(f"The shop is open: http://127.0.0.1:{arguments.port}", flush=True)
    closing = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, closing.set)
    await closing.wait()
    server.close()


asyncio.run(main())
