"""Picks one proxy for one question (SPEC D1 to D3, rule 8; DESIGN section 4). Reads state, asks strategies, changes nothing itself.

The fast path is one view, one structure, one draw. What changes from call to call (target, resource, excluded ids,
facts) is a test on the candidate; after a bounded number of tries comes one honest scan, which is counted.
"""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from proxyfleet.core.clause import Clause, Op
from proxyfleet.core.columns import ABSENT, FULL, HELD, PROBING, READY, RESTING, SCORE_PROBE, WORKED, Columns
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.report import hot_fact
from proxyfleet.core.selector import Selector
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import TRIES, Draw, Strategy
from proxyfleet.core.strategies.registry import strategy_named
from proxyfleet.core.view import View

Accept = Callable[[int], bool]
SAMPLES, ENOUGH = 96, 16
"""Draws from a posting when there is no view yet, and how many eligible ones are enough to choose among."""
MOST_NARROWER = 1024


class Pick(NamedTuple):
    """The chosen proxy. `degraded`: it should rest, but the guard or the shortage allows it. `probe`: its one permitted try."""

    proxy_id: int
    degraded: bool = False
    probe: bool = False


class Refusal(NamedTuple):
    """Nobody fits. `code` is stable, `reason` one readable line, `retry_after` seconds until it may be different."""

    code: str
    reason: str
    retry_after: float


class Wish(NamedTuple):
    """One question, put together: `claim` asks for a free slot, others only prefer one."""

    selector: Selector
    strategy: str
    now: float
    key: str | None
    claim: bool
    exclude: Collection[int]
    accept: Accept | None
    target: str | None = None


