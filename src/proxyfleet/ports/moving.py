"""What a store offers to whoever moves a whole fleet to another one, as Protocols: no code.

Everything that the other ports cannot carry over as it is: ids, who was found by whom, how sources did, who holds what.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from proxyfleet.core.lease import Hold
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Purchase
from proxyfleet.core.source import SourceEntry


class Find(NamedTuple):
    """A proxy that free sources have named: which ones, whether one of them is trusted, when, and when it worked last."""

    proxy_id: int
    sources: tuple[str, ...]
    trusted: bool
    added: float
    worked: float | None


class Fence(NamedTuple):
    """The last fence of one slot."""

    pool: int
    slot: int
    fence: int
    proxy_id: int


class Mover(Protocol):
    """Out of one store and into another. Every method may raise `stores.errors.StoreError`."""

    async def last_id(self) -> int:
        """The greatest id that a proxy has ever had."""
        ...

    async def finds(self) -> list[Find]:
        """All of them, by proxy."""
        ...

    async def is_empty(self) -> bool:
        """Whether there is nothing in it: no proxy, user, source, event or purchase, and nothing held."""
        ...

    async def clear(self) -> None:
        """Throw everything away but the keys."""
        ...

    async def load(self, proxies: Sequence[Proxy], last_id: int) -> None:
        """Store records under the ids that they have; new ones get ids beyond `last_id`."""
        ...

    async def load_sources(self, entries: Sequence[SourceEntry]) -> None:
        """Definitions, switches and ledgers, as they are."""
        ...

    async def load_finds(self, finds: Sequence[Find]) -> None:
        """Of proxies and sources that are there already."""
        ...

    async def load_holds(self, holds: Sequence[Hold]) -> None:
        """Assignments, and pairs that cool down; of proxies that are there already."""
        ...

    async def fences(self) -> list[Fence]:
        """Of every slot that was ever leased, of proxies that are there."""
        ...

    async def load_fences(self, fences: Sequence[Fence]) -> None:
        """As ended leases: what is granted from then on has later ones, so that tokens of before are worth nothing."""
        ...

    async def load_purchases(self, bought: Sequence[Purchase]) -> None:
        """As they are, in that order."""
        ...
