"""What the upper floors need from the world, as Protocols: one page, no code.

Whoever implements one of these lives elsewhere and is introduced by the composition root.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.proxy import Endpoint, Proxy
from proxyfleet.core.selector import Selector


@dataclass(frozen=True, slots=True)
class GatewayUser:
    """Somebody who may use the gateway. `key_hash` is what `gateway.keys.hash_key` gave: never the key itself."""

    name: str
    key_hash: str


class UserLookup(Protocol):
    """Finds a gateway user by name, from memory: it is asked on the hot path and must not wait."""

    def __call__(self, name: str, /) -> GatewayUser | None:
        """The user, or None when there is nobody of that name."""
        ...


class FleetView(Protocol):
    """What traffic needs of a fleet: choose, count what is in flight, tell how it went. `now` is UTC epoch seconds.

    `begin` and `endpoint` raise `core.errors.UnknownProxy` for ids that are not in the fleet.
    """

    def pick(
        self,
        selector: Selector,
        now: float,
        *,
        strategy: str | None = None,
        key: str | None = None,
        target: str | None = None,
        exclude: Collection[int] = (),
    ) -> Pick | Refusal:
        """One proxy for one request or tunnel to `target` (a host name in lower case)."""
        ...

    def begin(self, proxy_id: int, target: str | None = None) -> None:
        """One more request or tunnel to `target` is in flight on that proxy."""
        ...

    def end(self, proxy_id: int, target: str | None = None) -> None:
        """One fewer; exactly once for each `begin`. A proxy that was removed meanwhile is no error."""
        ...

    def record(self, proxy_id: int, outcome: Outcome, now: float) -> object:
        """What one attempt taught. A proxy that was removed meanwhile is no error; whatever it returns is not looked
        at.
        """
        ...

    def endpoint(self, proxy_id: int) -> Endpoint:
        """Where and how to reach it."""
        ...


class Stored(NamedTuple):
    """What became of one proxy that was to be stored: `verdict` is added, updated or duplicate; `proxy` has its id."""

    verdict: str
    proxy: Proxy


class Inventory(Protocol):
    """Every proxy of a fleet, durably; what is answered has been committed. Identity is `Proxy.identity`, ids start at
    1.

    Every method may raise `stores.errors.StoreError`, one line with cause and remedy.
    """

    def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies in batches, by id."""
        ...

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """Store new proxies (their `id` is ignored) and update known identities, all or nothing; one answer each, in
        order.

        What a new record leaves unset (None, empty) keeps its stored value; `duplicate` means that nothing changed.
        A dry run answers the same and writes nothing.
        """
        ...

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace the records with these ids, whole, all or nothing. Raises `UnknownProxy`, or `DuplicateProxy` on
        identity.
        """
        ...

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out; how many of the ids there were."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go."""
        ...


class Journal(Protocol):
    """Users of the gateway and settings made at run time; later events, history, audit."""

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        ...

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        ...

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        ...

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name; what a value means is its owner's business."""
        ...

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        ...


class Store(Inventory, Journal, Protocol):
    """What a store URL opens: inventory and journal in one place."""
