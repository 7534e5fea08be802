"""`round_robin` and `least_recently_used`: whoever's turn is longest ago.

Round robin counts the turns it gave itself, in its view; least recently used counts every use in the fleet. A proxy
that was away keeps its turn, so it comes first when it is back; newcomers never had one.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from proxyfleet.core.columns import Columns
from proxyfleet.core.order import Order
from proxyfleet.core.slotset import SlotSet, Sparse
from proxyfleet.core.strategies.contract import TRIES, Draw, Plain


class LeastRecentlyUsed(Plain):
    """Sorted by `columns.turn`, which grows with every use by whatever strategy."""

    cares: ClassVar[frozenset[str]] = frozenset({"turn"})
    name: ClassVar[str] = "least_recently_used"
    what: ClassVar[str] = "the proxy whose last use, by anyone, is longest ago"
    when: ClassVar[str] = "targets count requests per address and every proxy should rest as long as possible"

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.order = Order(size)

    def turn(self, slot: int) -> int:
        """The number that sorts; smaller goes first."""
        return self.columns.turn[slot]

    def grow(self, size: int) -> None:
        """Lengthen the dense columns."""
        self.order.grow(size)

    def join(self, slot: int) -> None:
        """Enter at the turn it has."""
        self.order.put(slot, self.turn(slot))

    def leave(self, slot: int) -> None:
        """Out of the order; the turn is remembered."""
        self.order.remove(slot)

    def moved(self, slot: int) -> None:
        """A use moves it to the end."""
        self.order.put(slot, self.columns.turn[slot])

    def first(self, draw: Draw, key: str | None) -> int:
        """The smallest turn."""
        return self.order.first()

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """The next ones in order."""
        return self.order.leading(TRIES)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """The smallest turn; equal ones by slot."""
        return min(slots, key=lambda slot: (self.turn(slot), slot))


class RoundRobin(LeastRecentlyUsed):
    """Sorted by turns of its own, so that other uses do not disturb the round."""

    cares: ClassVar[frozenset[str]] = frozenset()
    counts_turns: ClassVar[bool] = True
    name: ClassVar[str] = "round_robin"
    what: ClassVar[str] = (
        "each eligible proxy in turn; those that join wait for nobody, those that return keep their place"
    )
    when: ClassVar[str] = "every proxy should carry the same share"

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.turns = Sparse()
        self.given = 0

    def turn(self, slot: int) -> int:
        """The number of its last turn here; 0 for none yet."""
        return self.turns.get(slot, 0)

    def moved(self, slot: int) -> None:
        """Other uses do not count."""

    def withdraw(self, slot: int) -> None:
        """Whoever gets the slot next is a newcomer."""
        self.turns.pop(slot, None)

    def chosen(self, slot: int) -> None:
        """To the end of the round."""
        self.given += 1
        self.turns[slot] = self.given
        if self.ready.places[slot] >= 0:
            self.order.put(slot, self.given)
