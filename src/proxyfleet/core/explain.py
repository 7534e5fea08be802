"""Why this one, and why not the others (SPEC D4): one reason per proxy, in the order of tests of rule 8, and who would be
taken all the same before a request is refused. Changes nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from proxyfleet.core.columns import (
    DISABLED,
    FULL,
    GATED,
    PENDING,
    PROBING,
    REFUSED,
    RESTING,
    SCORE_PROBE,
    SUPPRESSED,
    WORKED,
)
from proxyfleet.core.health.ledger import CATEGORIES
from proxyfleet.core.picking import Picking, Wish


class Explained(NamedTuple):
    """`code` is stable: `eligible` or the first test that failed; `reason` is one readable line; `until` when it ends, if known.

    `last_resort` says that a request (not a lease) is given this proxy when nobody is eligible: it is full and nothing
    else is wrong, or the guard lifts what holds it back.
    """

    proxy_id: int
    eligible: bool
    code: str
    reason: str
    until: float | None = None
    last_resort: bool = False


Answer = tuple[str, str, float | None]


def explain(picking: Picking, wish: Wish, target: str | None) -> Iterator[Explained]:
    """Every proxy of the fleet, once; O(n)."""
    for slot in picking.index.postings.everyone.members[:]:
        if not picking.columns.flags[slot]:
            continue
        if picking.columns.due[slot] <= wish.now:
            picking.doctor.settle(slot, wish.now)
        proxy_id = picking.columns.ids[slot]
        found = _misfit(picking, wish, slot) or _hard(picking, wish, slot) or _soft(picking, wish, slot, target)
        if found is None:
            yield Explained(proxy_id, True, "eligible", _eligible(picking, slot))
        else:
            yield Explained(proxy_id, False, *found, _last_resort(picking, wish, slot, target, found[0]))


def _misfit(picking: Picking, wish: Wish, slot: int) -> Answer | None:
    profile = picking.index.profiles.at(picking.columns.profile[slot])
    clause = wish.selector.misfit(profile)
    if clause is not None:
        return "not_wanted", f"does not satisfy {clause}", None
    for fact in wish.selector.facts:
        if not picking.fits_facts(type(wish.selector)((fact,)), slot, wish.now):
            return "not_wanted", f"does not satisfy {fact}", None
    if picking.columns.ids[slot] in wish.selector.exclude or picking.columns.ids[slot] in wish.exclude:
        return "excluded", "is excluded by this request", None
    return None


def _hard(picking: Picking, wish: Wish, slot: int) -> Answer | None:
    columns, flags = picking.columns, picking.columns.flags[slot]
    if flags & DISABLED:
        return "disabled", "was switched off", None
    if flags & REFUSED:
        until = picking.doctor.credentials.recheck.get(slot)
        return "wrong_credentials", "its own credentials were refused; set new ones or reset it", until
    if flags & GATED and flags & PENDING:
        return "not_checked", "waits for its first check", None
    if flags & GATED:
        return "check_failed", "a check has found it dead", None
    if columns.expires[slot] <= wish.now:
        return "expired", "its expiry date has passed", None
    return None


def _soft(picking: Picking, wish: Wish, slot: int, target: str | None) -> Answer | None:
    columns, doctor, selector = picking.columns, picking.doctor, wish.selector
    if selector.resource is not None and slot in picking.holds.get(selector.resource, ()):
        return "resource_taken", f"is held by somebody for {selector.resource}", None
    if not doctor.slots.has_room(slot):
        leases, capacity = doctor.slots.carried(slot), columns.capacity[slot]
        behind = ", with all behind its exit," if doctor.slots.shares(slot) else ""
        connections = "" if doctor.slots.connects(slot) else f" and {columns.active[slot]} connections, its cap"
        return "capacity", f"carries{behind} {leases} of {capacity} leases{connections}", None
    return _but_for_room(picking, wish, slot, target)


def _but_for_room(picking: Picking, wish: Wish, slot: int, target: str | None) -> Answer | None:
    doctor = picking.doctor
    if (until := doctor.slots.waits.get(slot, 0.0)) > wish.now:
        return "min_interval", "was used a moment ago and asks for an interval", until
    target = target or wish.selector.target
    if target is not None and doctor.pairs.blocked(target, slot, wish.now):
        pair = (doctor.pairs.of(target) or {})[slot]
        return "target_memory", f"{pair.reason} for {target}", pair.until
    if target is not None and not doctor.slots.polite(slot, target):
        return "target_capacity", f"carries as much for {target} as it may", None
    return _circuit(picking, slot) or _score(picking, wish, slot)


def _circuit(picking: Picking, slot: int) -> Answer | None:
    columns, flags = picking.columns, picking.columns.flags[slot]
    if flags & RESTING:
        code = columns.last_error[slot]
        last = CATEGORIES[code - 1].value if code else "unknown"
        return "resting", f"{columns.streak[slot]} consecutive failures, last: {last}", columns.rest_until[slot]
    if flags & PROBING and not flags & SUPPRESSED:
        return "probing", "its one permitted probe is out", columns.rest_until[slot]
    return None


def _score(picking: Picking, wish: Wish, slot: int) -> Answer | None:
    health, floor = picking.columns.health[slot], picking.floor(wish.selector)
    if health < floor and not picking.columns.flags[slot] & SCORE_PROBE:
        return "low_score", f"health {health:.2f} is below {floor:.2f}", picking.doctor.probe_time(slot)
    return None


LIFTED = frozenset({"target_memory", "resting", "probing", "low_score"})
"""What the guard may lift: rule 8's last three tests."""


def _last_resort(picking: Picking, wish: Wish, slot: int, target: str | None, code: str) -> bool:
    doctor, flags = picking.doctor, picking.columns.flags[slot]
    full = code == "capacity" and doctor.slots.connects(slot)
    if full and _but_for_room(picking, wish, slot, target) is None:
        return True
    soft = code in LIFTED or (full and picking.columns.standing[slot] == FULL)
    if not (soft and doctor.guard.full and flags & WORKED):
        return False
    target = target or wish.selector.target
    pair = None if target is None else (doctor.pairs.of(target) or {}).get(slot)
    return (pair is None or pair.blocked <= wish.now) and doctor.slots.polite(slot, target)


def _eligible(picking: Picking, slot: int) -> str:
    columns, flags = picking.columns, picking.columns.flags[slot]
    words = f"reputation {columns.reputation[slot]}, health {columns.health[slot]:.2f}"
    if flags & SUPPRESSED:
        return f"{words}; should rest, but the guard keeps it in rotation"
    return f"{words}; not proven yet" if flags & PENDING else words
