"""Virtual users that only think, for measuring their memory.

They sleep for `SLEEP` seconds (`-e SLEEP=600`), else for one.
"""

from squall import env, flow, sleep


@flow
def idle() -> None:
    sleep(float(env("SLEEP", "1")))
