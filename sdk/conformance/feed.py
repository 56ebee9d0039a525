#!/usr/bin/env python3
"""Runs the feed example of one language, and reports differences from all other languages.

    feed.py feed-go.wasm [squall]

The comparison is of the server's received requests: rows in their order, each once, whole rows, and unchanged files.
"""

import pathlib
import subprocess
import sys
import tempfile

import server

ROWS = [("ada", "ada@example.test"), ("bob", "bob@example.test"), ("größe", "g@example.test")]
UPLOAD = bytes(range(256)) * 4096

failures = []


class Runs:
    """Runs a component, and records the requests that the server received."""

    def __init__(self, squall, component, folder):
        self.squall, self.component = squall, component
        self.received = []
        server.respond = self._respond
        self.url = server.Server().url
        users, upload = folder / "users.csv", folder / "upload.bin"
        users.write_text("name,email\n" + "".join(f"{name},{email}\n" for name, email in ROWS), encoding="utf-8")
        upload.write_bytes(UPLOAD)
        self.data = ["--data", f"users={users}", "--data", f"upload=file:{upload}"]

    def _respond(self, request):
        self.received.append((request.url.rsplit("/", 1)[-1], request.body))
        return server.reply()

    def run(self, *options):
        """Returns the exit code, the output, and the received requests."""
        self.received.clear()
        command = [self.squall, "run", self.component, "--target", self.url, "--no-color", "--verbose", "-u", "1", *options]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return ended.returncode, ended.stdout + ended.stderr, list(self.received)


def expect(what, condition, found):
    """Notes an expectation that is not met."""
    if not condition:
        failures.append(f"{what}: {found}")


def check(runs):
    names = [name.encode() for name, _ in ROWS]
    code, output, received = runs.run(*runs.data, "-i", "4")
    wanted = [("login", name) for name in [*names, names[0]]]
    expect("rows come in their order, and the first follows the last", (code, received) == (0, wanted), (received, output))

    _, output, received = runs.run(*runs.data, "-i", "1", "-e", "COLUMN=email")
    expect("another column is sent", received == [("login", ROWS[0][1].encode())], (received, output))

    _, output, received = runs.run(*runs.data, "-i", "1", "-e", "COLUMN=nmae")
    missing = 'there is no column "nmae": the columns are name, email'
    expect("a column that is not there is an error that names those there are", missing in output, output)

    _, output, received = runs.run(*runs.data, "-i", "3", "--flow", "profile")
    wanted = [("profile", f'{{"name":"{name}","email":"{email}"}}'.encode()) for name, email in ROWS]
    expect("a row is JSON", received == wanted, (received, output))

    _, output, received = runs.run(*runs.data, "-i", "5", "--flow", "draw")
    expect("each row is drawn once, as a blob", received == [("draw", name) for name in names], (received, output))
    expect("an end that was asked for is an error", "is exhausted" in output, output)

    # More blobs than a scenario keeps settings for: each request must have its own.
    _, output, received = runs.run("--data", f"{runs.data[1]},policy=sequential,at-end=recycle", "-i", "200", "--flow", "draw")
    expect("bodies are not mixed up", received == [("draw", names[i % 3]) for i in range(200)], (received[:9], output))

    code, output, received = runs.run(*runs.data, "-i", "3", "--flow", "upload")
    whole = (code, received) == (0, [("upload", UPLOAD)] * 3)
    expect("a file arrives as it is", whole, ([(path, len(body)) for path, body in received], output))

    code, output, received = runs.run("-i", "1")
    expect("a run without the data does not begin", code == 104 and "add --data users=FILE" in output, (code, output))

    _, output, received = runs.run(*runs.data[:2], "-i", "1", "--flow", "upload")
    expect("a file that is not given is an error that says so", not received and "--data upload=" in output, output)


def main():
    component = sys.argv[1]
    squall = sys.argv[2] if len(sys.argv) > 2 else "squall"
    with tempfile.TemporaryDirectory() as folder:
        check(Runs(squall, component, pathlib.Path(folder)))
    for failure in failures:
        print(f"FAIL  {failure}")
    print(f"{component}: {'as in every language' if not failures else f'{len(failures)} differences'}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
