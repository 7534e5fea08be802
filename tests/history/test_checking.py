"""The checker finds nothing in what a right store does, and every kind of wrong that is planted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.history.checking import Capacities, Verdict, check
from tests.history.reading import CapacityChange, lines_of, read
from tests.history.recording import History, RecordedClaims

from proxyfleet.core.lease import ENDED, FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import (
    Candidate,
    Claim,
    GiveBack,
    Granted,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Sweep,
    Take,
)
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.lab.clock import HandClock
from proxyfleet.ports import Standing
from proxyfleet.stores.deciding import Decider
from proxyfleet.stores.memory import MemoryStore

HOLDERS = (Holder("ann", "1"), Holder("ann", "2"), Holder("bob", "1"))
RESOURCES = ("site", "shop")
SEED = 7


class Scene:
    """Two processes on one store in memory, in which time is moved by hand; everything they do is written down."""

    def __init__(self, directory: Path) -> None:
        self.rng = Random(SEED)
        self.clock = HandClock(1_800_000_000.0)
        self.behind = 0.0
        self.store = MemoryStore(lambda: self.clock() - self.behind)
        self.directory = directory
        self.histories = [History(directory / f"{n}.jsonl", self.clock) for n in (1, 2)]
        self.claims = [RecordedClaims(self.store, history) for history in self.histories]
        self.leases: list[Lease] = []
        self.first: dict[int, int] = {}

    async def begin(self) -> None:
        made = await self.store.put([Proxy(Scheme.HTTP, f"h{n}", 80, capacity=2) for n in range(4)])
        self.first = {one.proxy.id: one.proxy.slots for one in made}

    async def live(self, batches: int = 1_500) -> None:
        """Random batches, random changes of capacity."""
        for _ in range(batches):
            self.clock.advance(self.rng.choice((0.001, 0.01, 0.5)))
            orders = [self.order() for _ in range(self.rng.randint(1, 3))]
            answers = (await self.rng.choice(self.claims).decide(orders, "n")).answers
            self.leases += [lease for one in answers if isinstance(one, Granted) for lease in one.leases]
            if self.rng.random() < 0.05:
                await self.change()

    async def change(self) -> None:
        (proxy,) = await self.store.some([self.rng.randint(1, 4)])
        after = replace(proxy, capacity=self.rng.randint(1, 4))
        number = self.histories[0].begin("C", proxy.id, after.capacity)
        await self.store.change([after])
        self.histories[0].end("D", number)

    def order(self) -> Order:
        rng, holder = self.rng, self.rng.choice(HOLDERS)
        verb = rng.choices(
            ("claim", "renew", "release", "reassign", "take", "back", "sweep"), (40, 15, 20, 4, 8, 12, 1)
        )[0]
        if verb == "claim":
            proxies = rng.choices(range(1, 5), k=rng.choice((1, 2)))
            candidates = tuple(Candidate(one, rng.randrange(4), one, 2, FOREVER) for one in proxies)
            resource = rng.choice((None, *RESOURCES))
            return Claim(holder, candidates, rng.choice((1.0, 3.0)), rng.choice((1, 2)), resource=resource)
        if verb in ("take", "back"):
            pair = rng.randint(1, 4), rng.choice(RESOURCES)
            return (
                Take(*pair, holder) if verb == "take" else GiveBack(*pair, holder, reuse_after=rng.choice((0.0, 1.0)))
            )
        if verb == "sweep":
            return Sweep(holder.principal, holder.label)
        lease = rng.choice(self.leases[-8:] or [Lease(1, 0, 1, 1, holder, None, "", 0.0, 0.0)])
        token = Token(lease.pool, lease.slot, max(1, lease.fence + rng.choice((0, 0, 0, -1))))
        if verb == "reassign":
            return Reassign(token, holder)
        principal = rng.choice(("ann", "bob"))
        return Renew(token, principal, 2.0) if verb == "renew" else Release(token, rng.choice((principal, None)))

    async def judge(self, change: Callable[[Standing], Standing] = lambda standing: standing) -> Verdict:
        """What the checker says of it all."""
        told = read(lines_of(path) for path in sorted(self.directory.glob("*.jsonl")))
        return check(told, change(await self.store.standing()), self.first)


@pytest.fixture
async def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    await made.begin()
    return made


def kinds(verdict: Verdict) -> set[str]:
    """Which promises were broken."""
    return {finding.partition(":")[0] for finding in verdict.findings}


async def test_nothing_is_found_in_what_a_right_store_does(scene: Scene) -> None:
    await scene.live(4_000)
    verdict = await scene.judge()
    assert verdict.findings == ()
    assert verdict.leases > 500
    assert verdict.assignments > 50
    assert str(verdict).endswith("0 violations")


def always_fits(*_: object) -> bool:
    return True


def runs(self: Decider, token: Token, principal: str | None) -> Lease | Refused:
    lease = self.books.slot(token.pool, token.slot)
    return Refused("unknown_lease") if lease is None or lease.fence != token.fence else lease


def runs_whatever_the_fence(self: Decider, token: Token, principal: str | None) -> Lease | Refused:
    lease = self.books.slot(token.pool, token.slot)
    if lease is None or lease.expires <= self.now:
        return Refused("unknown_lease")
    return lease._replace(fence=token.fence)


def runs_for_anybody(self: Decider, token: Token, principal: str | None) -> Lease | Refused:
    return RIGHT(self, token, None)


RIGHT = Decider._running
TERMS = Decider._capacity


@pytest.mark.parametrize(
    ("name", "fault", "found"),
    [
        ("_fits", lambda self, pool, number, capacity: number < 8, "capacity"),
        ("_capacity", lambda self, pool, terms: TERMS(self, pool, terms) + 1, "capacity"),
        ("_free", lambda self, last, candidate, leases: True, "overlap"),
        ("_running", runs, "stale"),
        ("_running", runs_whatever_the_fence, "stale"),
        ("_running", runs_for_anybody, "stale"),
        ("_reserve", lambda self, lease, holder: None, "half"),
        ("_end", lambda self, lease: lease._replace(expires=ENDED), "back"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
async def test_a_wrong_decision_is_found(
    name: str, fault: object, found: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decider, name, fault)
    await scene.live()
    assert found in kinds(await scene.judge())


async def test_a_pair_of_two_is_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    books = scene.store._claims.books
    monkeypatch.setattr(books, "hold", lambda pair: None)
    await scene.live()
    assert "pair" in kinds(await scene.judge())


async def test_a_fence_that_is_used_again_is_found(scene: Scene) -> None:
    await scene.live(300)
    for rows in scene.store._claims.books.rows.values():
        rows.clear()  # as a store does that has lost its memory
    await scene.live(300)
    assert "fence" in kinds(await scene.judge())


async def test_a_clock_that_goes_back_is_found(scene: Scene) -> None:
    await scene.live(50)
    scene.behind = 30.0
    await scene.live(50)
    assert "clock" in kinds(await scene.judge())


async def test_exits_that_are_not_shared_though_they_should_be_are_found(scene: Scene) -> None:
    await scene.live(300)
    told = read(lines_of(path) for path in sorted(scene.directory.glob("*.jsonl")))
    standing = await scene.store.standing()
    apart = check(told, standing, scene.first, {1: "192.0.2.1"})
    assert kinds(apart) == set()
    told = read(lines_of(path) for path in sorted(scene.directory.glob("*.jsonl")))
    assert kinds(check(told, standing, scene.first, dict.fromkeys(range(1, 5), "192.0.2.1"))) == {"capacity"}


async def ready(scene: Scene) -> None:
    """A lease that runs and an assignment."""
    await scene.live(200)
    scene.clock.advance(10.0)
    await scene.claims[0].decide([Claim(HOLDERS[0], (Candidate(1, 0, 1, 1, FOREVER),), 60.0)], "n")
    for resource in RESOURCES:
        for proxy_id in range(1, 5):
            await scene.claims[0].decide([Take(proxy_id, resource, HOLDERS[0])], "n")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda one: one._replace(leases=[]), "lost"),
        (lambda one: one._replace(leases=[row._replace(expires=row.expires - 5.0) for row in one.leases]), "lost"),
        (lambda one: one._replace(holds=one.holds[1:]), "lost"),
        (lambda one: one._replace(holds=[hold._replace(holder=HOLDERS[2]) for hold in one.holds]), "lost"),
        (lambda one: one._replace(leases=[*one.leases, one.leases[0]._replace(fence=99, slot=9)]), "back"),
        (lambda one: one._replace(holds=[*one.holds, one.holds[0]._replace(resource="other")]), "back"),
        (lambda one: one._replace(leases=one.leases * 2), "half"),
        (lambda one: one._replace(leases=[row._replace(resource="x") for row in one.leases]), "half"),
    ],
)
async def test_what_is_wrong_at_the_end_is_found(
    change: Callable[[Standing], Standing], found: str, scene: Scene
) -> None:
    await ready(scene)
    assert (await scene.judge()).findings == ()
    assert found in kinds(await scene.judge(change))


async def test_what_was_given_back_or_released_and_stands_is_found(scene: Scene) -> None:
    await ready(scene)
    before = await scene.store.standing()
    (lease,), hold = before.leases, before.holds[0]
    await scene.claims[0].decide(
        [Release(Token(*lease[:3]), None), GiveBack(hold.proxy_id, hold.resource, hold.holder, force=True)], "n"
    )
    assert (await scene.judge()).findings == ()
    verdict = await scene.judge(lambda _: before)
    assert sorted(finding.partition(":")[0] for finding in verdict.findings) == ["back", "back"]


async def test_what_was_not_answered_excuses_what_it_may_have_done_and_no_more(scene: Scene) -> None:
    await ready(scene)
    before = await scene.store.standing()
    (lease,), hold = before.leases, before.holds[0]
    unanswered = scene.histories[1]
    unanswered.begin("I", [["release", *lease[:3], None]])
    unanswered.begin("I", [["give back", hold.proxy_id, hold.resource, "", *hold.holder, False]])
    assert (await scene.judge()).findings == (), "they may have done nothing"
    assert (await scene.judge(lambda one: one._replace(leases=[], holds=one.holds[1:]))).findings == ()
    assert kinds(await scene.judge(lambda one: one._replace(holds=one.holds[2:]))) == {"lost"}
    stranger = lease._replace(slot=1, fence=50)
    assert kinds(await scene.judge(lambda one: one._replace(leases=[lease, stranger]))) == {"back"}
    unanswered.begin("I", [["claim", *lease.holder, None, None, 1]])
    assert (await scene.judge(lambda one: one._replace(leases=[lease, stranger]))).findings == ()


def test_what_capacity_may_have_been_in_force() -> None:
    changes = [CapacityChange(10.0, 1, 5, 11.0), CapacityChange(20.0, 1, 2), CapacityChange(30.0, 1, 3, 31.0)]
    told = Capacities(changes, {1: 4, 2: 7})
    instants = (5.0, 10.5, 11.5, 25.0, 30.5, 32.0)
    assert [told.most(1, at, at) for at in instants] == [4, 5, 5, 5, 5, 3]
    assert told.most(1, 5.0, 32.0) == 5
    assert [told.most(pool, 9.0, 9.0) for pool in (2, 3)] == [7, 0]
    quick = Capacities([CapacityChange(n / 1_000, 1, n, (n + 1) / 1_000) for n in range(1, 100)], {1: 500})
    assert [quick.most(1, at, at) for at in (0.0, 0.005, 0.0505, 5.0)] == [500, 500, 60, 99]


def test_a_line_that_was_not_finished_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b'["I",1,5.0,[["claim","a","",null,null,1]]]\n["R",1,5.0,5.0,[["gra')
    (batch,) = read([lines_of(path)]).batches
    assert batch.answers is None
