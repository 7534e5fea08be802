"""Tells Redis what the inventory says of proxies, because a batch is decided there: capacity, expiry, switched off, gone.

A ticket is taken before the inventory is read; of two who publish the same proxy the later ticket wins, in whatever order
they arrive. So whoever reads the inventory may publish what was read, and what somebody else forgot to tell is healed.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final

from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Inventory
from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.redis.claims import RedisClaims, Unsettled

PIECE: Final = 2_000


class Terms:
    """Publishes for one inventory; every method may raise `StoreError` and `Unsettled` unless it says otherwise."""

    def __init__(self, claims: RedisClaims, inventory: Inventory) -> None:
        self._claims = claims
        self._inventory = inventory

    async def tell(self, ids: Collection[int], *, changed: bool) -> None:
        """What the inventory now says of these; `changed`: by the caller, so that whoever has read before is outdated."""
        told = sorted(set(ids))
        for start in range(0, len(told), PIECE):
            piece = told[start : start + PIECE]
            ticket = await self._claims.ticket()
            found = await self._inventory.some(piece)
            gone = set(piece).difference(proxy.id for proxy in found)
            await self._claims.publish(ticket, found, sorted(gone), changed=changed)

    async def tell_all(self) -> None:
        """What the inventory says of every proxy; who is not in it is gone."""
        seen = bytearray()
        async for page in self._read(changed=True):
            seen.extend(bytes(max(0, page[-1].id + 1 - len(seen))))
            for proxy in page:
                seen[proxy.id] = 1
        await self.tell([one async for one in self._known() if one >= len(seen) or not seen[one]], changed=True)

    async def read(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies, compared on the way. Never fails because of Redis."""
        async for page in self._read(changed=False):
            yield page

    async def _read(self, *, changed: bool) -> AsyncIterator[Sequence[Proxy]]:
        pages, ticket = aiter(self._inventory.proxies()), 0
        ignored: tuple[type[Exception], ...] = () if changed else (StoreError, Unsettled)
        telling = True
        while True:
            if telling:
                telling = False
                with suppress(*ignored):
                    ticket, telling = await self._claims.ticket(), True
            page = await anext(pages, None)
            if page is None:
                return
            if telling:
                telling = False
                with suppress(*ignored):
                    for piece in pieces(page):
                        await self._claims.publish(ticket, piece, (), changed=changed)
                    telling = True
            yield page

    async def _known(self) -> AsyncIterator[int]:
        """Ids that Redis has terms of."""
        cursor = b"0"
        key = self._claims.server.keys[1]
        while True:
            cursor, found = await self._claims.server.ask("HSCAN", key, cursor, "COUNT", 1_000)
            for field in found[::2]:
                yield int(field)
            if cursor == b"0":
                return


def pieces(page: Sequence[Proxy]) -> Iterator[Sequence[Proxy]]:
    """The page in parts that one script call takes without keeping others waiting."""
    return (page[start : start + PIECE] for start in range(0, len(page), PIECE))
