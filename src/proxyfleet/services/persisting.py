"""Gets one address of a source from whoever has it: several tries with growing pauses, then its mirror.

Knows nothing of what is in the answer. Time and chance are what is passed in.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2s
from random import Random
from typing import NamedTuple

from proxyfleet.core.source import Feed
from proxyfleet.ports import Fetch, Fetched

Validators = Mapping[str, tuple[str | None, str | None]]
Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Patience:
    """What one source may cost: `most` proxies, `pages` of a feed, `longest` seconds in all.

    An address gets `tries`, with `pause` seconds before the second one, doubling, and up to half as much again by chance.
    A Retry-After above `longest_pause` is left for the next look.
    """

    most: int = 200_000
    pages: int = 100
    longest: float = 600.0
    tries: int = 3
    pause: float = 1.0
    longest_pause: float = 30.0


class Persistence(NamedTuple):
    """How an address is asked for."""

    fetch: Fetch
    patience: Patience
    sleep: Sleep
    rng: Random

    @asynccontextmanager
    async def get(self, feed: Feed, validators: Validators) -> AsyncIterator[Fetched]:
        """The first answer that is one, else the failure of the feed's own address."""
        failure: Fetched | None = None
        for url, tries in ((feed.url, self.patience.tries), (feed.mirror, 1)):
            for attempt in range(tries if url else 0):
                etag, modified = validators.get(digest(url or ""), (None, None))
                async with self.fetch(url or "", etag=etag, modified=modified) as fetched:
                    if fetched.outcome in ("ok", "unchanged") or (fetched.outcome == "absent" and feed.may_be_absent):
                        yield fetched
                        return
                pause = self._pause(fetched, attempt)
                if pause is None or attempt + 1 == tries:
                    break
                await self.sleep(pause)
            failure = failure or fetched
        yield failure or Fetched("failed", problem="has no address")

    def _pause(self, fetched: Fetched, attempt: int) -> float | None:
        """Seconds until it makes sense to try again; None when it does not now."""
        if not fetched.again:
            return None
        asked = fetched.retry_after
        if asked is not None and asked > self.patience.longest_pause:
            return None
        usual = self.patience.pause * 2.0**attempt * (1.0 + self.rng.random() / 2)
        return max(asked or 0.0, usual)


def digest(url: str) -> str:
    """What stands for an address among the validators of a ledger; the address itself may hold secrets."""
    return blake2s(url.encode("utf-8", "replace"), digest_size=8).hexdigest()
