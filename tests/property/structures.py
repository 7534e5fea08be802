"""Looks inside a fleet: every view and every strategy's structure must say the same as the columns, counted the slow way."""

from tests.property.model import Model

from proxyfleet.core.columns import FULL, INFINITY, READY, SCORE_PROBE
from proxyfleet.core.duetimes import SLOT_BITS, SLOT_MASK, TICKS
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.order import NO_KEY, Order
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.loads import LeastLoaded
from proxyfleet.core.strategies.ranked import Ranked
from proxyfleet.core.strategies.sticky import WITHIN_BITS, Sticky
from proxyfleet.core.strategies.turns import LeastRecentlyUsed, RoundRobin
from proxyfleet.core.strategies.weighted import Weighted
from proxyfleet.core.view import View


def check_structures(fleet: FleetState, now: float) -> None:
    """Raises AssertionError for the first thing that does not fit."""
    index, slots = fleet._index, set(fleet._by_id.values())
    _check_set(index.postings.everyone, slots, "everyone")
    for slot in slots:
        assert fleet._columns.due[slot] > now, f"slot {slot} is due and was not settled"
    check_due(fleet)
    for view in index.views.values():
        if view.complete:
            _check_view(fleet, view, slots)


def check_due(fleet: FleetState) -> None:
    """Every due time stands in the heap, and nothing is due before `soonest`."""
    due, entries = fleet._due, set(fleet._due._heap)
    assert all(due._heap[(n - 1) >> 1] <= due._heap[n] for n in range(1, len(due._heap))), "the due times are no heap"
    for slot in fleet._by_id.values():
        when = fleet._columns.due[slot]
        if when != INFINITY:
            assert int(when * TICKS) << SLOT_BITS | slot in entries, f"slot {slot} is due at {when}, nothing will tell"
            assert due.soonest <= when, f"soonest is {due.soonest}, but slot {slot} is due at {when}"


def check_memory(fleet: FleetState, model: Model) -> None:
    """What is remembered of pairs, targets and credentials, as the model remembers it."""
    doctor, ids = fleet._doctor, fleet._columns.ids
    pairs = {
        (target, ids[slot]): (pair.failures, pair.until, pair.reason if pair.until else "")
        for target, held in doctor.pairs.by_target.items()
        for slot, pair in held.items()
    }
    expected = {key: (pair.failures, pair.until, pair.reason) for key, pair in model.pairs.items()}
    for key in {*pairs, *expected}:
        found, right = pairs.get(key), expected.get(key)
        assert found is not None, f"pair {key} is forgotten, must be {right}"
        assert right is not None, f"pair {key} is remembered as {found}, must be forgotten"
        assert found[:2] == right[:2], f"pair {key} is {found}, must be {right}"
    for target, attempts in model.attempts.items():
        window = doctor.targets._windows[target]
        recent = [failed for at, failed in attempts if at >= model.now - model.rules.blame_window]
        kept = [slot for at, slot in window.attempts if at >= model.now - model.rules.blame_window]
        failed = sorted(ids[slot] for slot in kept if slot >= 0)
        assert failed == sorted(n for n in recent if n is not None), f"failures on {target} are by {failed}"
        assert len(kept) == len(recent), f"{len(kept)} attempts on {target} are counted, must be {len(recent)}"
    for number, slot in fleet._by_id.items():
        known, marks = model.proxies[number], doctor.credentials
        assert marks.first.get(slot) == known.first_refusal, f"{number}: first refused at {marks.first.get(slot)}"
        assert marks.recheck.get(slot, INFINITY) == known.recheck, (
            f"{number}: checked again at {marks.recheck.get(slot)}"
        )


def _check_set(found: SlotSet, expected: set[int], what: str) -> None:
    assert sorted(found.members) == sorted(expected), f"{what}: {sorted(found.members)}, must be {sorted(expected)}"
    for place, slot in enumerate(found.members):
        assert found.places[slot] == place, f"{what}: slot {slot} is not at {place}"


