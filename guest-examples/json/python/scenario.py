"""A request with ten headers and 2 KB of JSON to parse: the cost of a scenario's own work, for benchmarks."""

from squall import check, flow, http

HEADERS = {
    "accept": "application/json",
    "accept-language": "en-GB,en;q=0.8",
    "authorization": "Bearer 0123456789abcdef0123456789abcdef",
    "cache-control": "no-cache",
    "origin": "https://shop.example.test",
    "referer": "https://shop.example.test/products?page=3",
    "x-client": "squall-json",
    "x-client-version": "0.1.0",
    "x-request-source": "benchmark",
    "x-trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}


@flow
def json() -> None:
    response = http.get("/json", headers=HEADERS)
    check(response.status == 200, "status is 200")
    order = response.json()
    check(all(item["price"] > 0 for item in order["items"]), "items have prices")
