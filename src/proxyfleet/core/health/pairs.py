"""Per-target memory (SPEC C6): a proxy that is banned, rate limited or failing for one site rests for that site only.

One record per (target, slot), with its own backoff. Bounded: when there are too many, those that are over go first, then
the oldest; an operator's block goes only when it is over.
"""

from dataclasses import dataclass

from proxyfleet.core.rules import Rules

MOST_PAIRS = 65_536
FAILING, BLOCKED = "failing", "blocked by an operator"


@dataclass(slots=True)
class Pair:
    """`failures` in a row on this target, and until when the pair rests (0 for not resting); `blocked` on an operator's word."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""
    blocked: float = 0.0


class Pairs:
    """`resting(target)` is what a pick asks: the slots that have a record for this target, or None."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.by_target: dict[str, dict[int, Pair]] = {}
        """The records of each target that has any, by slot."""
        self.count = 0

    def of(self, target: str) -> dict[int, Pair] | None:
        """The records of one target by slot; None when there is none, which is the common and fast case."""
        return self.by_target.get(target)

    def blocked(self, target: str, slot: int, now: float) -> bool:
        """Whether the proxy rests for this target now."""
        held = self.by_target.get(target)
        return held is not None and slot in held and held[slot].until > now

    def refused(self, target: str, slot: int, now: float, asked: float, reason: str) -> Pair:
        """The target banned or rate limited the proxy: it rests at once, for as long as asked or by its own backoff."""
        pair = self._pair(target, slot, now)
        pair.failures += 1
        _rest(pair, now + max(asked, self.rules.pair_rest(pair.failures)), reason)
        return pair

    def failed(self, target: str, slot: int, now: float, reason: str = FAILING) -> Pair | None:
        """A failure on this target; from `pair_failures` in a row on the pair rests. The record when it rests, else None."""
        pair = self._pair(target, slot, now)
        pair.failures += 1
        over = pair.failures - self.rules.pair_failures + 1
        if over < 1:
            return None
        _rest(pair, now + self.rules.pair_rest(over), reason)
        return pair

    def block(self, target: str, slot: int, until: float, reason: str = BLOCKED) -> None:
        """An operator's word; `until` may be infinity."""
        pair = self._pair(target, slot, 0.0)
        pair.until = pair.blocked = until
        pair.failures, pair.reason = 0, reason

    def unblock(self, target: str, slot: int) -> None:
        """An operator's word is taken back, and what else was held against the pair with it."""
        if slot in self.by_target.get(target, {}):
            self._drop(target, slot)

    def succeeded(self, target: str, slot: int) -> None:
        """It works for this target: forget what was held against it, except an operator's block."""
        held = self.by_target.get(target)
        if held is not None and slot in held:
            self._forgive(target, slot, held[slot])

    def absolve(self, target: str) -> None:
        """The target itself is at fault: drop what its failures did to pairs; refusals of the target itself stay."""
        for slot, pair in list(self.by_target.get(target, {}).items()):
            if pair.reason in ("", FAILING, BLOCKED):
                self._forgive(target, slot, pair)

    def _forgive(self, target: str, slot: int, pair: Pair) -> None:
        if pair.blocked:
            self.block(target, slot, pair.blocked)
        else:
            self._drop(target, slot)

    def forget(self, slot: int) -> None:
        """Drop everything about one proxy."""
        for target in [target for target, held in self.by_target.items() if slot in held] if self.count else ():
            self._drop(target, slot)

    def _pair(self, target: str, slot: int, now: float) -> Pair:
        held = self.by_target.setdefault(target, {})
        pair = held.get(slot)
        if pair is None:
            if self.count >= MOST_PAIRS:
                self._make_room(now)
                held = self.by_target.setdefault(target, {})
            pair = held[slot] = Pair()
            self.count += 1
        return pair

    def _make_room(self, now: float) -> None:
        every = [(target, slot, pair) for target, held in self.by_target.items() for slot, pair in held.items()]
        over = [(target, slot) for target, slot, pair in every if pair.until <= now]
        oldest = [(target, slot) for target, slot, pair in every if not pair.blocked][: MOST_PAIRS // 4]
        for target, slot in over or oldest:
            self._drop(target, slot)

    def _drop(self, target: str, slot: int) -> None:
        held = self.by_target[target]
        del held[slot]
        self.count -= 1
        if not held:
            del self.by_target[target]


def _rest(pair: Pair, until: float, reason: str) -> None:
    """What holds the pair back longest is the reason, so that absolving a target drops neither its bans nor a block."""
    if until > pair.until:
        pair.until, pair.reason = until, reason
