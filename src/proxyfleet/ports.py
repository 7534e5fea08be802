"""What the upper floors need from the world, as Protocols: one page, no code.

Whoever implements one of these lives elsewhere and is introduced by the composition root.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.proxy import Endpoint
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
        """What one attempt taught. A proxy that was removed meanwhile is no error; whatever it returns is not looked at."""
        ...

    def endpoint(self, proxy_id: int) -> Endpoint:
        """Where and how to reach it."""
        ...
