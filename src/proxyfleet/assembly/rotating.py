"""Rotation with what it needs: an HTTP client whose every connection is judged, the store, the politeness of the settings."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.selector import Selector
from proxyfleet.services.inventory import fill
from proxyfleet.services.read_models import Shown, matching
from proxyfleet.services.rotating import Book, Rotated, Rotating, Turn
from proxyfleet.settings.kinds import Address
from proxyfleet.settings.schema import Settings

if TYPE_CHECKING:
    import httpx

    from .opening import Opened

REFUSED: Final = "its address is not public; checks.rotate_private allows that"


class Rotation:
    """`rotate` for one store. `own` gives the places that this process listens on, which are never called."""

    def __init__(
        self, settings: Settings, book: Book, clock: Clock = wall_clock, own: Callable[[], Collection[Address]] = tuple
    ) -> None:
        self._settings, self._own = settings.checks, own
        self._rotating = Rotating(book, clock, least=self._settings.rotate_least)

    async def rotate(self, ids: Sequence[int]) -> list[Rotated]:
        """See `services.rotating`."""
        async with self._client() as client:
            return await self._rotating.rotate(ids, partial(_call, client, self._settings.rotate_timeout))

    async def order(self, ids: Sequence[int]) -> Shown:
        """The same, as an operator's order is answered."""
        told = await self.rotate(ids)
        return {"rotate": sum(one.turn is Turn.ROTATED for one in told), "results": [shown(one) for one in told]}

    @asynccontextmanager
    async def _client(self) -> "AsyncIterator[httpx.AsyncClient]":
        import httpx  # a tenth of a second that only who rotates pays

        from proxyfleet.net.checked import CheckedTransport
        from proxyfleet.net.policy import DestinationPolicy

        policy = DestinationPolicy(allow_private=self._settings.rotate_private, own=self._own())
        transport = CheckedTransport(policy, tls=await asyncio.to_thread(httpx.create_ssl_context))
        timeout = httpx.Timeout(self._settings.rotate_timeout)
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=timeout) as client:
            yield client


async def _call(client: "httpx.AsyncClient", patience: float, url: str) -> str | None:
    """Why it did not succeed. The errors' own texts may name the URL."""
    import httpx

    from proxyfleet.net.checked import AddressRefused
    from proxyfleet.net.fetching import following

    try:
        async with asyncio.timeout(patience), following(client, url) as answer:
            return None if answer.is_success else f"it was answered with status {answer.status_code}"
    except AddressRefused:
        return REFUSED
    except (TimeoutError, httpx.TimeoutException):
        return "it was not answered in time"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return "it could not be called"


def shown(one: Rotated) -> Shown:
    """One answer."""
    return {"id": one.proxy_id, "address": one.address, "result": one.turn.value, "why": one.why}


async def rotate_stored(settings: Settings, opened: "Opened", selector: Selector) -> list[Rotated]:
    """Rotate what a selector names in the store; running nodes hear of it through the store."""
    fleet = FleetState(settings.rules, rng=Random(0))
    await fill(fleet, opened.store, wall_clock())
    return await Rotation(settings, opened.store).rotate(list(matching(fleet, selector, wall_clock())))
