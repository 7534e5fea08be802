"""A fleet whose claims are in Redis is not used by a process that does not know it."""

import pytest

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis.names import HOME, refuse_claims_elsewhere


async def test_claims_elsewhere_are_refused() -> None:
    store = MemoryStore()
    await refuse_claims_elsewhere(store)
    await store.put_setting(HOME, "1-ab")
    with pytest.raises(StoreUnusable, match="say where: --claims redis://"):
        await refuse_claims_elsewhere(store)
