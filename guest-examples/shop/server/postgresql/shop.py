"""The shop on PostgreSQL: a Flask application with the paths of ../shop.py, and a few more. `start.py` starts it.

Nothing in here speaks of tracing: `opentelemetry-instrument` adds that from outside.
"""

import hashlib
import itertools
import os
import secrets
import time
from collections import Counter

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException

import partners
import storage
from faults import is_on
from storage import rows, transaction

PER_PAGE = 20
MOST_PER_PAGE = 500
BYTES_KEPT = 16 * 1024
ITERATIONS = 40_000

application = Flask(__name__)
exchange_rate = partners.ExchangeRate()
requests_answered = itertools.count(1)
orders_placed = itertools.count(1)
totals = {"requests": 0, "orders": 0}
history = []


class Refusal(Exception):
    """Why a request gets no good answer."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


@application.before_request
def begin_request():
    g.began = time.perf_counter()
    g.session = request.cookies.get("session") or secrets.token_hex(8)
    g.visitor = name_visitor(g.session)
    if is_on("memory-leak"):
        # A history that is never cut.
        history.append(bytearray(BYTES_KEPT))


def name_visitor(session):
    """What the database knows a session by: a digest, because the cookie itself is a secret."""
    if is_on("cpu"):
        # As costly as for a password, at each request.
        return hashlib.pbkdf2_hmac("sha256", session.encode(), b"shop", ITERATIONS).hex()
    return hashlib.sha256(session.encode()).hexdigest()


@application.after_request
def end_request(response):
    if request.path != "/metrics":
        totals["requests"] = next(requests_answered)
    if "session" not in request.cookies:
        response.set_cookie("session", g.session, path="/")
    spent, took = g.get("database_seconds", 0.0) * 1000, (time.perf_counter() - g.began) * 1000
    response.headers["Server-Timing"] = f'db;dur={spent:.3f};desc="PostgreSQL", app;dur={took:.3f}'
    return response


@application.errorhandler(Refusal)
def refuse(refusal):
    return {"error": str(refusal)}, refusal.status


@application.errorhandler(HTTPException)
def refuse_path(problem):
    return {"error": f"there is no {request.method} {request.path}"}, problem.code


@application.errorhandler(KeyError)
@application.errorhandler(TypeError)
@application.errorhandler(ValueError)
def refuse_mistake(mistake):
    return {"error": str(mistake)}, 400


@application.get("/")
def show_home():
    with transaction() as connection:
        offers = rows(connection, "SELECT product_id, text FROM offers ORDER BY views DESC LIMIT 5")
    items = "".join(f'<li><a href="/products/{number}">{text.rstrip(".")}</a>' for number, text in offers)
    return f"<!doctype html><title>Shop</title><h1>A small shop</h1><ul>{items}</ul>"


@application.get("/products")
def list_products():
    number = int(request.args.get("page", "1"))
    size = min(int(request.args.get("per_page", PER_PAGE)), MOST_PER_PAGE)
    if number < 1 or size < 1:
        raise Refusal(400, "pages and their sizes begin with 1")
    with transaction() as connection:
        (count,), = rows(connection, "SELECT sum(products) FROM categories")
        found = rows(connection, "SELECT id, name, price FROM products WHERE id > %s ORDER BY id LIMIT %s",
                     (number - 1) * size, size)
        stars = read_stars(connection, [product[0] for product in found])
    if not found:
        raise Refusal(404, "no such page")
    listed = [product | {"stars": stars.get(product["id"])} for product in as_products(found)]
    return {"products": add_collections(listed), "page": number, "pages": -(-count // size)}


def read_stars(connection, numbers):
    """The mean stars of each product that has reviews."""
    if is_on("n-plus-one"):
        # One statement for each product of the page.
        means = []
        for number in numbers:
            (mean,), = rows(connection, "SELECT avg(stars)::float8 FROM reviews WHERE product_id = %s", number)
            means.append((number, mean))
    else:
        means = rows(connection, "SELECT product_id, avg(stars)::float8 FROM reviews WHERE product_id = ANY(%s) "
                                 "GROUP BY product_id", numbers)
    return dict(means)


def add_collections(products):
    """Adds to each product the number of those on the page that are of its collection."""
    if is_on("super-linear"):
        # Each is compared with each.
        return [product | {"in_collection": sum(is_same_collection(product, other) for other in products)}
                for product in products]
    sizes = Counter(collection_of(product) for product in products)
    return [product | {"in_collection": sizes[collection_of(product)]} for product in products]


def is_same_collection(product, other):
    return collection_of(product) == collection_of(other)


def collection_of(product):
    return product["name"].split()[0].casefold()


@application.get("/products/<int:number>")
def show_product(number):
    with transaction() as connection:
        product = read_product(connection, number)
        if is_on("pool-exhaustion"):
            # The partner is called before the connection is given back, and the pool is small.
            return product | partners.describe_product(number)
    return product | partners.describe_product(number)


@application.get("/search")
def search():
    with transaction() as connection:
        found = rows(connection, "SELECT id, name, price FROM products "
                                 "WHERE category_id = (SELECT id FROM categories WHERE name = lower(%s)) "
                                 "ORDER BY price LIMIT 20", request.args.get("q", ""))
    return {"results": partners.add_availability(as_products(found)) if found else []}


@application.get("/categories/<int:category>/products")
def list_category(category):
    with transaction() as connection:
        found = rows(connection, "SELECT id, name, price FROM products WHERE category_id = %s ORDER BY price LIMIT 20",
                     category)
    return {"products": as_products(found)}


@application.post("/basket")
def fill_basket():
    body = request.get_json(silent=True) or {}
    product, quantity = int(body["product_id"]), int(body.get("quantity", 1))
    with transaction() as connection:
        read_product(connection, product)
        rows(connection, "INSERT INTO baskets VALUES (%s, %s, %s) ON CONFLICT (session, product_id) "
                         "DO UPDATE SET quantity = baskets.quantity + excluded.quantity", g.visitor, product, quantity)
        return read_basket(connection), 201


@application.get("/basket")
def show_basket():
    with transaction() as connection:
        basket = read_basket(connection)
    return basket | {"rate": exchange_rate.read()}


@application.post("/checkout")
def check_out():
    body = request.get_json(silent=True) or {}
    with transaction() as connection:
        basket = read_basket(connection)
    if "payment" not in body or not basket["items"]:
        raise Refusal(409, "nothing to pay, or nothing to pay with")
    if is_on("lock-contention"):
        # All orders wait for the row of the invoice's number, which is locked until the payment is done.
        with transaction() as connection:
            invoice = next_invoice(connection)
            partners.pay(basket["total"])
            order = place_order(connection, invoice, basket["total"])
    else:
        partners.pay(basket["total"])
        with transaction() as connection:
            order = place_order(connection, next_invoice(connection), basket["total"])
    totals["orders"] = next(orders_placed)
    return {"order": order, "total": basket["total"]}, 201


@application.get("/reports/best-sellers")
def report_best_sellers():
    with transaction() as connection:
        if is_on("slow-statement"):
            # All lines of all orders are added up each time.
            sold = rows(connection, "SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY product_id "
                                    "ORDER BY sold DESC LIMIT 10")
        else:
            sold = rows(connection, "SELECT product_id, sold FROM best_sellers ORDER BY sold DESC")
    return {"best_sellers": [{"id": number, "sold": count} for number, count in sold]}


@application.get("/reports/orders")
def report_orders():
    """The greatest of the latest orders. The fault is in the database's `work_mem`, which its sorts do not fit in."""
    with transaction() as connection:
        found = rows(connection, "SELECT id, total, letter, rank() OVER (PARTITION BY session ORDER BY id), "
                                 "rank() OVER (ORDER BY total DESC) AS place FROM orders "
                                 "WHERE id > (SELECT max(id) FROM orders) - 1000 ORDER BY place LIMIT 20")
    return {"orders": [{"id": number, "total": total, "letter": letter.rstrip("."), "number": rank, "place": place}
                       for number, total, letter, rank, place in found]}


