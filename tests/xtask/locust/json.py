"""What `cargo xtask bench --languages` runs in Locust: ten headers out, 2 KB of JSON in, parsed."""

from locust import FastHttpUser, task

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


class Order(FastHttpUser):
    @task
    def order(self):
        response = self.client.get("/json", headers=HEADERS)
        assert response.status_code == 200
        assert all(item["price"] > 0 for item in response.json()["items"])
