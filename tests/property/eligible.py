"""Who may be picked, in the order of tests of SPEC rule 8, by the model alone."""

from collections.abc import Callable
from typing import NamedTuple

from tests.property.asked import Asked
from tests.property.known import Known
from tests.property.model import Model


class Ask(NamedTuple):
    """One pick as the twin is asked for it."""

    asked: Asked
    strategy: str
    key: str | None = None
    target: str | None = None
    exclude: tuple[int, ...] = ()
    claim: bool = False


class Eligible:
    """`probing(id)` tells whether a proxy has the permit of a probe by score: a flag of the core, compared elsewhere."""

    def __init__(self, model: Model, probing: Callable[[int], bool]) -> None:
        self.model = model
        self.probing = probing

    def eligible(self, ask: Ask) -> list[int]:
        """Everyone that may be picked, by the rules alone."""
        return [n for n in self.model.proxies if self.why_not(n, ask) is None]

    def why_not(self, number: int, ask: Ask, but: str = "") -> str | None:
        """The first test that fails, in the order of rule 8, `but` one; None for eligible."""
        known, asked, model = self.model.proxies[number], ask.asked, self.model
        tests = (
            ("not_wanted", not asked.wants(known, self.model.now)),
            ("excluded", number in asked.exclude or number in ask.exclude),
            ("disabled", known.disabled),
            ("wrong_credentials", known.refused),
            ("not_checked", known.gated and known.pending),
            ("check_failed", known.gated),
            ("expired", known.expired(self.model.now)),
            ("resource_taken", (asked.resource, number) in model.held),
            ("capacity", not known.has_room()),
            ("min_interval", known.waits > self.model.now),
            ("target_memory", (t := ask.target or asked.target) is not None and model.blocked(number, t)),
            ("target_capacity", not model.polite(number, t)),
            ("resting", known.learnt.resting),
            ("probing", known.learnt.probing and not known.learnt.suppressed),
            ("low_score", self.low(known, asked)),
        )
        return next((code for code, fails in tests if fails and code != but), None)

    def low(self, known: Known, asked: Asked) -> bool:
        floor = self.model.rules.min_score if asked.min_score is None else asked.min_score
        return known.health(self.model.now) < floor - 1e-12 and not self.probing(known.proxy.id)

    def full(self, ask: Ask) -> list[int]:
        """Those that lack nothing but a lease slot: rule 1 lets requests share them."""
        known = self.model.proxies
        everyone = [n for n in self.model.proxies if known[n].carried() >= known[n].proxy.slots and known[n].connects()]
        return [n for n in everyone if self.why_not(n, ask, but="capacity") is None]

    def liftable(self, ask: Ask) -> list[int]:
        """Rule 8: those that are held back by target memory, circuit or score alone, and once worked."""
        found = []
        for number in self.model.proxies:
            known = self.model.proxies[number]
            standing, reason = known.standing(self.model.now), self.why_not(number, ask)
            soft = reason in (None, "target_memory", "resting", "probing", "low_score")
            shared = reason == "capacity" and not ask.claim and known.connects() and standing == 2
            target = ask.target or ask.asked.target
            pair = self.model.pairs.get((target, number))
            hard = not self.model.polite(number, target) or (pair is not None and pair.block > self.model.now)
            if known.worked and (soft or (shared and number in self._but_for_leases(ask))) and not hard:
                found.append(number)
        return found

    def _but_for_leases(self, ask: Ask) -> list[int]:
        return self.full(ask._replace(target=None, asked=ask.asked.without_target().with_floor(0.0)))