@application.get("/metrics")
def show_metrics():
    with open("/proc/self/statm") as memory:
        resident = int(memory.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    text = (f"# TYPE shop_requests_total counter\nshop_requests_total {totals['requests']}\n"
            f"# TYPE shop_orders_total counter\nshop_orders_total {totals['orders']}\n"
            f"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {resident}\n")
    return text, {"Content-Type": "text/plain; version=0.0.4"}


def read_product(connection, number):
    found = rows(connection, "SELECT id, name, price FROM products WHERE id = %s", number)
    if not found:
        raise Refusal(404, "no such product")
    return as_products(found)[0]


def read_basket(connection):
    (items, total), = rows(
        connection, "SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * price), 0) "
                    "FROM baskets JOIN products ON products.id = product_id WHERE session = %s", g.visitor)
    return {"items": items, "total": total}


def next_invoice(connection):
    (number,), = rows(connection, "UPDATE invoices SET last = last + 1 WHERE series = 'shop' RETURNING last")
    return number


def place_order(connection, invoice, total):
    (order,), = rows(connection, "INSERT INTO orders (invoice, session, total) VALUES (%s, %s, %s) RETURNING id",
                     invoice, g.visitor, total)
    rows(connection, "INSERT INTO order_lines SELECT %s, product_id, quantity FROM baskets WHERE session = %s",
         order, g.visitor)
    rows(connection, "DELETE FROM baskets WHERE session = %s", g.visitor)
    return order


def as_products(found):
    return [{"id": number, "name": name, "price": price} for number, name, price in found]


storage.wait_until_connected()
exchange_rate.read()
