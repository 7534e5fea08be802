"""Brings the inventory in step with what a provider lists: new proxies, new expiries and credentials; what is gone is told.

An account's list is the truth about what it owns. Nothing is deleted unless that is asked for, and never after a list that
could not be read whole.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from proxyfleet.core.events import Event, Happened
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.settling import expiries_of, identity_of
from proxyfleet.ports import Journal, Stored
from proxyfleet.services.accounts import Account, Listed, owned

Holdings = Callable[[str], Awaitable[list[Proxy]]]
"""The proxies that the fleet holds of a provider of that name."""
PIECE: Final = 1_000
FEW: Final = 1_000


class Stock(Protocol):
    """The part of the inventory that a list changes."""

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]: ...
    async def remove(self, ids: Sequence[int]) -> int: ...


class Synced(NamedTuple):
    """How many proxies came, changed, stayed; those that the list has no more, apart from what has expired; and removed."""

    added: int
    updated: int
    same: int
    vanished: list[Proxy]
    expired: int
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Syncing:
    """For one account. `holdings` tells what the fleet has of it."""

    account: Account
    stock: Stock
    journal: Journal
    holdings: Holdings
    note: Callable[[Event], None]

    async def take_in(self, there: Listed, *, dry_run: bool = False, remove: bool = False) -> Synced:
        """Store what the list says. Raises `StoreError`; what was stored before stays."""
        before = await self.holdings(self.account.name)
        listed = expiries_of(there.items)
        gone = [one for one in before if identity_of(one) not in listed]
        vanished = [one for one in gone if not one.expired(there.at)]
        held = {identity_of(one) for one in before}
        wanted = [one for one in there.items if not one.proxy.expired(there.at) or identity_of(one.proxy) in held]
        verdicts = await self._put(owned(self.account, wanted), dry_run)
        added, updated, same = map(verdicts.count, ("added", "updated", "duplicate"))
        told = Synced(added, updated, same, vanished, len(gone) - len(vanished))
        if dry_run:
            return told
        if remove and gone:
            told = told._replace(removed=await self.stock.remove([one.id for one in gone]))
        await self._tell(told, there.at)
        return told

    async def _put(self, proxies: Sequence[Proxy], dry_run: bool) -> list[str]:
        pieces = (proxies[start : start + PIECE] for start in range(0, len(proxies), PIECE))
        return [one.verdict for piece in pieces for one in await self.stock.put(piece, dry_run=dry_run)]

    async def _tell(self, told: Synced, now: float) -> None:
        name = self.account.name
        if told.added:
            self.note(Event(Happened.PROXIES_ADDED, now, reason="listed by it", subject=name, count=told.added))
        if told.removed:
            reason = "not on its list any more"
            self.note(Event(Happened.PROXIES_REMOVED, now, reason=reason, subject=name, count=told.removed))
        elif told.vanished and await self._said(name) != len(told.vanished):
            reason = f"not on its list any more: {', '.join(one.address for one in told.vanished[:5])}"
            count = len(told.vanished)
            self.note(Event(Happened.PROXIES_VANISHED, now, reason=reason, subject=name, count=count))

    async def _said(self, name: str) -> int:
        """How many were missing when it was told last: the same are not told of with every list."""
        events = await self.journal.events(limit=FEW, kinds=(Happened.PROXIES_VANISHED,))
        return next((one.event.count for one in reversed(events) if one.event.subject == name), 0)
