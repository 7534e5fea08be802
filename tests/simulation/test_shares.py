"""R7 and R8, and what the strategies promise in the long run."""

from collections import Counter
from random import Random

from tests.simulation.chance import chi_square
from tests.simulation.world import START, World, proxy

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector

PICKS_R7, PICKS_R8, CHANGES = 200_000, 300_000, 10_000


class Inventory:
    """The plain truth about hard states, beside the fleet."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.fleet = FleetState(Rules(min_score=0.2, guard=0.2), rng=Random(seed))
        self.country: dict[int, str] = {}
        self.expires: dict[int, float] = {}
        self.disabled: set[int] = set()
        self.refused: set[int] = set()
        self.now = START
        for number in range(1, 201):
            self.country[number] = self.rng.choice(("US", "DE", "FR"))
            self.expires[number] = START + self.rng.uniform(100.0, 60_000.0)
            record = proxy(number, self.country[number], expires_at=self.expires[number])
            self.fleet.add(record, START)
            self.fleet.record(number, Outcome.succeeded(0.2), START)

    def disturb(self) -> None:
        """Some proxy gets worse; nearly all of them fail nearly always, so that the guard has to lift."""
        number, kind = self.rng.randint(1, 200), self.rng.random()
        if kind < 0.03:
            self.fleet.disable(number, self.now)
            self.disabled.add(number)
        elif kind < 0.1:
            self.fleet.enable(number, self.now)
            self.disabled.discard(number)
        elif kind < 0.103:
            for later in (0.0, 60.0):
                self.fleet.record(number, Outcome.failed("authentication"), self.now + later)
            self.now += 60.0
            self.refused.add(number)
        elif kind < 0.12 or number == 50:
            self.fleet.record(number, Outcome.succeeded(0.2, self.rng.choice(("a", "b"))), self.now)
            self.refused.discard(number)
        else:
            category = self.rng.choice(("connect", "connect", "banned"))
            self.fleet.record(number, Outcome.failed(category, target="a", phase=Phase.DIAL), self.now)

    def allowed(self, number: int, country: str | None) -> bool:
        hard = number in self.disabled or number in self.refused or self.expires[number] <= self.now
        return not hard and (country is None or self.country[number] == country)


def test_r7_hard_states_are_never_handed_out_panic_or_not() -> None:
    world = Inventory(7)
    wishes = [(None, ANY), *((c, Selector.of(country=c)) for c in ("US", "DE", "FR"))]
    strategies = ("weighted_random", "round_robin", "sticky", "best_health", "two_choices", "least_recently_used")
    degraded = refused = 0
    for turn in range(PICKS_R7):
        if turn % 5 == 0:
            world.disturb()
            world.now += world.rng.choice((0.0, 0.5, 1.0))
        country, selector = wishes[turn % 4]
        target = "a" if turn % 3 == 0 else None
        found = world.fleet.pick(selector, world.now, strategy=strategies[turn % 6], key=str(turn % 50), target=target)
        if isinstance(found, Refusal):
            refused += 1
            continue
        degraded += found.degraded
        assert world.allowed(found.proxy_id, country), f"turn {turn}: {found} for {country}"
    assert degraded > 1000, "the guard was never tested"
    assert refused < PICKS_R7


def test_r8_weighted_choice_follows_the_weights_after_many_changes() -> None:
    world = World(300, seed=8, rules=Rules(guard=0.9))
    rng = Random(80)
    world.fleet.prepare()
    for change in range(CHANGES):
        number = rng.randint(1, 300)
        world.now += 0.05
        if change % 50 == 0:
            world.fleet.remove(number, world.now)
            world.fleet.add(proxy(number), world.now)
        outcome = Outcome.succeeded(rng.choice((0.1, 1.0, 3.0))) if rng.random() < 0.8 else Outcome.failed("connect")
        world.fleet.record(number, outcome, world.now)
    standing = {n: world.fleet.health(n, world.now) for n in world.fleet}
    ready = {n for n, report in standing.items() if report.standing == "ready" and report.circuit == "closed"}
    picks = Counter(
        found.proxy_id for _ in range(PICKS_R8) if isinstance(found := world.fleet.pick(ANY, world.now), Pick)
    )
    weights = {n: float(max(standing[n].reputation, 1)) for n in ready if _unhindered(world, n)}
    assert len(weights) > 200
    assert len(set(weights.values())) > 20, "all weights are alike: that proves nothing"
    assert chi_square({n: picks[n] for n in weights}, weights) > 0.001
    assert set(picks) <= ready | {n for n in standing if standing[n].circuit == "half_open"}


def _unhindered(world: World, number: int) -> bool:
    """Not in slow start, where the weight is less than the reputation."""
    return not world.fleet._doctor.circuit.started.get(world.fleet._by_id[number])


def test_two_choices_prefers_quick_and_idle_proxies() -> None:
    fleet = FleetState(Rules(strategy="two_choices"), rng=Random(5))
    for number in range(1, 11):
        fleet.add(proxy(number), START)
        fleet.record(number, Outcome.succeeded(0.1 if number <= 5 else 1.0), START)
    picks = Counter(found.proxy_id for _ in range(20_000) if isinstance(found := fleet.pick(ANY, START), Pick))
    slow = sum(picks[number] for number in range(6, 11))
    assert abs(slow / 20_000 - 2.0 / 9.0) < 0.02, "a slow one wins only against another slow one: 20 pairs of 90"
    for number in range(1, 6):
        for _ in range(20):
            fleet.begin(number)
    picks = Counter(found.proxy_id for _ in range(20_000) if isinstance(found := fleet.pick(ANY, START), Pick))
    quick = sum(picks[number] for number in range(1, 6))
    assert abs(quick / 20_000 - 2.0 / 9.0) < 0.02, "twenty in flight make a quick one the dearer"


def test_sticky_spreads_keys_evenly_and_moves_only_what_it_must() -> None:
    fleet = FleetState(Rules(strategy="sticky"), rng=Random(6))
    for number in range(1, 51):
        fleet.add(proxy(number), START)
    keys = [f"account-{n}" for n in range(5000)]
    before = {key: _sticky(fleet, key) for key in keys}
    assert {key: _sticky(fleet, key) for key in keys} == before
    shares = Counter(before.values())
    assert len(shares) == 50
    assert max(shares.values()) < 2.5 * len(keys) / 50
    fleet.remove(10, START)
    after = {key: _sticky(fleet, key) for key in keys}
    assert all(after[key] == before[key] for key in keys if before[key] != 10)
    fleet.add(proxy(10), START)
    assert {key: _sticky(fleet, key) for key in keys} == before
    fleet.disable(20, START)
    away = {key: _sticky(fleet, key) for key in keys}
    assert all(away[key] == before[key] for key in keys if before[key] != 20)
    fleet.enable(20, START)
    assert {key: _sticky(fleet, key) for key in keys} == before


def _sticky(fleet: FleetState, key: str) -> int:
    found = fleet.pick(ANY, START, key=key)
    assert isinstance(found, Pick)
    return found.proxy_id


def test_nobody_is_absorbed_for_ever_a_recovered_proxy_gets_its_share_again() -> None:
    world = World(10, seed=11)
    world.run(300.0, 10.0)
    world.dead = {3}
    world.run(4 * 3600.0, 1.0)
    assert world.fleet.health(3, world.now).reputation < 10
    world.dead = set()
    world.run(3 * 3600.0, 1.0)
    world.attempts.clear()
    world.run(1000.0, 10.0)
    assert world.attempts[3] > 0.5 * 10_000 / 10
    assert world.fleet.health(3, world.now).circuit == "closed"


def test_the_lowest_reputation_still_has_a_chance() -> None:
    fleet = FleetState(Rules(guard=0.0), rng=Random(12))
    for number in range(1, 6):
        fleet.add(proxy(number), START)
        fleet.record(number, Outcome.succeeded(0.1), START)
    for _ in range(40):
        fleet.record(1, Outcome.failed("connect"), START)
    assert fleet.health(1, START).reputation == 0
    picks = Counter(found.proxy_id for _ in range(50_000) if isinstance(found := fleet.pick(ANY, START), Pick))
    assert 60 <= picks[1] <= 220, "weight 1 of 381"
