"""R4, R5 and R6: how a fleet behaves when proxies die, and when it is the target that dies."""

from random import Random

import pytest
from tests.simulation.world import START, World, proxy

from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.picking import Pick
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY
from proxyfleet.core.strategies.registry import STRATEGIES


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_r4_a_dying_proxy_gets_at_most_six_more_requests_then_single_probes(strategy: str) -> None:
    world = World(20, seed=4, rules=Rules(strategy=strategy))
    world.run(60.0, 20.0)
    world.dead = {7}
    world.attempts.clear()
    world.run(290.0, 20.0)
    assert world.attempts[7] <= 6
    world.attempts.clear()
    world.run(7200.0, 2.0)
    assert world.attempts[7] <= 2 + 7200.0 // 300.0, "more than one probe per rest"
    assert world.fleet.report(world.now).ejections_suppressed == 0


def test_r4_one_more_may_be_in_flight_but_no_more_while_it_rests() -> None:
    fleet = FleetState(Rules(), rng=Random(1))
    for number in range(1, 4):
        fleet.add(proxy(number), START)
        fleet.record(number, Outcome.succeeded(0.1), START)
    for _ in range(5):
        fleet.record(1, Outcome.failed("connect", phase=Phase.DIAL), START)
    picked = {found.proxy_id for _ in range(500) if isinstance(found := fleet.pick(ANY, START + 1.0), Pick)}
    assert picked == {2, 3}


def test_r4_after_its_rest_only_one_probe_is_out_at_a_time() -> None:
    fleet = FleetState(Rules(strategy="round_robin"), rng=Random(2))
    for number in range(1, 4):
        fleet.add(proxy(number), START)
        fleet.record(number, Outcome.succeeded(0.1), START)
    for _ in range(5):
        fleet.record(1, Outcome.failed("connect", phase=Phase.DIAL), START)
    later = START + 361.0
    picks = [fleet.pick(ANY, later + second * 0.01) for second in range(100)]
    probes = [found for found in picks if isinstance(found, Pick) and found.proxy_id == 1]
    assert probes == [Pick(1, probe=True)]
    again = [fleet.pick(ANY, later + 61.0 + second * 0.01) for second in range(100)]
    assert sum(isinstance(found, Pick) and found.proxy_id == 1 for found in again) == 1, "a lost probe frees its permit"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_r5_when_30_percent_die_success_is_back_within_ten_seconds(strategy: str, seed: int) -> None:
    world = World(100, seed, Rules(strategy=strategy))
    world.run(60.0, 100.0)
    world.dead = set(world.rng.sample(range(1, 101), 30))
    world.requests = world.retries = 0
    world.run(10.0, 100.0)
    after = world.run(10.0, 100.0)
    assert sum(after) >= 0.99 * len(after), f"{sum(after)} of {len(after)}"
    assert world.retries <= 0.2 * world.requests + 1


def _reputations(world: World) -> dict[int, int]:
    return {number: world.fleet.health(number, world.now).reputation for number in world.fleet}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [2.0, 20.0, 200.0])
def test_r6_a_target_that_goes_down_ejects_no_proxy(rate: float, seed: int) -> None:
    """All answer in under half a second and have been used more than a hundred times, so reputation stands still otherwise."""
    world = World(20, seed, Rules(strategy="round_robin"))
    world.run(3000.0 / rate, rate, ("a.example", "b.example"))
    before = _reputations(world)
    world.fleet.take_events()
    world.down = {"a.example"}
    _until_blamed(world, rate)
    report = world.fleet.report(world.now)
    assert report.by_circuit == {"closed": 20, "open": 0, "half_open": 0}
    assert report.resting == 0
    assert _reputations(world) == before
    world.run(600.0, 10.0, ("a.example", "b.example"))
    report = world.fleet.report(world.now)
    assert report.by_circuit["closed"] == 20, "ejected after the target was known to be at fault"
    assert all(world.fleet.health(number, world.now).consecutive_failures == 0 for number in world.fleet)
    world.down = set()
    world.run(120.0, 20.0, ("a.example", "b.example"))
    assert all(world.run(60.0, 20.0, ("a.example",)))


def _until_blamed(world: World, rate: float) -> None:
    for _ in range(20_000):
        world.run(1.0 / rate, rate, ("a.example", "b.example"))
        if any(event.what is Happened.TARGET_AT_FAULT for event in world.fleet.take_events()):
            return
    raise AssertionError("the target was never blamed")


def test_r6_failures_are_taken_back_exactly() -> None:
    """Twins of one history, but the second never met the target that was down: both must be known alike."""
    met, spared = World(6, seed=9), World(6, seed=9)
    rng = Random(3)
    for step in range(400):
        number, seconds = rng.randint(1, 6), rng.choice((0.2, 0.4, 1.2, 3.0))
        for world in (met, spared):
            world.now += 0.5
            outcome = (
                Outcome.succeeded(seconds, "b.example") if step % 7 else Outcome.failed("timeout", phase=Phase.DIAL)
            )
            world.fleet.record(number, outcome, world.now)
    for _ in range(2):
        for number in range(1, 7):
            met.fleet.record(number, Outcome.failed("timeout", target="a.example", phase=Phase.EXCHANGE), met.now)
            for world in (met, spared):
                world.fleet.record(number, Outcome.succeeded(0.3, "b.example"), world.now)
    for number in range(1, 7):
        one, other = met.fleet.health(number, met.now), spared.fleet.health(number, spared.now)
        assert (one.success_rate, one.response_time, one.consecutive_failures, one.failures, one.successes) == (
            other.success_rate, other.response_time, other.consecutive_failures, other.failures, other.successes
        )  # fmt: skip
        assert (one.circuit, one.last_error, one.last_failure) == (other.circuit, other.last_error, other.last_failure)
        assert one.strangers == 2


def test_r6_proxies_ejected_before_the_target_was_blamed_come_back_at_once() -> None:
    world = World(12, seed=1, rules=Rules(strategy="round_robin"))
    world.run(30.0, 4.0, ("b.example",))
    world.run(1.0, 40.0, ("a.example",))
    world.fleet.take_events()
    for number in (1, 2):
        for _ in range(6):
            outcome = Outcome.failed("timeout", target="a.example", phase=Phase.EXCHANGE)
            world.fleet.record(number, outcome, world.now)
    assert [world.fleet.health(number, world.now).circuit for number in (1, 2)] == ["open", "open"]
    for number in range(3, 12):
        for _ in range(4):
            outcome = Outcome.failed("timeout", target="a.example", phase=Phase.EXCHANGE)
            world.fleet.record(number, outcome, world.now)
    assert world.fleet.report(world.now).by_circuit["closed"] == 12
    closed = [e.proxy_id for e in world.fleet.take_events() if e.what is Happened.CIRCUIT_CLOSED]
    assert sorted(closed) == [1, 2], "whoever hears that they were ejected must hear that they are back"
