"""The scripts run on this server, also when it is a cluster, and touch nothing but keys of their own fleet."""

import asyncio
import socket
from collections.abc import Callable
from hashlib import sha1

import pytest
from tests.redis_server import RedisProcess
from tests.unit.stores.redis.conftest import ANN, Kit, ask, claim, proxies

from proxyfleet.core.lease import Token
from proxyfleet.core.orders import Granted, Release, Renewed, Take, Taken
from proxyfleet.stores.redis import scripts
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.scripts import Script
from proxyfleet.stores.redis.server import RedisServer

ALL = [value for value in vars(scripts).values() if isinstance(value, Script)]


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
async def test_redis_calls_a_script_what_we_call_it(script: Script, kit: Kit) -> None:
    assert script.digest == sha1(script.text.encode()).hexdigest()
    fleet = await kit.fleet()
    assert await fleet.server.ask("SCRIPT", "LOAD", script.text) == script.digest.encode()


def test_every_file_is_used() -> None:
    files = {path.stem: path.read_text() for path in scripts._HERE.glob("*.lua")}
    assert len(files) >= len(ALL)
    for text in files.values():
        assert any(text in script.text for script in ALL)


async def test_a_cluster_finds_all_keys_on_one_node(redis: Callable[..., RedisProcess], kit: Kit) -> None:
    process = redis("cluster-enabled yes", f"port {_free_port()}", "bind 127.0.0.1")
    await _join(process)
    first = await kit.fleet(url=f"{process.url}?prefix=one")
    await first.put(proxies(2))
    granted = await ask(first, claim(resource="site", key="k"))
    assert isinstance(granted, Granted)
    assert isinstance(await ask(first, Release(Token(1, 0, granted.leases[0].fence), "ann")), Renewed)
    assert isinstance(await ask(first, Take(2, "site", ANN)), Taken)
    assert await first.remove([1, 2]) == 2
    found = await first.server.ask("KEYS", "*")
    assert found
    assert all(name.startswith(b"{one}:") for name in found)


def _free_port() -> int:
    """One whose cluster bus, 10000 higher, is free too."""
    while True:
        with socket.socket() as one, socket.socket() as bus:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                bus.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


async def _join(process: RedisProcess) -> None:
    """Gives the one node every slot of the cluster."""
    server = RedisServer(redis_address(process.url))
    await server.ask("CLUSTER", "ADDSLOTS", *range(16_384))
    async with asyncio.timeout(20):
        while b"cluster_state:ok" not in await server.ask("CLUSTER", "INFO"):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
    await server.close()
