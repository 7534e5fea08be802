"""What each strategy promises about its choice among the eligible (SPEC D1), on plain lists. Remembers turns, nothing else."""

from collections import defaultdict
from zlib import crc32

from tests.property.eligible import Ask
from tests.property.known import Known
from tests.property.model import Model

from proxyfleet.core.clause import Clause, Op, tier_of
from proxyfleet.core.picking import Pick

SHARED = "full ones"
"""The one round of all picks that had to share a proxy without a free slot."""
WHOLE = 1 << 40


def mixed(number: int) -> int:
    """The finaliser of splitmix64, its upper 40 bits."""
    word = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & word
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & word
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & word
    return (number ^ (number >> 31)) >> 24


def response_level(known: Known) -> int:
    """Steps of 10 % from 1 ms on; lower is faster. Unknown counts as 2.75 s."""
    seconds, steps = known.learnt.response_time, 0
    bound, seconds = 0.001 * 1.1, 2.75 if seconds is None else seconds
    while seconds >= bound * (1.0 - 1e-12) and steps < 127:
        bound *= 1.1
        steps += 1
    return steps


class Preferences:
    """`check` before the use is booked, `used` after."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.turns: dict[int, int] = {}
        self.uses = 0
        self.rounds: dict[str, dict[int, int]] = defaultdict(dict)
        self.given = 0

    def gone(self, number: int, *, removed: bool) -> None:
        """Removed, or it got other labels: a newcomer to every round; the order of use forgets only the removed."""
        if removed:
            self.turns.pop(number, None)
        for name, turns in self.rounds.items():
            if removed or name != SHARED:
                turns.pop(number, None)

    def _round(self, number: int, ask: Ask, shared: bool) -> str:
        if shared:
            return SHARED
        selector, known = ask.asked.selector, self.model.proxies[number]
        if ask.asked.spread == "country":
            selector = selector.also(Clause("country", Op.EQ, (known.place,)))
        if ask.asked.spread == "cheapest":
            selector = selector.also(Clause("tier", Op.EQ, (tier_of(known.proxy.labels),)))
        return selector.key

    def used(self, found: Pick, ask: Ask, *, shared: bool, lifted: bool) -> None:
        self.uses += 1
        self.turns[found.proxy_id] = self.uses
        if ask.strategy == "round_robin" and not lifted:
            self.given += 1
            self.rounds[self._round(found.proxy_id, ask, shared)][found.proxy_id] = self.given

    def check(self, number: int, among: list[int], ask: Ask, *, shared: bool) -> None:
        """The choice must be one that the strategy may make among these."""
        proxies = self.model.proxies
        if ask.asked.spread == "country":
            among = [n for n in among if proxies[n].place == proxies[number].place]
        if ask.asked.spread == "cheapest":
            among = [n for n in among if proxies[n].price() == proxies[number].price()]
        rule = getattr(self, f"_{ask.strategy}", None)
        if rule is None:
            return
        best = min(rule(n, ask, shared) for n in among)
        mine = rule(number, ask, shared)
        assert mine == best, f"{ask.strategy} chose {number} with {mine}, the best of {among} is {best}"

    def _round_robin(self, number: int, ask: Ask, shared: bool) -> int:
        return self.rounds[self._round(number, ask, shared)].get(number, 0)

    def _least_recently_used(self, number: int, ask: Ask, shared: bool) -> int:
        return self.turns.get(number, 0)

    def _best_reputation(self, number: int, ask: Ask, shared: bool) -> tuple[bool, int]:
        known = self.model.proxies[number]
        return known.pending, -int(known.reputation() + 1e-9)

    def _best_health(self, number: int, ask: Ask, shared: bool) -> tuple[bool, int]:
        known = self.model.proxies[number]
        return known.pending, -int(known.health(self.model.now) * 100.0 + 1e-9)

    def _fastest_response(self, number: int, ask: Ask, shared: bool) -> tuple[bool, int]:
        known = self.model.proxies[number]
        return known.pending, response_level(known)

    def _least_loaded(self, number: int, ask: Ask, shared: bool) -> tuple[int, bool, int, int]:
        known = self.model.proxies[number]
        return known.leases + known.active, known.pending, known.learnt.failures, -known.learnt.successes

    def _sticky(self, number: int, ask: Ask, shared: bool) -> int:
        if ask.key is None:
            return 0
        start = crc32(ask.key.encode()) * 0x9E3779B1 % WHOLE
        return min((mixed(number * 16 + nth) - start) % WHOLE for nth in range(16))
