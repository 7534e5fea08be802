"""Events of commands: that proxies came or went by hand, kept in the store that they came to or went from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxyfleet.core.events import Happened
    from proxyfleet.ports import Store

LONGEST = 200


async def keep(store: "Store", what: "Happened", count: int, subject: str) -> None:
    """One event for the whole command; none when nothing came of it."""
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.recording import record_count

    await record_count(store, what, wall_clock(), count, subject[:LONGEST])


async def keep_added(store: "Store", count: int, subject: str) -> None:
    """So many proxies are new."""
    from proxyfleet.core.events import Happened

    await keep(store, Happened.PROXIES_ADDED, count, subject)
