"""A small shop, as its customers see it: most look around, some search, few buy.

Think times are between half of and one and a half times `THINK` seconds (`-e THINK=0` switches them off).
"""

from typing import Any

from squall import Counter, Error, Options, Rate, Trend, check, env, flow, http, random, think, transaction

options: Options = {
    "vus": 10,
    "duration": "30s",
    "thresholds": {
        "http_req_failed": "rate<0.01",
        "http_req_duration": "p(95)<500",
        "checks": "rate>0.99",
    },
}

ORDERS_PLACED = Counter("orders_placed")
BASKET_VALUE = Trend("basket_value")
CACHE_HIT = Rate("cache_hit")

PRODUCTS = 100
TERMS = ["lamp", "chair", "desk", "shelf", "rug"]


@flow(weight=60)
def browse() -> None:
    """Open the home page, leaf through the products, and look at one of them."""
    home = http.get("/", name="/", discard_body=True)
    check(home.status == 200, "home page is there")
    pause()

    first = list_products(1)
    pause()
    listing = list_products(random.randint(1, first["pages"]))
    check(listing["products"], "page has products")
    pause()

    view_product(listing["products"][0]["id"] if listing["products"] else 1)


@flow(weight=25)
def search() -> None:
    """Search, and look at the first thing that is found."""
    response = http.get("/search", params={"q": random.choice(TERMS)}, name="/search")
    check(response.status == 200, "search answers")
    results = response.json()["results"]
    pause()

    if results:
        view_product(results[0]["id"])


@flow(weight=15)
def checkout() -> None:
    """Look at a product, then buy one or two."""
    view_product(random.randint(1, PRODUCTS))
    pause()

    with transaction("checkout"):
        for _ in range(random.randint(1, 2)):
            basket = add_to_basket(random.randint(1, PRODUCTS))
            check(basket["items"] > 0, "basket is not empty")
            pause()
        shown = http.get("/basket", discard_body=True)
        check(shown.status == 200, "basket is shown")
        total = pay()
    ORDERS_PLACED.add(1)
    BASKET_VALUE.add(total)


def list_products(page: int) -> Any:
    response = http.get(f"/products?page={page}", name="/products?page={page}")
    check(response.status == 200, "products are listed")
    count_cache_hit(response)
    return response.json()


def view_product(product_id: int) -> None:
    response = http.get(f"/products/{product_id}", name="/products/{id}")
    check(response.status == 200, "product is there")
    count_cache_hit(response)
    check(response.json()["price"] > 0, "product has a price")


def add_to_basket(product_id: int) -> Any:
    response = http.post("/basket", json={"product_id": product_id, "quantity": random.randint(1, 3)})
    check(response.status == 201, "product is in the basket")
    return response.json()


def pay() -> float:
    """Pay for the basket and return what it cost."""
    response = http.post("/checkout", json={"payment": "card"})
    if not check(response.status == 201, "order is placed"):
        raise Error("the shop did not take the order")
    total: float = response.json()["total"]
    check(total > 0, "order has a price")
    return total


def count_cache_hit(response: http.Response) -> None:
    CACHE_HIT.add(response.headers.get("x-cache") == "HIT")


def pause() -> None:
    seconds = float(env("THINK", "1"))
    think(0.5 * seconds, 1.5 * seconds)
