"""Data that the run is given: --data users=users.csv for login and profile, --data upload=file:big.bin for upload.

-e COLUMN=email has login send another column.
"""

from squall import Blob, Feed, Options, check, env, flow, http, vu

options: Options = {"data": {"users": {}}}

USERS = Feed("users")
# The same rows, in an order of their own.
DRAWN = Feed("users", policy="once-each", at_end="error")
UPLOAD = Blob("upload")


@flow
def login() -> None:
    """Take one field of a row: the rest of it stays with the host."""
    user = USERS.next()
    column = env("COLUMN") or "name"
    http.post("/login", data=user[column], headers={"x-vu": str(vu())}, discard_body=True)


@flow(weight=0)
def profile() -> None:
    """Send a whole row as JSON."""
    http.post("/profile", data=USERS.next().text, discard_body=True)


@flow(weight=0)
def draw() -> None:
    """Send a field that never enters the scenario, and each row once."""
    http.post("/draw", data=DRAWN.next().blob("name"), discard_body=True)


@flow(weight=0)
def upload() -> None:
    """Send a file that never enters the scenario, however large it is."""
    response = http.post("/upload", data=UPLOAD)
    check(response.status == 200, "the file has arrived")
