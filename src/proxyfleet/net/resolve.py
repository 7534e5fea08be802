"""Names of upstream proxies and of what we fetch from to addresses, off the loop, with a short memory.

What is resolved here is what gets dialled (SPEC rule 17): nobody resolves a second time. Targets of traffic are not resolved here;
their names travel.
"""

import asyncio
import socket

from proxyfleet.clock import Clock

TTL = 60.0
MOST_NAMES = 4096


class Unresolved(OSError):
    """The name has no address, or the resolver failed."""


class Resolver:
    """Remembers each answer for `TTL` seconds and at most `MOST_NAMES` names; failures are not remembered."""

    def __init__(self, timer: Clock) -> None:
        self._timer = timer
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """At least one address, in the order of preference of the system. Raises `Unresolved`."""
        now = self._timer()
        until, found = self._known.get(host, (0.0, ()))
        if until > now:
            return found
        try:
            found = await self._ask(host)
        except (OSError, UnicodeError) as error:
            raise Unresolved(f"no address for the host {host!r}; check the name or the resolver") from error
        if len(self._known) >= MOST_NAMES:
            self._known.clear()
        self._known[host] = (now + TTL, found)
        return found

    async def _ask(self, host: str) -> tuple[str, ...]:
        answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))
        if not found:
            raise OSError("empty answer")
        return found
