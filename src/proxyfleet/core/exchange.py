"""One node's side of the exchange of health: what it has learnt since it last told, and what the others say.

The core keeps what it needs to know; sending and fetching is a service's work.
"""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from proxyfleet.core.columns import UNKNOWN, Columns
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.health.latency import COARSE
from proxyfleet.core.health.sums import HealthSum, faded, fleet_reputation, latency, response_time, success_rate


class Told(NamedTuple):
    """Counters of a slot as they were told last."""

    proxy_id: int
    successes: int
    failures: int
    counts: Sequence[int]


class Exchange:
    """`heard` is what all nodes together say, by proxy id."""

    def __init__(self, columns: Columns, doctor: Doctor) -> None:
        self.heard: dict[int, HealthSum] = {}
        self._columns = columns
        self._doctor = doctor
        self._told: dict[int, Told] = {}
        self._untold = array("I")
        """Slots with news, the oldest first, as `columns.untold` marks them; an unmarked one may be left, or be here twice."""
        self._outdated = 0

    def touch(self, slot: int) -> None:
        """There is news of the slot, of which nothing is to be told yet."""
        self._columns.untold[slot] = 1
        self._untold.append(slot)

    def take(self, now: float, most: int) -> list[HealthSum]:
        """What was learnt about up to `most` proxies since it was told last; who has waited longest comes first."""
        news: list[HealthSum] = []
        done = 0
        while done < len(self._untold) and len(news) < most:
            slot = self._untold[done]
            done += 1
            if not self._columns.untold[slot]:
                self._outdated -= 1
                continue
            self._columns.untold[slot] = 0
            one = self._news(slot, now)
            if one is not None:
                news.append(one)
        del self._untold[:done]
        return news

    def _news(self, slot: int, now: float) -> HealthSum | None:
        columns, counts = self._columns, self._doctor.latencies.counts(slot)
        proxy_id, successes, failures = columns.ids[slot], columns.successes[slot], columns.failures[slot]
        before = self._told.get(slot)
        if before is None or before.proxy_id != proxy_id or before.successes > successes or before.failures > failures:
            before = Told(proxy_id, 0, 0, [0] * COARSE)
        self._told[slot] = Told(proxy_id, successes, failures, array("H", counts))
        good, bad = successes - before.successes, failures - before.failures
        if not columns.flags[slot] or not (good or bad):
            return None
        seconds = good * max(columns.response_time[slot], 0.0)
        bins = {
            n: float(new - old) for n, (new, old) in enumerate(zip(counts, before.counts, strict=True)) if new > old
        }
        return HealthSum(proxy_id, float(good + bad), float(good), seconds, bins, now)

    def hear(self, slot: int, one: HealthSum, now: float) -> None:
        """What all nodes say about a proxy; of one that this node knows nothing of, it takes over the averages."""
        self.heard[one.proxy_id] = one
        columns = self._columns
        if columns.successes[slot] or columns.failures[slot] or success_rate(one) == UNKNOWN:
            return
        columns.success_rate[slot] = success_rate(one)
        columns.response_time[slot] = response_time(one)
        self._doctor.rescore(slot, now)

    def unlearn(self, slot: int) -> None:
        """The node has forgotten what it knew; what it learns from now on is new."""
        self._told.pop(slot, None)

    def forget(self, slot: int) -> None:
        """The proxy is gone."""
        self.unlearn(slot)
        if self._columns.untold[slot]:
            self._columns.untold[slot] = 0
            self._outdated += 1
            if self._outdated > len(self._untold) // 2:
                self._untold = array("I", (one for one in dict.fromkeys(self._untold) if self._columns.untold[one]))
                self._outdated = 0
        self.heard.pop(self._columns.ids[slot], None)

    def fleet(self, proxy_id: int, now: float) -> dict[str, object] | None:
        """Health by the sums of all nodes; None where nobody has told anything."""
        one = self.heard.get(proxy_id)
        if one is None:
            return None
        one = faded(one, now)
        times = latency(one)._asdict()
        return {
            "reputation": fleet_reputation(one),
            "success_rate": _known(success_rate(one)),
            "response_time": _known(response_time(one)),
            "tries": round(one.tries, 2),
            "latency": {name: _known(seconds) for name, seconds in times.items()},
        }


def _known(value: float) -> float | None:
    return None if value == UNKNOWN else value
