"""Subtly wrong versions of single methods of the core: a comparison that does not notice each of them is worth nothing."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from proxyfleet.core import fleet as fleet_module
from proxyfleet.core import index as index_module
from proxyfleet.core.columns import CLOSED, INFINITY, PROBING
from proxyfleet.core.duetimes import SLOT_MASK, DueTimes
from proxyfleet.core.health import doctor as doctor_module
from proxyfleet.core.health.blame import Targets
from proxyfleet.core.health.circuit import Circuit
from proxyfleet.core.health.credentials import Credentials
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.health.guard import Guard
from proxyfleet.core.health.ledger import Ledger
from proxyfleet.core.health.pairs import Pairs
from proxyfleet.core.order import Order
from proxyfleet.core.picking import Picking
from proxyfleet.core.rules import Rules
from proxyfleet.core.slots import Slots
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.loads import LeastLoaded, TwoChoices
from proxyfleet.core.strategies.ranked import FastestResponse, Ranked
from proxyfleet.core.strategies.sticky import Sticky
from proxyfleet.core.strategies.turns import LeastRecentlyUsed, RoundRobin
from proxyfleet.core.strategies.uniform import Uniform
from proxyfleet.core.strategies.weighted import Weighted
from proxyfleet.core.view import View


class Fault(NamedTuple):
    """`make(original)` is the wrong version of `owner.name`."""

    owner: Any
    name: str
    make: Callable[[Any], Any]
    what: str


def nothing(_: Any) -> Callable[..., None]:
    return lambda *args: None


def always(value: object) -> Callable[[Any], Any]:
    return lambda original: lambda *args, **named: value


def sum_forgotten(_: Any) -> Any:
    def moved(self: Weighted, slot: int) -> None:
        self.held[slot] = weight = self.columns.weight[slot]
        self.groups.put(slot, weight.bit_length())

    return moved


def weight_stays(original: Any) -> Any:
    def leave(self: Weighted, slot: int) -> None:
        total = self.total
        original(self, slot)
        self.total = total

    return leave


def heap_only(_: Any) -> Any:
    def first(self: Order) -> int:
        while self._heap and not self._lives(self._heap[0]):
            self._heap.pop(0)
        return self._heap[0] & SLOT_MASK if self._heap else -1

    return first


def swap_without_place(_: Any) -> Any:
    def discard(self: SlotSet, slot: int) -> None:
        if (place := self.places[slot]) >= 0:
            self.members[place] = self.members[-1]
            self.members.pop()
            self.places[slot] = -1

    return discard


def next_on_ring(_: Any) -> Any:
    def first(self: Sticky, draw: Any, key: str | None) -> int:
        members = self.ready.members
        return min(members) if members else -1

    return first


def sixth_failure(original: Any) -> Any:
    def failed(self: Circuit, slot: int, now: float, poor: bool) -> Any:
        columns = self.columns
        if columns.streak[slot] == self.rules.open_after and columns.circuit[slot] == CLOSED and not poor:
            return []
        return original(self, slot, now, poor)

    return failed


def closes_by_itself(original: Any) -> Any:
    def tick(self: Circuit, slot: int, now: float) -> Any:
        events = original(self, slot, now)
        if now >= self.columns.rest_until[slot] or events:
            self.columns.circuit[slot] = CLOSED
        return events

    return tick


def first_come_only(original: Any) -> Any:
    def come(self: DueTimes, now: float, most: int) -> Any:
        found = original(self, now, most)
        return found[:1]

    return come


def never_earlier(original: Any) -> Any:
    def at(self: DueTimes, slot: int, when: float) -> None:
        if self.columns.due[slot] == INFINITY:
            original(self, slot, when)

    return at


def silent_heap(original: Any) -> Any:
    def at(self: DueTimes, slot: int, when: float) -> None:
        before = self.soonest
        original(self, slot, when)
        self.soonest = before

    return at


def one_more(_: Any) -> Any:
    return property(lambda self: self.resting > self.share * self.worked)


def two_failures(original: Any) -> Any:
    def failed(self: Pairs, target: str, slot: int, now: float, *reason: str) -> Any:
        pair = self._pair(target, slot, now)
        pair.failures += not pair.failures
        return original(self, target, slot, now, *reason)

    return failed


def more_than_half(_: Any) -> Any:
    def judge(self: Targets, window: Any, now: float) -> bool:
        window.prune(now - self.rules.blame_window)
        count = len(window.attempts)
        return count >= 10 and window.failures > 0.5 * count and len(window.failed) >= 3

    return judge


def two_proxies(_: Any) -> Any:
    def judge(self: Targets, window: Any, now: float) -> bool:
        window.prune(now - self.rules.blame_window)
        count = len(window.attempts)
        return count >= 10 and window.failures >= 0.5 * count and len(window.failed) >= 2

    return judge


def at_once(_: Any) -> Any:
    def refused(self: Credentials, slot: int, now: float) -> bool:
        self.recheck[slot] = now + self.rules.auth_recheck
        return True

    return refused


def scaled(factor: float) -> Callable[[Any], Any]:
    return lambda original: lambda *args: original(*args) * factor


def mild_streak(original: Any) -> Any:
    return lambda rate, response, streak, uses: original(rate, response, streak - (streak > 0), uses)


def blind_to_expiry(original: Any) -> Any:
    def judge(self: Doctor, slot: int, now: float) -> int:
        return original(self, slot, min(now, self.columns.expires[slot] - 1.0))

    return judge


def probes_in_swarms(original: Any) -> Any:
    def judge(self: Doctor, slot: int, now: float) -> int:
        flags = self.columns.flags[slot]
        if flags & PROBING:
            self.columns.flags[slot] = flags & ~PROBING
        found = original(self, slot, now)
        self.columns.flags[slot] = flags
        return found

    return judge


def exclusions_ignored(original: Any) -> Any:
    def accept(self: Picking, selector: Any, target: Any, exclude: Any, now: float, **rest: Any) -> Any:
        return original(self, selector, target, (), now, **rest)

    return accept


def one_too_many(_: Any) -> Any:
    def has_room(self: Slots, slot: int) -> bool:
        return self.carried(slot) <= self.columns.capacity[slot]

    return has_room


def over_capacity(_: Any) -> Any:
    def take(self: Slots, slot: int, beyond: bool = False) -> Collection[int]:
        return self._count(slot, 1)

    return take


def any_slot(_: Any) -> Any:
    return lambda self, draw, key: 0 if self.ready.members else -1


FAULTS = (
    Fault(Weighted, "moved", sum_forgotten, "weighted: a changed weight does not reach the sums"),
    Fault(Weighted, "leave", weight_stays, "weighted: whoever leaves still counts"),
    Fault(Weighted, "first", any_slot, "weighted: ready or not"),
    Fault(Uniform, "first", any_slot, "random: ready or not"),
    Fault(TwoChoices, "first", any_slot, "two choices: ready or not"),
    Fault(Order, "first", heap_only, "order: the tail is ignored"),
    Fault(Order, "remove", nothing, "order: whoever leaves stays"),
    Fault(Ranked, "rank", lambda f: lambda self, slot: 2 * self.levels - 1 - f(self, slot), "ranked: upside down"),
    Fault(Ranked, "rank", lambda f: lambda self, slot: self.level(slot), "ranked: unproven ones are equals"),
    Fault(Ranked, "moved", nothing, "ranked: a changed score moves nobody"),
    Fault(FastestResponse, "level", lambda f: lambda self, slot: 127 - f(self, slot), "fastest: the slowest"),
    Fault(RoundRobin, "chosen", nothing, "round robin: turns are not counted"),
    Fault(RoundRobin, "withdraw", nothing, "round robin: a newcomer inherits a turn"),
    Fault(LeastRecentlyUsed, "moved", nothing, "least recently used: a use moves nobody"),
    Fault(
        LeastLoaded,
        "weigh",
        lambda f: lambda self, slot: f(self, slot) & (1 << 43) - 1,
        "least loaded: load is ignored",
    ),
    Fault(
        LeastLoaded, "weigh", lambda f: lambda self, slot: f(self, slot) >> 21, "least loaded: successes are ignored"
    ),
    Fault(Sticky, "first", next_on_ring, "sticky: not the nearest on the ring"),
    Fault(Sticky, "withdraw", nothing, "sticky: the removed stay on the ring"),
    Fault(SlotSet, "discard", swap_without_place, "slot set: the last one's place is forgotten"),
    Fault(View, "leave", nothing, "view: nobody ever leaves"),
    Fault(Circuit, "failed", sixth_failure, "circuit: opens at the sixth failure"),
    Fault(Circuit, "tick", closes_by_itself, "circuit: closes without a probe"),
    Fault(Circuit, "probe", nothing, "circuit: many probes at once"),
    Fault(Circuit, "returned", nothing, "circuit: a probe that taught nothing keeps the permit"),
    Fault(Circuit, "ramp", always(1.0), "circuit: no slow start"),
    Fault(Rules, "rest", lambda f: lambda self, failures: f(self, 5), "rests do not grow"),
    Fault(Rules, "rest", scaled(0.97), "rests are a little short"),
    Fault(Rules, "pair_rest", scaled(0.5), "rests of pairs are half as long"),
    Fault(DueTimes, "come", first_come_only, "due times: all but one are dropped"),
    Fault(DueTimes, "at", never_earlier, "due times: an earlier one is ignored"),
    Fault(DueTimes, "at", silent_heap, "due times: soonest is not told"),
    Fault(Guard, "full", one_more, "guard: one too many may rest"),
    Fault(Guard, "allows", always(True), "guard: always allows and counts nothing"),
    Fault(Pairs, "failed", two_failures, "pairs: rest after the second failure"),
    Fault(Pairs, "succeeded", nothing, "pairs: a success forgives nothing"),
    Fault(Pairs, "absolve", nothing, "pairs: the target's fault stays with them"),
    Fault(Pairs, "blocked", lambda f: lambda self, t, slot, now: f(self, t, slot, 0.0), "pairs: time is ignored"),
    Fault(Targets, "_judge", more_than_half, "blame: exactly half is not enough"),
    Fault(Targets, "_judge", two_proxies, "blame: two proxies are enough"),
    Fault(Targets, "forget_slot", nothing, "blame: what a removed proxy did stays"),
    Fault(Ledger, "take_back", always(False), "ledger: nothing is taken back"),
    Fault(Credentials, "refused", at_once, "credentials: one refusal is enough"),
    Fault(doctor_module, "reputation", mild_streak, "reputation: the first failure in a row is free"),
    Fault(doctor_module, "health", scaled(0.99), "health: a hundredth is missing"),
    Fault(doctor_module, "recency_changes", always(INFINITY), "health: recency never falls by itself"),
    Fault(Doctor, "judge", blind_to_expiry, "doctor: expiry is not seen"),
    Fault(Doctor, "judge", probes_in_swarms, "doctor: a proxy under probe is ready"),
    Fault(Doctor, "renewed", nothing, "doctor: new credentials change nothing"),
    Fault(
        Doctor, "probe_time", lambda f: lambda self, slot: f(self, slot) - 30.0, "doctor: probes by score come early"
    ),
    Fault(Doctor, "_proven", nothing, "doctor: a success proves nothing"),
    Fault(Slots, "take", over_capacity, "slots: more leases than capacity"),
    Fault(Slots, "has_room", one_too_many, "slots: full is not full"),
    Fault(Slots, "connects", always(True), "slots: connections are not capped"),
    Fault(Slots, "polite", always(True), "slots: targets are not capped"),
    Fault(Slots, "used", always(False), "slots: no interval between uses"),
    Fault(Picking, "accept", exclusions_ignored, "picking: the excluded are handed out"),
    Fault(Picking, "fits_facts", always(True), "picking: facts are not looked at"),
    Fault(Picking, "_full", always(-1), "picking: full ones are never shared"),
    Fault(Picking, "_lift", always(-1), "picking: the guard lifts nothing"),
    Fault(fleet_module.FleetState, "hold", nothing, "fleet: holding keeps nobody away"),
    Fault(fleet_module.FleetState, "disable", nothing, "fleet: disabling does nothing"),
    Fault(index_module.Index, "refresh", nothing, "index: views hear of nothing"),
)
