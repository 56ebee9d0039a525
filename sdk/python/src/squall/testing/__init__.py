"""Run a scenario natively, without Wasm, network or waiting, in unit tests.

The test sets the responses of its `Host`, runs a flow, and reads the `Report` on the flow's actions. Sleeping moves a
clock of the host's own and takes no time::

    from scenario import browse
    from squall.testing import Host


    def test_browsing_lists_the_products() -> None:
        report = Host().respond("GET", "/products", json=[]).run(browse).expect_ok()
        assert len(report.requests) == 1
        assert report.slept >= 1

It does not redirect, keep cookies, or time anything: those are the real host's.
"""

from squall.testing._host import Host
from squall.testing._reply import Reply
from squall.testing._report import Report, Sent

__all__ = ["Host", "Reply", "Report", "Sent"]
