"""Who forwarded a connection: the lab's proof of origin, which also holds inside tunnels and TLS.

All proxies and targets of a lab live in one process, so a proxy writes down the local address of each outgoing socket,
and the target looks its peer's address up. Nothing is added to the traffic, so nothing can be forged or leaked.
Knows no socket and no clock of its own; `now` comes from the lab.
"""

from collections.abc import Callable
from dataclasses import dataclass

LINGER = 2.0
"""Seconds an unclaimed entry survives its socket: the target may accept after the proxy has closed."""
PRUNE_AT = 4096


@dataclass(slots=True)
class Passage:
    """One outgoing connection of a proxy: its name, its exit address (None: any), the client's session."""

    proxy: str
    exit: str | None = None
    session: str | None = None
    closed_at: float | None = None


Peer = tuple[str, int]


class Passages:
    """The open connections from proxies to targets, by (source address, source port)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: dict[Peer, Passage] = {}

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, source: Peer, passage: Passage) -> None:
        """Write down a connection that was just made from `source`."""
        self._open[source] = passage

    def closed(self, source: Peer, passage: Passage) -> None:
        """The connection is over; somebody else may get its port soon."""
        if self._open.get(source) is not passage:
            return
        passage.closed_at = self._now()
        if len(self._open) > PRUNE_AT:
            self._open = {peer: kept for peer, kept in self._open.items() if not self._stale(kept)}

    def find(self, source: Peer) -> Passage | None:
        """Who connects from `source`; None for a client without a lab proxy in between."""
        passage = self._open.get(source)
        return None if passage is None or self._stale(passage) else passage

    def claim(self, source: Peer) -> Passage | None:
        """As `find`, once: a target asks a single time for each connection, so a reused port cannot be confused."""
        passage = self.find(source)
        self._open.pop(source, None)
        return passage

    def _stale(self, passage: Passage) -> bool:
        return passage.closed_at is not None and self._now() - passage.closed_at > LINGER
