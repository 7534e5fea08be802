"""The proxies that are eligible for one selector, kept up to date by deltas (DESIGN section 4).

A view holds who is ready, who would be but for a free slot, and the structures of the strategies that were asked of it.
Views and structures are built in slices, so that no call takes long at a million proxies; deltas arrive meanwhile, and
every step may be repeated without harm. Who is eligible is told by the index; a view only remembers.
"""

from array import array
from collections.abc import Callable

from proxyfleet.core.columns import Columns
from proxyfleet.core.selector import Selector
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import Strategy
from proxyfleet.core.strategies.registry import strategy_named

Step = Callable[[int], None]


class Build:
    """Work that is left: the slots of a snapshot, from `at` on, and what to do with each."""

    __slots__ = ("at", "slots", "step")

    def __init__(self, slots: "array[int]", step: Step) -> None:
        self.slots = slots
        self.step = step
        self.at = 0

    def work(self, most: int) -> int:
        """Do up to `most` slots; returns how many of them were not needed."""
        end = min(self.at + most, len(self.slots))
        for slot in self.slots[self.at : end]:
            self.step(slot)
        left = most - (end - self.at)
        self.at = end
        return left

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.slots)


class View:
    """`floor` is the health below which a proxy is held back; `ready` and `full` are disjoint."""

    def __init__(self, selector: Selector, floor: float, columns: Columns, dense: bool) -> None:
        self.selector = selector
        self.floor = floor
        self.columns = columns
        self.size = columns.size if dense else 0
        self.ready = SlotSet(self.size)
        self.full = SlotSet()
        self.asked = 0
        self.building: list[Build] = []
        self.complete = False
        self.structures: dict[str, Strategy] = {}
        self.finished: dict[str, Strategy] = {}
        """The structures that may be asked; the others are still being built."""
        self.on_change: tuple[Step, ...] = ()
        """What to call when the score or load of a ready slot has changed."""
        self.on_score: tuple[Step, ...] = ()
        """What of it the score alone concerns; `on_weight` are those that look at nothing but the weight."""
        self.on_weight: tuple[Step, ...] = ()
        self.on_load: tuple[Step, ...] = ()
        self.on_turn: tuple[Step, ...] = ()

    def grow(self, size: int) -> None:
        """Slots below `size` may come from now on."""
        if not self.size:
            return
        self.size = size
        self.ready.grow(size)
        for structure in self.structures.values():
            structure.grow(size)

    def join(self, slot: int) -> None:
        """Ready from now on; it must not be ready already."""
        self.full.discard(slot)
        self.ready.add(slot)
        for structure in self.structures.values():
            structure.join(slot)

    def leave(self, slot: int) -> None:
        """Not ready any more."""
        self.ready.discard(slot)
        for structure in self.structures.values():
            structure.leave(slot)

    def enrol(self, slot: int) -> None:
        """Its labels fit, whatever its state."""
        for structure in self.structures.values():
            structure.enrol(slot)

    def withdraw(self, slot: int) -> None:
        """Its labels fit no longer, or the proxy is gone."""
        if slot in self.ready:
            self.leave(slot)
        self.full.discard(slot)
        for structure in self.structures.values():
            structure.withdraw(slot)

    def add_structure(self, name: str, static: "array[int]", enrol: Step) -> None:
        """Begin a strategy's structure: `static` are the slots that may belong, `enrol` puts one on if it does."""
        structure = strategy_named(name)(self.columns, self.ready, self.size)
        self.structures[name] = structure
        self._watch()
        ready = self.ready

        def join(slot: int) -> None:
            if slot in ready:
                structure.join(slot)

        def finish(_: int) -> None:
            self.finished[name] = structure

        members, last = self.ready.members[:], array("i", [0])
        self.building += [Build(static, enrol), Build(members, join), Build(last, finish)]

    def _watch(self) -> None:
        structures = tuple(self.structures.values())
        self.on_score = tuple(s.moved for s in structures if "score" in s.cares)
        self.on_weight = tuple(s.moved for s in structures if "weight" in s.cares)
        only_load = tuple(s.moved for s in structures if "load" in s.cares and "score" not in s.cares)
        self.on_change = self.on_score + self.on_weight + only_load
        self.on_load = tuple(s.moved for s in structures if "load" in s.cares)
        self.on_turn = tuple(s.moved for s in structures if "turn" in s.cares)

    def work(self, most: int) -> None:
        """Do up to `most` slots of what is left to build."""
        while self.building and most > 0:
            most = self.building[0].work(most)
            if self.building[0].done:
                self.building.pop(0)
        self.complete = self.complete or not self.building
