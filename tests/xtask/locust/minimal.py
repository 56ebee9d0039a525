"""What `cargo xtask bench --languages` runs in Locust: one GET, its body not looked at."""

from locust import FastHttpUser, task


class Home(FastHttpUser):
    @task
    def home(self):
        assert self.client.get("/").status_code == 200
