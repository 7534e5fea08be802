"""Limits of users and targets: exact counts, fair refills, and changes that take effect at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.gateway.metering import FORGOTTEN, Bucket, Meter, Meters, TargetCap, TooMuch, fair
from proxyfleet.ports import GatewayUser
from proxyfleet.ports.uses import Elsewhere, UserUse
from proxyfleet.services.limiting import Word, together


def user(**limits):
    return GatewayUser("bob", "hash", **limits)


class Slow:
    def __init__(self):
        self.gone_on = 0

    def go_on(self):
        self.gone_on += 1


def test_at_most_so_many_at_a_time():
    meter = Meter(user(concurrency=2), 0.0)
    assert [meter.enter(0.0) for _ in range(3)] == [None, None, TooMuch("user_concurrency", 1.0)]
    meter.leave()
    assert meter.enter(0.0) is None


def test_at_most_so_many_a_second():
    meter = Meter(user(rate=2.0), 0.0)
    assert [meter.enter(0.0) for _ in range(2)] == [None, None]
    assert meter.enter(0.0) == TooMuch("user_rate", 0.5)
    assert meter.enter(0.4).wait == pytest.approx(0.1)
    assert meter.enter(0.5) is None
    assert meter.active == 3, "who was refused is not inside"


def test_seldom_is_possible_too():
    meter = Meter(user(rate=0.1), 0.0)
    assert meter.enter(0.0) is None
    assert meter.enter(5.0).wait == pytest.approx(5.0)
    assert meter.enter(10.0) is None


def test_bytes_are_refilled_over_the_minute():
    meter = Meter(user(bytes_per_minute=600), 0.0)
    assert meter.enter(0.0) is None
    meter.bytes.wait(0.0, 0.0)
    meter.bytes.take(700)
    assert meter.bytes.overdrawn
    assert meter.enter(0.0) == TooMuch("user_bytes", 10.0)
    slow = Slow()
    meter.slowed.add(slow)
    meter.release(5.0)
    assert slow.gone_on == 0
    meter.release(10.0)
    assert (slow.gone_on, meter.slowed) == (1, set())


@given(st.floats(0.1, 1000), st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_never_more_than_the_rate_and_one_burst(rate, steps):
    bucket, now, taken = Bucket(rate, max(1.0, rate), 0.0), 0.0, 0
    for wait, tries in steps:
        now += wait
        if tries and not bucket.wait(1.0, now):
            bucket.take(1.0)
            taken += 1
    assert taken <= max(1.0, rate) + rate * now + 1e-6


def test_only_users_with_limits_have_a_meter():
    meters = Meters()
    assert meters.of(None, 0.0) is None
    assert meters.of(user(), 0.0) is None
    assert meters.of(user(selector="tag=a", clients=("10.0.0.0/8",)), 0.0) is None
    meter = meters.of(user(concurrency=1), 0.0)
    assert meters.of(user(concurrency=1), 0.0) is meter


def test_a_changed_limit_counts_from_now_on():
    meters = Meters()
    meter = meters.of(user(concurrency=1, bytes_per_minute=600), 0.0)
    meter.enter(0.0)
    assert meter.enter(0.0).code == "user_concurrency"
    assert meters.of(user(concurrency=2, rate=1.0, bytes_per_minute=1200), 0.0) is meter
    assert meter.enter(0.0) is None
    meter.bytes.take(2000)
    slow = Slow()
    meter.slowed.add(slow)
    meters.of(user(concurrency=9), 0.0)
    assert slow.gone_on == 1, "without a limit of bytes nobody waits for them"
    assert meter.enter(0.0) is None


def test_the_sweep_lets_go_on():
    meters, slow = Meters(), Slow()
    meter = meters.of(user(bytes_per_minute=60), 0.0)
    meter.bytes.take(120)
    meter.slowed.add(slow)
    meters.sweep(30.0)
    assert slow.gone_on == 0
    meters.sweep(61.0)
    assert slow.gone_on == 1


def test_a_target_has_its_own_cap():
    cap = TargetCap(2)
    assert [cap.enter("a") for _ in range(3)] == [True, True, False]
    assert cap.enter("b")
    cap.leave("a")
    assert cap.enter("a")
    for host in ("a", "a", "b"):
        cap.leave(host)
    assert cap._active == {}


def test_what_is_under_way_elsewhere_counts_here():
    meters = Meters(lambda: 0.0)
    bob = user(concurrency=3)
    meters.hear({"bob": Elsewhere(2)}, {"bob": bob}.get)
    meter = meters.of(bob, 0.0)
    assert [meter.enter(0.0) for _ in range(2)] == [None, TooMuch("user_concurrency", 1.0)]
    meters.hear({}, {"bob": bob}.get)
    assert [meter.enter(0.0) for _ in range(2)] == [None, None]


def test_bytes_moved_elsewhere_are_used_up_here_and_in_time_both_together_keep_to_the_limit():
    meters = Meters(lambda: 10.0)
    bob = user(bytes_per_minute=600)
    meters.hear({"bob": Elsewhere(moved=700)}, {"bob": bob}.get)
    assert meters.of(bob, 10.0).enter(10.0) == TooMuch("user_bytes", 10.0)
    meters.hear({"bob": Elsewhere(moved=0)}, {"bob": bob}.get)
    assert meters.of(bob, 20.0).enter(20.0) is None


def test_a_rate_is_shared_as_it_is_asked_for():
    nodes = [Meters(lambda: 0.0) for _ in range(4)]
    bob = user(rate=12.0)
    passed = [0] * len(nodes)
    for second in range(60):
        for number, meters in enumerate(nodes):
            meter = meters.of(bob, float(second))
            for nth in range((20, 10, 5, 0)[number]):
                if meter.enter(second + nth / 20) is None and second >= 10:
                    passed[number] += 1
                    meter.leave()
        told = [meters.uses()["bob"] for meters in nodes]
        for number, meters in enumerate(nodes):
            others = told[:number] + told[number + 1 :]
            heard = Elsewhere(0, sum(one.asked for one in others), sum(1 for one in others if one.asked))
            meters.hear({"bob": heard}, {"bob": bob}.get)
    assert sum(passed) / 50 == pytest.approx(12.0, rel=0.1)
    assert passed[0] > passed[1] > passed[2] > passed[3] == 0


@pytest.mark.parametrize(
    ("most", "wants", "shares"),
    [
        (4, [5, 5], [2, 2]),
        (4, [1, 9], [1, 3]),
        (5, [9, 9], [3, 2]),
        (9, [2, 3], [2, 3]),
        (1, [1, 1, 1], [1, 0, 0]),
        (0, [1], [0]),
        (3, [], []),
    ],
)
def test_what_there_is_is_shared_out(most, wants, shares):
    assert fair(most, wants) == shares


@given(st.integers(0, 50), st.lists(st.integers(0, 20), max_size=6))
def test_shares_are_fair_and_waste_nothing(most, wants):
    shares = fair(most, wants)
    assert sum(shares) == min(most, sum(wants))
    assert all(share <= want for share, want in zip(shares, wants, strict=True))
    hungry = [share for share, want in zip(shares, wants, strict=True) if share < want]
    assert not hungry or max(shares) - min(hungry) <= 1


class Crowd:
    """Nodes that tell each other once in twenty steps, each at another time; `step` is what happens in one step."""

    EVERY, LENGTH = 20, 4

    def __init__(self, limit, clients):
        self.bob, self.clients = user(concurrency=limit), clients
        self.nodes = [Meters(lambda: 0.0) for _ in clients]
        self.ends = [[] for _ in clients]
        self.words, self.at = {}, 0

    def step(self):
        for number, meters in enumerate(self.nodes):
            meter, ends = meters.of(self.bob, 0.0), self.ends[number]
            while ends and ends[0] <= self.at:
                ends.pop(0)
                meter.leave()
            for _ in range(self.clients[number] - len(ends)):
                if meter.enter(0.0) is None:
                    ends.append(self.at + self.LENGTH)
            if self.at % self.EVERY == number * 7 % self.EVERY:
                self.words[str(number)] = Word("", 0.0, meters.uses(), {})
                others = {name: word for name, word in self.words.items() if name != str(number)}
                meters.hear(together(others, str(number)), {"bob": self.bob}.get)
        self.at += 1
        return [len(ends) for ends in self.ends]


@pytest.mark.parametrize("clients", [(8, 8), (8, 1), (3, 8, 8), (9, 0)])
def test_nodes_that_hear_of_each_other_late_keep_to_the_limit_together(clients):
    crowd = Crowd(4, clients)
    for _ in range(6 * Crowd.EVERY):
        crowd.step()
    seen = [crowd.step() for _ in range(50 * Crowd.EVERY)]
    assert max(map(sum, seen)) == 4
    assert sum(map(sum, seen)) == 4 * len(seen), "and it is used"
    assert all(any(one[number] for one in seen) for number, wanted in enumerate(clients) if wanted)


def test_what_began_elsewhere_and_lasts_is_waited_for():
    crowd = Crowd(4, [4, 0])
    crowd.LENGTH = 10_000
    for _ in range(Crowd.EVERY * 3):
        crowd.step()
    crowd.clients = [4, 3]
    assert {sum(crowd.step()) for _ in range(Crowd.EVERY * 20)} == {4}


def test_who_has_long_been_gone_is_named_no_more():
    meters = Meters(lambda: 0.0)
    meter = meters.of(user(concurrency=1, bytes_per_minute=10**9), 0.0)
    meter.enter(0.0)
    meter.moved += 500
    assert meters.uses() == {"bob": UserUse(1, 1.0, 500, 1)}
    meter.leave()
    for _ in range(FORGOTTEN + 10):
        told = meters.uses()
    assert told == {}
    meter.moved += 7
    assert meters.uses() == {"bob": UserUse(0, 0.0, 7)}


def test_nobody_without_limits_is_counted():
    meters = Meters(lambda: 0.0)
    meters.hear({"bob": Elsewhere(9), "gone": Elsewhere(1)}, {"bob": user()}.get)
    assert meters.uses() == {}
