"""What every strategy is: a structure inside one view, kept up to date by deltas, that answers "which one?" in O(1) or O(log n).

A strategy reads the columns and never changes them, and does not know who is eligible: the view tells it who joins and
leaves. `among` is its definition on a plain list; the structure must agree with it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Protocol

from proxyfleet.core.columns import Columns
from proxyfleet.core.slotset import SlotSet

Draw = Callable[[], float]
"""A uniform number from [0, 1): `random.Random.random`."""

TRIES = 32
"""How many further candidates a pick looks at before it scans."""


class Strategy(Protocol):
    """One strategy in one view. All methods but `among` and `following` are O(1) or O(log n)."""

    name: ClassVar[str]
    cares: ClassVar[frozenset[str]]
    """What `moved` is wanted for: "score", "weight" (of the score only that), "load", "turn"."""
    counts_turns: ClassVar[bool]
    """Whether `chosen` does anything."""
    what: ClassVar[str]
    when: ClassVar[str]

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None: ...

    def grow(self, size: int) -> None:
        """Slots below `size` may come from now on."""

    def enrol(self, slot: int) -> None:
        """The slot's labels fit the view, whatever its state; only strategies on static membership care."""

    def withdraw(self, slot: int) -> None:
        """The slot's labels no longer fit the view."""

    def join(self, slot: int) -> None:
        """The slot is ready from now on; harmless when it is in already."""

    def leave(self, slot: int) -> None:
        """The slot is no longer ready; harmless when it is not in."""

    def moved(self, slot: int) -> None:
        """The score, load or turn of a ready slot has changed."""

    def chosen(self, slot: int) -> None:
        """The slot was picked by this strategy in this view."""

    def first(self, draw: Draw, key: str | None) -> int:
        """The choice among all ready slots, -1 when there is none. `key` is what `sticky` sticks to."""

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """At most `TRIES` further candidates, best first, for when the first one does not fit this call."""

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """The choice on a plain list that is not empty: the definition of the strategy."""


class Plain:
    """What most strategies leave as it is: nothing to keep up to date. Not a strategy by itself."""

    cares: ClassVar[frozenset[str]] = frozenset()
    counts_turns: ClassVar[bool] = False

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        self.columns = columns
        self.ready = ready
        self.size = size

    def grow(self, size: int) -> None:
        """Nothing to lengthen."""

    def enrol(self, slot: int) -> None:
        """Static membership does not matter."""

    def withdraw(self, slot: int) -> None:
        """Static membership does not matter."""

    def join(self, slot: int) -> None:
        """The view's own ready set is enough."""

    def leave(self, slot: int) -> None:
        """The view's own ready set is enough."""

    def moved(self, slot: int) -> None:
        """Nothing is sorted."""

    def chosen(self, slot: int) -> None:
        """A pick changes nothing."""
