"""Reads a list that comes in pages and may change meanwhile: no proxy twice, none lost, and an end to what has none.

A proxy that moves to a page which was read already is missed by one reading and found by the next. So a list of several
pages is read again until a reading brings nothing new and is as long as the provider says.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from proxyfleet.core.purchase import Item
from proxyfleet.ports.buying import Away

MOST_ITEMS: Final = 250_000
MOST_PAGES: Final = 10_000
MOST_READINGS: Final = 5


class Page(NamedTuple):
    """What one call listed; `total` is how long the provider says that the whole list is."""

    items: Sequence[Item]
    total: int | None = None


async def settled(name: str, read: Callable[[], AsyncIterator[Page]]) -> AsyncIterator[Sequence[Item]]:
    """The items of all pages that `read` gives, each once. Raises `Away` when the list has no end or never comes to rest."""
    known = set[str]()
    for _ in range(MOST_READINGS):
        before, pages, whole, seen = len(known), 0, True, set[str]()
        async for page in read():
            pages += 1
            listed = {one.remote_id: one for one in page.items}
            fresh = [one for remote, one in listed.items() if remote not in known]
            known.update(listed)
            if len(known) > MOST_ITEMS or pages > MOST_PAGES:
                raise Away(f"provider {name}: it lists more than {MOST_ITEMS:,} proxies, or for ever; ask it why")
            if fresh:
                yield fresh
            if listed and seen.issuperset(listed):  # the same page again: this reading leads nowhere
                whole = False
                break
            seen.update(listed)
            whole = page.total is None or len(seen) >= page.total
        if whole and (pages < 2 or len(known) == before):
            return
    raise Away(f"provider {name}: its list changes while it is read; try again in a while")
