"""Proxies that have failed a moment ago: what cannot be sent again goes elsewhere while there are others (SPEC G6).

The fleet needs several failures to let a proxy rest; until then only requests that may be repeated find out for it. Forgets
by time alone, so that nobody is avoided for ever. Picks nothing itself.
"""

from collections.abc import Collection
from typing import Final

LASTS: Final = 30.0
MOST: Final = 256


class Doubts:
    """`now` is timer seconds and never goes back."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        """In the order of their ends."""

    def add(self, proxy_id: int, now: float) -> None:
        """It has failed, or is suspected to have."""
        until = self._until
        until.pop(proxy_id, None)
        if len(until) >= MOST:
            del until[next(iter(until))]
        until[proxy_id] = now + LASTS

    def standing(self, now: float) -> Collection[int]:
        """Whom to avoid now."""
        until = self._until
        while until and until[first := next(iter(until))] <= now:
            del until[first]
        return until.keys()