def _check_view(fleet: FleetState, view: View, slots: set[int]) -> None:
    columns, profiles = fleet._columns, fleet._index.profiles
    fit = {slot for slot in slots if view.selector.matches(profiles.at(columns.profile[slot]))}
    well = {s for s in fit if columns.health[s] >= view.floor or columns.flags[s] & SCORE_PROBE}
    ready = {slot for slot in well if columns.standing[slot] == READY}
    _check_set(view.ready, ready, f"ready for {view.selector.text!r}")
    _check_set(view.full, {slot for slot in well if columns.standing[slot] == FULL}, f"full for {view.selector.text!r}")
    for structure in view.finished.values():
        if isinstance(structure, Weighted):
            _check_weighted(fleet, structure, ready)
        elif isinstance(structure, Ranked):
            _check_ranked(structure, ready)
        elif isinstance(structure, (LeastLoaded, LeastRecentlyUsed)):
            _check_ordered(structure, ready, fit)
        elif isinstance(structure, Sticky):
            _check_ring(structure, fit)


def _check_weighted(fleet: FleetState, found: Weighted, ready: set[int]) -> None:
    weights = {slot: fleet._columns.weight[slot] for slot in ready}
    assert found.total == sum(weights.values()), f"the sum of weights is {found.total}, must be {sum(weights.values())}"
    for group, members in enumerate(found.groups.members):
        expected = {slot for slot in ready if weights[slot].bit_length() == group}
        assert set(members) == expected, f"weights of group {group}: {sorted(members)}, must be {sorted(expected)}"
        assert found.sums[group] == sum(weights[slot] for slot in expected), f"the sum of group {group} is wrong"
    for slot in ready:
        assert found.held[slot] == weights[slot], f"slot {slot} is held with weight {found.held[slot]}"


def _check_ranked(found: Ranked, ready: set[int]) -> None:
    expected: dict[int, set[int]] = {}
    for slot in ready:
        expected.setdefault(found.rank(slot), set()).add(slot)
    held = {level: set(members) for level, members in enumerate(found.buckets.members) if members}
    assert held == expected, f"{found.name}: the buckets hold {held}, must hold {expected}"
    assert found.buckets.mask == sum(1 << level for level in expected), f"{found.name}: the mask is wrong"


def _check_ordered(found: LeastLoaded | LeastRecentlyUsed, ready: set[int], fit: set[int]) -> None:
    key = found.weigh if isinstance(found, LeastLoaded) else found.turn
    _check_order(found.order, {slot: key(slot) for slot in ready}, found.name)
    if isinstance(found, RoundRobin):
        assert all(turn <= found.given for turn in found.turns.values()), "a turn that was never given"
        assert fit.issuperset(found.turns), f"turns of strangers: {set(found.turns) - fit}"


def _check_order(order: Order, keys: dict[int, int], what: str) -> None:
    living = {entry for entry in (*order._heap, *order._tail) if order._keys[entry & SLOT_MASK] == entry >> SLOT_BITS}
    assert living == {key << SLOT_BITS | slot for slot, key in keys.items()}, f"{what}: the order holds something else"
    assert order.count == len(keys), f"{what}: counts {order.count}, holds {len(keys)}"
    assert list(order._tail) == sorted(order._tail), f"{what}: the tail is not in order"
    first = min(((key, slot) for slot, key in keys.items()), default=(NO_KEY, -1))[1]
    assert order.first() == first, f"{what}: the first is {order.first()}, must be {first}"


def _check_ring(found: Sticky, fit: set[int]) -> None:
    expected = sorted((point, slot) for slot in fit for point in set(found.points(slot)))
    standing = [
        (arc << WITHIN_BITS | entry >> SLOT_BITS, entry & SLOT_MASK)
        for arc, entries in enumerate(found.arcs)
        for entry in entries
    ]
    assert standing == expected, "the ring holds something else than the members"
    used = sum(1 << arc for arc, entries in enumerate(found.arcs) if entries)
    assert found.used == used, "the mask of the arcs is wrong"
