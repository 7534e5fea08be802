"""Work that comes round by itself: telling what expires, forgetting old events, taking out what is of no use (SPEC C11).

Each function is the work of one job and answers with a line for people. When it runs, and on which node, is `jobs`' business.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from proxyfleet.core.events import Event, Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.ports import Journal, SourceBook

Note = Callable[[Event], None]
DAY: Final = 86_400.0
PIECE: Final = 1_000
SLICE: Final = 1_000
"""Cheap looks at proxies between two turns of the loop."""
FEW: Final = 25
"""Dear ones."""
MOST_TOLD: Final = 50
"""Proxies that are told one by one; of more of them, one event says how many."""
RECOVERED: Final = 1.5
"""Times the low mark: a fleet that hovers around the mark is not told of all the time."""
EVERYBODY: Final = 10_000_000


async def tell_expiry(fleet: FleetState, note: Note, now: float, before: float | None, ahead: float) -> str:
    """Tell what has expired since `before`, and what will within `ahead` seconds and was not told then: each once."""
    expired, soon = [], []
    told = now if before is None else before
    told_ahead = now if before is None else max(now, before + ahead)
    for nth, proxy_id in enumerate(list(fleet), 1):
        if nth % SLICE == 0:
            await asyncio.sleep(0)
        until = fleet.terms(proxy_id)[1] if proxy_id in fleet else 0.0
        if told < until <= now:
            expired.append((until, proxy_id))
        elif told_ahead < until <= now + ahead:
            soon.append((until, proxy_id))
    days = f"{ahead / DAY:g} days"
    _tell(note, Happened.PROXY_EXPIRED, now, expired, "its expiry date has come")
    _tell(note, Happened.PROXY_EXPIRING, now, soon, f"expires within {days}")
    return f"{len(expired)} expired, {len(soon)} more will within {days}"


def _tell(note: Note, what: Happened, now: float, proxies: Sequence[tuple[float, int]], reason: str) -> None:
    first = sorted(proxies)[:MOST_TOLD]
    for until, proxy_id in first:
        note(Event(what, now, proxy_id, reason=reason, until=until))
    if left := len(proxies) - len(first):
        note(Event(what, now, reason=f"and {left:,} more", count=left))


async def tell_capacity(fleet: FleetState, journal: Journal, note: Note, now: float, low: float) -> str:
    """Tell when the share of free slots falls under `low`, and when it is half as much again; once each, whichever node looks."""
    room = fleet.empty_room()
    for nth, proxy_id in enumerate(list(fleet), 1):
        if nth % SLICE == 0:
            await asyncio.sleep(0)
        fleet.count_usable(proxy_id, room)
    capacity, free = room.capacity, room.free
    told = f"{free:,} of {capacity:,} slots free"
    last = await journal.events(limit=1, kinds=(Happened.CAPACITY_LOW, Happened.CAPACITY_RECOVERED))
    was_low = bool(last) and last[0].event.what is Happened.CAPACITY_LOW
    if len(fleet) and free < low * capacity + (capacity == 0) and not was_low:
        note(Event(Happened.CAPACITY_LOW, now, reason=told, count=free))
    elif was_low and capacity and free >= round(min(low * RECOVERED, 1.0) * capacity, 6):
        note(Event(Happened.CAPACITY_RECOVERED, now, reason=told, count=free))
    return told


async def forget_events(journal: Journal, now: float, keep: float, most: int) -> str:
    """Drop events older than `keep` seconds, and the oldest beyond `most`."""
    count = await journal.forget_events(now - keep, most)
    return f"{count:,} events forgotten"


async def spare_the_useful(book: SourceBook, fleet: FleetState, now: float, after: float) -> int:
    """Stamp proxies of free sources that would be retired within a day though this node has seen them work; how many.

    Other nodes have not seen it, so each node does this for itself.
    """
    before = now - after + DAY
    stamps = await _worked(fleet, await book.idle(before, EVERYBODY), now, before)
    if stamps:
        await book.worked(stamps)
    return len(stamps)


async def retire(
    book: SourceBook,
    fleet: FleetState,
    held: Callable[[], Collection[int]],
    note: Note,
    now: float,
    after: float,
) -> str:
    """Take out proxies of free sources that for `after` seconds neither came nor worked and that nobody holds (rule 6)."""
    before = now - after
    idle = await book.idle(before, EVERYBODY)
    stamps = await _worked(fleet, idle, now, before)
    if stamps:
        await book.worked(stamps)
    spared = stamps.keys() | set(held())
    gone = 0
    for piece in _pieces([proxy_id for proxy_id in idle if proxy_id not in spared]):
        gone += await book.retire(piece, before)
    if gone:
        reason = f"of free sources, of no use for {after / DAY:g} days"
        note(Event(Happened.PROXIES_RETIRED, now, reason=reason, count=gone))
    return f"{gone:,} retired, {len(idle) - gone:,} spared"


def _pieces(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + PIECE] for start in range(0, len(ids), PIECE))


async def _worked(fleet: FleetState, ids: Sequence[int], now: float, since: float) -> dict[int, float]:
    """When those of the proxies worked last that this node has seen working since an instant."""
    stamps = {}
    for nth, proxy_id in enumerate(ids, 1):
        if nth % FEW == 0:
            await asyncio.sleep(0)
        seen = fleet.health(proxy_id, now).last_success if proxy_id in fleet else None
        if seen is not None and seen >= since:
            stamps[proxy_id] = seen
    return stamps
