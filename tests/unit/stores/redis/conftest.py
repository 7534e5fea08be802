"""Redis servers that a test may stop, kill and configure; fleets on the shared one or on such."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.redis_server import RedisProcess, fresh_url

from proxyfleet.core.lease import Holder
from proxyfleet.core.orders import Answer, Candidate, Claim, Order
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.ports import Store
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import RedisFleet, claims_in_redis

ANN = Holder("ann")
FAR = float("inf")


class Kit:
    """Opens fleets and closes them; `ahead` moves the clock of all of them."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.ahead = 0.0

    async def fleet(self, inventory: Store | None = None, url: str | None = None) -> RedisFleet:
        """A fleet; two of one inventory and URL are two nodes."""
        address = redis_address(url or fresh_url())
        fleet = await claims_in_redis(inventory or MemoryStore(), address, lambda: self.ahead)
        self._stack.push_async_callback(fleet.server.close)
        return fleet


@pytest.fixture
async def kit() -> AsyncIterator[Kit]:
    async with AsyncExitStack() as stack:
        yield Kit(stack)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Callable[..., RedisProcess]]:
    """Starts a server of the test's own with these lines of configuration."""
    started: list[RedisProcess] = []

    def start(*options: str) -> RedisProcess:
        directory = tmp_path / f"redis{len(started)}"
        directory.mkdir()
        started.append(RedisProcess(directory, *options).start())
        return started[-1]

    yield start
    for process in started:
        process.kill()


def proxies(count: int, **fields: object) -> list[Proxy]:
    return [Proxy(Scheme.HTTP, f"h{n}.example", 80, **{"capacity": 2, **fields}) for n in range(count)]


def claim(proxy_id: int = 1, slot: int = 0, ttl: float = 60.0, **fields: object) -> Claim:
    return Claim(ANN, (Candidate(proxy_id, slot, proxy_id, 2, FAR),), ttl, **fields)


async def ask(store: Store, order: Order) -> Answer:
    (answer,) = (await store.decide([order], "n")).answers
    return answer
