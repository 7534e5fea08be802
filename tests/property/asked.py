"""The questions that the twin asks: a selector text, and the same wish as plain Python that knows nothing of selectors."""

from collections.abc import Callable
from typing import NamedTuple

from tests.property.known import Known

from proxyfleet.core.proxy import Scheme, Status
from proxyfleet.core.selector import Selector

Wants = Callable[[Known, float], bool]
DAY = 86_400.0


class Asked(NamedTuple):
    """`selector` is what the fleet is asked, the rest is what the model understands."""

    selector: Selector
    wish: Wants
    min_score: float | None = None
    exclude: frozenset[int] = frozenset()
    resource: str | None = None
    target: str | None = None
    spread: str | None = None

    def wants(self, known: Known, now: float) -> bool:
        return self.wish(known, now)

    def without_target(self) -> "Asked":
        return self._replace(target=None)

    def with_floor(self, floor: float) -> "Asked":
        return self._replace(min_score=floor)


def _asked(text: str, wish: Wants, **rest: object) -> Asked:
    return Asked(Selector.parse(text), wish, **rest)


def _anybody(known: Known, now: float) -> bool:
    return True


def _days_left(known: Known, now: float) -> bool:
    return known.proxy.expires_at is None or known.proxy.expires_at - now >= DAY


def _free(known: Known, now: float) -> bool:
    return known.proxy.slots - known.carried() >= 2


def _tags(*wanted: str) -> Wants:
    return lambda known, now: set(wanted) <= known.proxy.labels.tags


ASKED = (
    _asked("", _anybody),
    _asked("", _anybody),
    _asked("country=US", lambda known, now: known.place == "US"),
    _asked("country=US,DE", lambda known, now: known.place in ("US", "DE")),
    _asked("country!=US", lambda known, now: known.place != "US"),
    _asked("country=", lambda known, now: known.place is None),
    _asked("tag=a", _tags("a")),
    _asked("tag=a tag=b", _tags("a", "b")),
    _asked("scheme=socks5 country=DE", lambda known, now: known.proxy.scheme is Scheme.SOCKS5 and known.place == "DE"),
    _asked("min_score=0.45", _anybody, min_score=0.45),
    _asked("country=US min_score=0.7", lambda known, now: known.place == "US", min_score=0.7),
    _asked("days_left>=1", _days_left),
    _asked("capacity>=2 tag=a", lambda known, now: known.proxy.slots >= 2 and "a" in known.proxy.labels.tags),
    _asked("free>=2", _free),
    _asked("reputation>=60", lambda known, now: int(known.reputation() + 1e-9) >= 60),
    _asked("uses<20", lambda known, now: known.uses() < 20),
    _asked("status=active", lambda known, now: known.status() is Status.ACTIVE),
    _asked("exclude=1,3,5", _anybody, exclude=frozenset((1, 3, 5))),
    _asked("resource=shop", _anybody, resource="shop"),
    _asked("target=a.example", _anybody, target="a.example"),
    _asked("spread=country", _anybody, spread="country"),
    _asked("spread=cheapest", _anybody, spread="cheapest"),
    _asked("tag=a spread=cheapest", _tags("a"), spread="cheapest"),
)
