"""The least scenario: one GET of the target, whose body is thrown away."""

from squall import check, flow, http


@flow
def home() -> None:
    page = http.get("/", discard_body=True)
    check(page.status == 200, "status is 200")
