"""What a provider's list says about a purchase: the only judge of one whose answer was lost. Pure; asks and writes nothing.

By the tag where the provider keeps it in a note, else by what the list has that it had not when the intent was written;
a prolongation by its expiries, a replacement by what is gone. What the list cannot decide stays for a person, as spent.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from proxyfleet.core.proxy import DAY, Proxy
from proxyfleet.core.purchase import Item, Purchase, PurchaseState
from proxyfleet.core.spending import OPEN

PATIENCE: Final = 600.0
"""Seconds from an intent until it counts as left behind: whoever wrote it may be waiting for the answer till then."""
VOID_AFTER: Final = 3_600.0
"""Seconds from an intent until a list without a trace of it proves that nothing came of it: orders may be provisioned late."""
TAG: Final = "pf-"
"""How each tag begins."""


class Told(NamedTuple):
    """The state that follows, the items that belong to the purchase, and why, for people."""

    state: PurchaseState
    items: tuple[Item, ...]
    because: str


def identity_of(proxy: Proxy) -> str:
    """The identity as text; what a purchase remembers of a proxy."""
    family, host, port, username = proxy.identity
    return f"{family}://{'' if username is None else f'{username}@'}{host}:{port}"


def expiries_of(items: Collection[Item]) -> dict[str, float | None]:
    """Identity to expiry, as listed now."""
    return {identity_of(one.proxy): one.proxy.expires_at for one in items}


def told_by(purchase: Purchase, listed: Sequence[Item], now: float, *, alone: bool = True) -> Told:
    """What the whole list, asked for at `now` or later, says. `alone`: no other order is being provisioned.

    The state stays as it is when the list does not decide.
    """
    judged = {"buy": _bought, "prolong": _prolonged, "replace": _replaced}[purchase.verb]
    return judged(purchase, listed, now, alone)


def _bought(purchase: Purchase, listed: Sequence[Item], now: float, alone: bool) -> Told:
    ours = tuple(one for one in listed if _is_named(purchase, one))
    if not ours and not any(TAG in one.note for one in listed):
        ours = tuple(_new(purchase, listed))
        if ours and purchase.state in OPEN and (not alone or len(ours) != purchase.wish.count):
            return _undecided(purchase, f"{len(ours)} new proxies are listed, but whether they are of it nothing tells")
    return _counted(purchase, ours, purchase.wish.count, now)


def _is_named(purchase: Purchase, item: Item) -> bool:
    return purchase.tag in item.note or (item.order != "" and item.order == purchase.order)


def _new(purchase: Purchase, listed: Sequence[Item]) -> list[Item]:
    """What the account did not have when the intent was written; of another order, where both are known, it is not."""
    before = purchase.expiries
    return [one for one in listed if identity_of(one.proxy) not in before and not (one.order and purchase.order)]


def _prolonged(purchase: Purchase, listed: Sequence[Item], now: float, _: bool) -> Told:
    before = purchase.expiries
    longer = tuple(one for one in listed if _is_longer(one.proxy, before, purchase.wish.days))
    return _counted(purchase, longer, len(before), now)


def _is_longer(proxy: Proxy, before: Mapping[str, float | None], days: int) -> bool:
    """Half of what was ordered is enough: providers round to days of their own."""
    was, until = before.get(identity_of(proxy)), proxy.expires_at
    return was is not None and until is not None and until >= was + days * DAY / 2


def _replaced(purchase: Purchase, listed: Sequence[Item], now: float, _: bool) -> Told:
    there = expiries_of(listed).keys()
    gone = sum(identity not in there for identity in purchase.expiries)
    return _counted(purchase, (), len(purchase.expiries), now, found=gone)


def _counted(purchase: Purchase, ours: tuple[Item, ...], wanted: int, now: float, *, found: int | None = None) -> Told:
    count = len(ours) if found is None else found
    if count >= wanted:
        return Told(PurchaseState.DONE, ours, f"the list shows all {wanted}")
    if count and (purchase.state is PurchaseState.PLACED or purchase.verb == "buy"):
        return Told(PurchaseState.PLACED, ours, f"the list shows {count} of {wanted} so far")
    if count or purchase.state is PurchaseState.PLACED:
        return _undecided(purchase, f"the list shows {count} of {wanted}")._replace(items=ours)
    if now - purchase.at < VOID_AFTER:
        return _undecided(purchase, "the list shows nothing of it yet")
    return Told(PurchaseState.VOID, (), "the list shows that nothing came of it")


def _undecided(purchase: Purchase, because: str) -> Told:
    state = PurchaseState.UNCLEAR if purchase.state is PurchaseState.INTENDED else purchase.state
    return Told(state, (), because)
