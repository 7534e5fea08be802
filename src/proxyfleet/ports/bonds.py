"""What traffic needs of sessions and leases: which proxy each of them means, and when it is over."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import Selector


class SessionAsk(NamedTuple):
    """A session that a user names. `ttl` is in seconds since its last use; the rest is how a proxy is picked for it."""

    user: str
    session: str
    selector: Selector
    ttl: float
    strategy: str | None = None
    target: str | None = None


class Bond(NamedTuple):
    """Which proxy a session or a lease means. `token` names the lease; `exit` is the upstream session of a rotating endpoint,
    empty for others.
    """

    proxy_id: int
    token: str
    exit: str


class Bonds(Protocol):
    """Sessions and leases as traffic uses them (SPEC G5, rules 2 and 12): looked up in memory, begun by the store."""

    def find(self, ask: SessionAsk) -> Bond | None:
        """The session as it runs, which this use prolongs; None when it has to be begun. Whether its proxy still fits is not
        asked.
        """
        ...

    async def begin(self, ask: SessionAsk, instead_of: Bond | None = None, only: int | None = None) -> Bond | Refusal:
        """Begin the session, once for all who ask at the same time, or move it away from a proxy that is dead.

        `only` is the one proxy that will do. A store that is away is a refusal.
        """
        ...

    def last(self, ask: SessionAsk) -> int | None:
        """The proxy that the session had when it was used last, if that was within its time."""
        ...

    def lease(self, token: str, user: str | None) -> Bond | None:
        """The running lease; `user` is who wants to use it, None for whoever has shown its password."""
        ...

    def opens(self, token: str, password: str) -> bool:
        """Whether that is the password of the lease, in constant time."""
        ...

    def watch(self, token: str, told: Callable[[], None]) -> None:
        """Call `told` once when the lease has ended, by whatever; at once when it does not run."""
        ...

    def unwatch(self, token: str, told: Callable[[], None]) -> None:
        """Never mind."""
        ...