class Picking:
    """`find` gives a slot, or -1; `lifted` tells that the last one was found by lifting soft states."""

    def __init__(self, columns: Columns, doctor: Doctor, draw: Draw) -> None:
        self.columns = columns
        self.doctor = doctor
        self.index = doctor.index
        self.draw = draw
        self.scans = 0
        self.holds: dict[str, set[int]] = {}
        """Slots that somebody holds for a resource."""
        self._definitions: dict[str, Strategy] = {}
        self._narrower: dict[tuple[str, object], Selector] = {}
        self.lifted = False

    def accept(
        self, selector: Selector, target: str | None, exclude: Collection[int], now: float, *, memory: bool = True
    ) -> Accept | None:
        """What this call tests on each candidate; None when there is nothing to test, which is the fast case.

        Without `memory` what is remembered about proxy and target does not count, but an operator's block does.
        """
        tests: list[Accept] = []
        columns = self.columns
        if exclude or selector.exclude:
            out = selector.exclude.union(exclude)
            tests.append(lambda slot: columns.ids[slot] not in out)
        target = target or selector.target
        if target is not None:
            tests += self._target_tests(target, now, memory)
        if selector.resource is not None and (held := self.holds.get(selector.resource)):
            tests.append(lambda slot: slot not in held)
        if selector.facts:
            tests.append(lambda slot: self.fits_facts(selector, slot, now))
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda slot: all(test(slot) for test in tests)

    def _target_tests(self, target: str, now: float, memory: bool) -> list[Accept]:
        tests: list[Accept] = []
        pairs, slots = self.doctor.pairs.of(target), self.doctor.slots
        if pairs is not None and memory:
            tests.append(lambda slot: slot not in pairs or pairs[slot].until <= now)
        elif pairs is not None:
            tests.append(lambda slot: slot not in pairs or pairs[slot].blocked <= now)
        if self.doctor.records.polite:
            tests.append(lambda slot: slots.polite(slot, target))
        return tests

    def fits_facts(self, selector: Selector, slot: int, now: float) -> bool:
        """Whether the facts of one proxy satisfy the selector's fact clauses."""
        cold = self.doctor.records.fact(slot)
        for clause in selector.facts:
            found = cold(clause.field)
            if found is None:
                found = hot_fact(self.doctor, slot, clause.field, now)
            if not clause.accepts(found):
                return False
        return True

    def find(self, wish: Wish) -> int:
        """The slot that the strategy chooses among those that fit; -1 when nobody does."""
        if wish.selector.spread is not None and (slot := self._spread(wish)) >= 0:
            return slot
        self.lifted = False
        view = self.index.view(wish.selector)
        slot = self._sample(wish) if view is None else self._in_view(wish, view)
        if slot < 0 and not wish.claim:
            slot = self._full(wish, view)
        return slot if slot >= 0 else self._lift(wish)

    def _in_view(self, wish: Wish, view: View) -> int:
        structure = view.finished.get(wish.strategy)
        if structure is None:
            structure = self._structure(view, wish.strategy)
            if structure is None:
                return self._among(wish, self._some(view.ready))
        for _ in range(TRIES):
            slot = structure.first(self.draw, wish.key)
            if slot < 0:
                return -1
            if self.columns.due[slot] <= wish.now:
                self.doctor.settle(slot, wish.now)
            elif wish.accept is None or wish.accept(slot):
                structure.chosen(slot)
                return slot
            else:
                break
        return self._search(wish, view, structure)

    def _structure(self, view: View, name: str) -> Strategy | None:
        if name not in view.structures:
            self.index.want_structure(view, name)
        return view.finished.get(name)

    def _search(self, wish: Wish, view: View, structure: Strategy) -> int:
        """Further candidates in order of preference, then one honest scan."""
        for slot in list(structure.following(self.draw, wish.key)):
            if self._stands(slot, view, wish.now) and (wish.accept is None or wish.accept(slot)):
                structure.chosen(slot)
                return slot
        self.scans += 1
        fit = [slot for slot in view.ready.members if wish.accept is None or wish.accept(slot)]
        while fit:
            slot = structure.among(fit, self.draw, wish.key)
            if self._stands(slot, view, wish.now):
                structure.chosen(slot)
                return slot
            fit.remove(slot)
        return -1

    def _stands(self, slot: int, view: View, now: float) -> bool:
        """Settle what is due, then see whether the slot is still ready in the view."""
        if self.columns.due[slot] <= now:
            self.doctor.settle(slot, now)
        return view.ready.places[slot] >= 0

    def definition(self, name: str) -> Strategy:
        """A strategy without a view, for its `among`."""
        found = self._definitions.get(name)
        if found is None:
            found = self._definitions[name] = strategy_named(name)(self.columns, SlotSet(), 0)
        return found

    def _among(self, wish: Wish, slots: Iterable[int], standing: int = READY) -> int:
        fit = [slot for slot in dict.fromkeys(slots) if self._fits(wish, slot, standing)]
        if not fit:
            return -1
        strategy = self.definition(wish.strategy)
        slot = strategy.among(fit, self.draw, wish.key)
        strategy.chosen(slot)
        return slot

    def _fits(self, wish: Wish, slot: int, standing: int) -> bool:
        columns = self.columns
        if columns.due[slot] <= wish.now:
            self.doctor.settle(slot, wish.now)
        if columns.standing[slot] != standing or not self._well_enough(wish.selector, slot):
            return False
        if not wish.selector.matches(self.index.profiles.at(columns.profile[slot])):
            return False
        return wish.accept is None or wish.accept(slot)

    def serves(self, selector: Selector, slot: int, now: float) -> bool:
        """Whether a proxy that somebody stays with may be used again: no hard state, no rest for failures, and it still fits.

        Load, politeness and scores move nobody who is there already.
        """
        columns = self.columns
        if columns.due[slot] <= now:
            self.doctor.settle(slot, now)
        if columns.standing[slot] == ABSENT or columns.flags[slot] & (RESTING | PROBING):
            return False
        if columns.ids[slot] in selector.exclude or (selector.facts and not self.fits_facts(selector, slot, now)):
            return False
        return selector.matches(self.index.profiles.at(columns.profile[slot]))

    def floor(self, selector: Selector) -> float:
        """The health below which the selector holds proxies back."""
        return self.index.min_score if selector.min_score is None else selector.min_score

    def _well_enough(self, selector: Selector, slot: int) -> bool:
        columns = self.columns
        return columns.health[slot] >= self.floor(selector) or bool(columns.flags[slot] & SCORE_PROBE)

    def _some(self, slots: SlotSet) -> Iterable[int]:
        """All of a small set; of a larger one a sample that is large enough to find and choose."""
        members = slots.members
        if len(members) <= SAMPLES:
            return members[:]
        return [members[int(self.draw() * len(members))] for _ in range(SAMPLES)]

    def _sample(self, wish: Wish) -> int:
        """A question that has no view yet: the smallest posting, by rejection or whole."""
        posting = self.index.postings.smallest(wish.selector)
        fit: list[int] = []
        for slot in self._some(posting):
            if self._fits(wish, slot, READY):
                fit.append(slot)
                if len(fit) >= ENOUGH:
                    break
        if fit:
            return self._among(wish, fit)
        view = self.index.view(wish.selector)
        return -1 if view is None else self._in_view(wish, view)

    def _full(self, wish: Wish, view: View | None) -> int:
        """Nobody has a free slot: requests that need none may share the proxies that are full."""
        if view is None or not view.full.members:
            return -1
        return self._among(wish, filter(self.doctor.slots.connects, self._some(view.full)), FULL)

    def _spread(self, wish: Wish) -> int:
        """Go through the countries in random order, or the price tiers from the cheapest on; the first that has one wins."""
        field = "country" if wish.selector.spread == "country" else "tier"
        values: list[object] = [*self.index.postings.values(field), None]
        if field == "country":
            order = sorted(values, key=lambda _: self.draw())
        else:
            order = sorted(values, key=lambda tier: tier_price(str(tier or "")))
        for value in order:
            slot = self.find(wish._replace(selector=self._narrowed(wish.selector, field, value)))
            if slot >= 0 and not self.lifted:
                return slot
        return -1

    def _narrowed(self, selector: Selector, field: str, value: object) -> Selector:
        """The selector with one more clause, remembered because it will be asked again."""
        known = self._narrower.get((selector.text, value))
        if known is None:
            if len(self._narrower) >= MOST_NARROWER:
                self._narrower.clear()
            clause = Clause(field, Op.EQ, (None if value is None else str(value),))
            known = self._narrower[(selector.text, value)] = selector.also(clause)
        return known

    def _lift(self, wish: Wish) -> int:
        """The guard is full: the least bad of those that once worked and are only held back softly, rather than none."""
        if not self.doctor.guard.full:
            return -1
        self.lifted = True
        hard = self.accept(wish.selector, wish.target, wish.exclude, wish.now, memory=False)
        posting = self.index.postings.smallest(wish.selector)
        held = [slot for slot in dict.fromkeys(self._some(posting)) if self._held_softly(wish, slot, hard)]
        if not held and len(posting) > SAMPLES:
            self.scans += 1
            held = [slot for slot in posting.members[:] if self._held_softly(wish, slot, hard)]
        return max(held, key=self.columns.health.__getitem__) if held else -1

    def _held_softly(self, wish: Wish, slot: int, hard: Accept | None) -> bool:
        columns, now = self.columns, wish.now
        if columns.due[slot] <= now:
            self.doctor.settle(slot, now)
        standing = columns.standing[slot]
        if standing == ABSENT or not columns.flags[slot] & WORKED or self.doctor.slots.waits.get(slot, now) > now:
            return False
        slots = self.doctor.slots
        if not slots.connects(slot) or (not slots.has_room(slot) and (wish.claim or standing == HELD)):
            return False
        if not wish.selector.matches(self.index.profiles.at(columns.profile[slot])):
            return False
        return hard is None or hard(slot)

    def release_slot(self, slot: int) -> None:
        """The slot's proxy is gone: nobody holds it for anything, no strategy remembers it."""
        for resource in [resource for resource, held in self.holds.items() if slot in held]:
            self.holds[resource].discard(slot)
            if not self.holds[resource]:
                del self.holds[resource]
        for definition in self._definitions.values():
            definition.withdraw(slot)


def tier_price(tier: str) -> tuple[float, float]:
    """The order of tiers: what costs by the month before what costs by the gigabyte, then by price; unknown prices last."""
    per_gb, _, per_month = tier.partition("/")
    return (float(per_gb or "inf"), float(per_month or "inf"))
