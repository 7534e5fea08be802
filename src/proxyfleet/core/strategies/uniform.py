"""`random`: any ready proxy, each with the same chance. Keeps nothing."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from proxyfleet.core.strategies.contract import TRIES, Draw, Plain


class Uniform(Plain):
    """One draw from the dense array of ready slots."""

    name: ClassVar[str] = "random"
    what: ClassVar[str] = "any eligible proxy, each with the same chance"
    when: ClassVar[str] = "proxies are alike and you want no pattern"

    def first(self, draw: Draw, key: str | None) -> int:
        """One uniform draw."""
        members = self.ready.members
        return members[int(draw() * len(members))] if members else -1

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """More draws; the same slot may come twice."""
        for _ in range(TRIES if self.ready.members else 0):
            yield self.first(draw, key)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """Each with the same chance."""
        return slots[int(draw() * len(slots))]
