"""For every label, the proxies that carry it: dense arrays that can be sampled (DESIGN section 4). Knows no state of proxies.

A question nobody asked before is answered from its smallest posting; so are the views that are built for what is asked often.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from proxyfleet.core.clause import Clause, Op, Profile, tier_of
from proxyfleet.core.selector import Selector
from proxyfleet.core.slotset import SlotSet, Sparse

SINGLE = ("scheme", "kind", "type", "country", "provider", "source", "tier")
"""Label fields with one value a proxy; the postings of a field share one column of positions."""
DENSE_SHARE = 16
"""A tag's positions become a dense column once it is on more than a sixteenth of the slots."""

Key = tuple[str, object]


class Postings:
    """`everyone` holds all slots; `smallest(selector)` is where to look for a selector's proxies."""

    def __init__(self) -> None:
        self.size = 0
        self.everyone = SlotSet()
        self.everyone.places = array("i")
        self._columns: dict[str, array[int]] = {}
        """Positions by field; a field that nobody uses costs nothing."""
        self._by_label: dict[Key, SlotSet] = {}
        self._of_profile: dict[int, tuple[SlotSet, ...]] = {}

    def grow(self, size: int) -> None:
        """Make room for slots below `size`."""
        extra = array("i", [-1]) * (size - self.size)
        for column in self._columns.values():
            column.extend(extra)
        self.everyone.grow(size)
        for (field, _), posting in self._by_label.items():
            if field == "tag":
                posting.grow(size)
        self.size = size

    def add(self, slot: int, profile: Profile, number: int = -1) -> None:
        """The slot carries these labels from now on. `number` names the profile, so that its postings are found at once."""
        self.everyone.add(slot)
        for posting in self._of(profile, number):
            posting.add(slot)
            if isinstance(posting.places, Sparse) and len(posting) * DENSE_SHARE > self.size:
                _make_dense(posting, self.size)

    def add_many(self, slots: range, shared: Iterable[tuple[Profile, int, Sequence[int]]]) -> None:
        """All these slots carry labels from now on: each profile, its number, and which of the slots have it."""
        everyone = array("i", slots)
        self.everyone.extend(everyone, in_a_row=True)
        merged: dict[int, tuple[SlotSet, list[Sequence[int]]]] = {}
        for profile, number, members in shared:
            for posting in self._of(profile, number):
                merged.setdefault(id(posting), (posting, []))[1].append(members)
        for posting, parts in merged.values():
            count = sum(map(len, parts))
            if isinstance(posting.places, Sparse) and (len(posting) + count) * DENSE_SHARE > self.size:
                _make_dense(posting, self.size)
            if count == len(slots):
                posting.extend(everyone, in_a_row=True)
            else:
                posting.extend(array("i", chain.from_iterable(parts)))

    def _of(self, profile: Profile, number: int) -> tuple[SlotSet, ...]:
        postings = self._of_profile.get(number)
        if postings is None:
            postings = tuple(self._for_key(key) for key in _keys(profile))
            if number >= 0:
                self._of_profile[number] = postings
        return postings

    def _for_key(self, key: Key) -> SlotSet:
        posting = self._by_label.get(key)
        if posting is None:
            posting = self._by_label[key] = self._new(key[0])
        return posting

    def _new(self, field: str) -> SlotSet:
        posting = SlotSet()
        if field != "tag":
            if field not in self._columns:
                self._columns[field] = array("i", [-1]) * self.size
            posting.places = self._columns[field]
        return posting

    def remove(self, slot: int, profile: Profile) -> None:
        """The slot carries them no longer."""
        self.everyone.discard(slot)
        for key in _keys(profile):
            posting = self._by_label[key]
            posting.discard(slot)
            if not posting:
                del self._by_label[key]
                self._of_profile.clear()

    def forget(self, number: int) -> None:
        """The number will mean another profile."""
        self._of_profile.pop(number, None)

    def smallest(self, selector: Selector) -> SlotSet:
        """The smallest posting that holds every proxy which can satisfy the selector; it may hold others too."""
        best = self.everyone
        for clause in selector.labels:
            posting = self._for(clause)
            if posting is not None and len(posting) < len(best):
                best = posting
        return best

    def _for(self, clause: Clause) -> SlotSet | None:
        single = clause.op is Op.EQ and len(clause.values) == 1 and clause.values[0] is not None
        if not single or (clause.field not in SINGLE and clause.field != "tag"):
            return None
        return self._by_label.get((clause.field, clause.values[0]), NOBODY)

    def values(self, field: str) -> list[object]:
        """The values of a field that are in use."""
        return [value for name, value in self._by_label if name == field]


NOBODY = SlotSet()


def _make_dense(posting: SlotSet, size: int) -> None:
    dense = array("i", [-1]) * size
    for place, slot in enumerate(posting.members):
        dense[slot] = place
    posting.places = dense


def _keys(profile: Profile) -> Iterator[Key]:
    labels = profile.labels
    yield "scheme", profile.scheme.value
    yield "kind", labels.kind.value
    yield "type", labels.type.value
    if labels.place is not None:
        yield "country", labels.place
    if labels.provider is not None:
        yield "provider", labels.provider
    if labels.source is not None:
        yield "source", labels.source
    if (tier := tier_of(labels)) is not None:
        yield "tier", tier
    for tag in labels.tags:
        yield "tag", tag
