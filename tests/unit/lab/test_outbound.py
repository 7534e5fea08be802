"""What dials: to loopback only, and never unrecorded."""

import asyncio
from typing import cast

import pytest

from proxyfleet.lab import Lab
from proxyfleet.lab.client import ClientSide
from proxyfleet.lab.outbound import Outbound, Route, dial
from proxyfleet.lab.passages import Passages


class Near:
    """The client's side, as far as an outbound connection calls it."""

    class Proxy:
        name = "http-9"

    proxy = Proxy()
    gate = None

    def __init__(self) -> None:
        self.far: Outbound | None = None
        self.closed = asyncio.Event()

    def reached(self, far: Outbound) -> None:
        self.far = far

    def far_side_closed(self) -> None:
        self.closed.set()


@pytest.mark.parametrize("host", ["8.8.8.8", "10.1.2.3", "::ffff:1.1.1.1", "2001:db8::1"])
async def test_it_never_dials_beyond_loopback(host: str) -> None:
    with pytest.raises(PermissionError, match="never leaves this machine"):
        await dial(cast(ClientSide, Near()), Route(host, 80), Passages(lambda: 0.0))


async def test_a_connection_is_written_down_while_it_lasts(lab: Lab) -> None:
    near, passages = Near(), Passages(lambda: 0.0)
    await dial(cast(ClientSide, near), Route("127.0.0.1", lab.target.port, "127.0.0.7", "s"), passages)
    assert near.far is not None
    source = near.far.transport.get_extra_info("sockname")[:2]
    found = passages.find(source)
    assert found is not None
    assert (source[0], found.proxy, found.exit, found.session) == ("127.0.0.7", "http-9", "127.0.0.7", "s")
    lab.target.go_down("refuse")
    await asyncio.wait_for(near.closed.wait(), 5)
    assert found.closed_at is not None


async def test_a_client_that_lets_go_hears_nothing_more(lab: Lab) -> None:
    near, passages = Near(), Passages(lambda: 0.0)
    await dial(cast(ClientSide, near), Route("127.0.0.1", lab.target.port), passages)
    assert near.far is not None
    near.far.let_go()
    lab.target.go_down("refuse")
    await asyncio.sleep(0)
    assert not near.closed.is_set()
