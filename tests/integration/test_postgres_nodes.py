"""PROMISES R1, R2, R9 on PostgreSQL, short: several nodes fight over a few slots while the world breaks around them."""

import asyncio
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import asyncpg
from tests import postgres

from proxyfleet.core.lease import FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, Granted, Refused, Release, Renewed
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.ports import Store
from proxyfleet.stores.errors import StoreAway, StoreError
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

CHILD = Path(__file__).with_name("claims_child.py")
PROXIES, CAPACITY = 6, 3
NODES = 4


class Span(NamedTuple):
    """One lease as its holder was told: `end` is when it ended at the latest."""

    fence: int
    start: float
    end: float


class History:
    """What all nodes were told, slot by slot."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.asked: set[tuple[int, int, int]] = set()
        """Releases of which nobody knows whether they happened."""
        self.spans: dict[tuple[int, int], dict[int, Span]] = defaultdict(dict)

    def hear(self, line: str) -> None:
        verb, *rest = json.loads(line)
        self.words[verb] += 1
        if verb in ("ask", "still", "end"):
            (self.asked.add if verb == "ask" else self.asked.discard)(tuple(rest[:3]))
        if verb not in ("grant", "renew", "end"):
            return
        pool, slot, fence, instant, expires = rest
        spans = self.spans[pool, slot]
        if verb == "grant":
            assert fence not in spans, f"slot {pool}x{slot}: fence {fence} was granted twice"
            spans[fence] = Span(fence, instant, expires)
        else:
            assert fence in spans, "only what was granted is renewed or released"
            before = spans[fence]
            assert instant < before.end, "what has expired is not renewed or released"
            spans[fence] = before._replace(end=instant if verb == "end" else expires)

    def check(self, most: int, lowered: Sequence[tuple[int, float, float]]) -> None:
        """Fences grow with time, spans of a slot never overlap, and no pool ever has more than it may.

        `lowered`: a pool, and from when until when its capacity was known to be 1.
        """
        for pool, slot, fence in self.asked:
            span = self.spans[pool, slot][fence]
            self.spans[pool, slot][fence] = span._replace(end=span.start)
        for slot, spans in self.spans.items():
            ordered = [spans[fence] for fence in sorted(spans)]
            for one, other in itertools.pairwise(ordered):
                assert one.end <= other.start, f"slot {slot} was given twice: {one}, {other}"
        by_pool = defaultdict(list)
        for (pool, _), spans in self.spans.items():
            by_pool[pool] += [(span.start, 1) for span in spans.values()] + [(span.end, -1) for span in spans.values()]
        for pool, steps in by_pool.items():
            running = 0
            for _, step in sorted(steps):
                running += step
                assert running <= most, f"pool {pool} had {running} leases"
        for pool, since, until in lowered:
            spans = [span for (of, _), some in self.spans.items() if of == pool for span in some.values()]
            for span in spans:
                if since < span.start < until:
                    others = [one for one in spans if one is not span and one.start <= span.start < one.end]
                    assert not others, f"pool {pool} may have one lease and had {span} beside {others}"


class Nodes:
    """Processes that hammer one fleet; each writes what it was told to a file beside the key."""

    def __init__(self, url: str, key: Path, seed: int) -> None:
        self._url, self._key, self._seed = url, key, seed
        self._files: list[Path] = []
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """One more."""
        number = len(self._files)
        self._files.append(self._key.with_name(f"node{number}"))
        arguments = [self._url, str(self._key), f"n{number}", str(self._seed + number)]
        with self._files[-1].open("wb") as output:
            child = subprocess.Popen(
                [sys.executable, str(CHILD), *arguments], stdin=subprocess.PIPE, stdout=output, stderr=output
            )
        self.running.append(child)

    async def ready(self) -> None:
        """All have opened the store."""
        for file in self._files:
            for _ in range(600):
                if file.read_bytes().startswith(b'["open"]\n'):
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError(file.read_text())

    def heard(self, line: str) -> bool:
        """Whether a node has said that."""
        return any(line in file.read_text() for file in self._files)

    def kill(self, number: int) -> None:
        """kill -9."""
        child = self.running.pop(number)
        child.kill()
        child.wait(60)

    def finish(self) -> History:
        """Let them end; everything they were told."""
        for child in self.running:
            assert child.stdin is not None
            child.stdin.close()
        for child in self.running:
            assert child.wait(60) == 0, [file.read_text()[-2000:] for file in self._files]
        history = History()
        for file in self._files:
            for line in file.read_text().splitlines():
                if line.endswith("]"):  # the last one of a killed process may be cut short
                    history.hear(line)
        return history


@asynccontextmanager
async def nodes(url: str, key: Path, count: int = NODES) -> AsyncIterator[Nodes]:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    made = Nodes(url, key, seed)
    try:
        for _ in range(count):
            made.start()
        await made.ready()
        yield made
    finally:
        for child in made.running:
            if child.poll() is None:
                child.kill()
            child.wait()


async def a_fleet(url: str, key: Path) -> Store:
    store = await open_store(url, keys=KeySource(file=key))
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, capacity=CAPACITY) for n in range(PROXIES)])
    return store


async def checked(store: Store, history: History, lowered: Sequence[tuple[int, float, float]] = ()) -> None:
    history.check(CAPACITY, lowered)
    for lease in (await store.standing()).leases:
        told = history.spans[lease.pool, lease.slot].get(lease.fence)
        assert told is None or told.end <= lease.expires + 1e-3, "an acknowledged lease was shortened or lost"
    print(dict(history.words))


async def test_several_nodes_never_share_a_slot_whoever_is_killed(tmp_path: Path) -> None:
    """Capacity goes down and up meanwhile, and a node is killed now and then."""
    async with postgres.schema() as url:
        store = await a_fleet(url, tmp_path / "key")
        async with nodes(url, tmp_path / "key") as running:
            lowered = []
            for n in range(8):
                (proxy,) = await store.some([1 + n % PROXIES])
                await store.change([replace(proxy, capacity=1)])
                since = (await store.standing()).now
                await asyncio.sleep(0.35)
                lowered.append((proxy.id, since, (await store.standing()).now))
                await store.change([proxy])
                if n % 3 == 2:
                    running.kill(0)
                    running.start()
                    await running.ready()
            history = running.finish()
        await checked(store, history, lowered)
        assert history.words["grant"] > 100
        assert history.words["end"] > 20
        await store.close()


async def test_connections_that_are_cut_off_cost_answers_and_nothing_else(tmp_path: Path) -> None:
    async with postgres.schema() as url:
        store = await a_fleet(url, tmp_path / "key")
        cut = await asyncpg.connect(url.rpartition("schema=")[0].rstrip("?&"))
        async with nodes(url, tmp_path / "key", 3) as running:
            for _ in range(300):
                await asyncio.sleep(0.03)
                await cut.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'proxyfleet' "
                    "AND state = 'active' AND query NOT LIKE '%LISTEN%'"
                )
                if running.heard('["lost"]'):
                    break
            await asyncio.sleep(1.0)
            history = running.finish()
        await cut.close()
        await checked(store, history)
        assert history.words["lost"] > 0
        assert history.words["grant"] > 50
        await store.close()


async def test_a_server_that_crashes_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with postgres.server() as server:
        url = postgres.fresh_url(server.url)
        store = await a_fleet(url, tmp_path / "key")
        async with nodes(url, tmp_path / "key", 3) as running:
            for how in (signal.SIGQUIT, signal.SIGINT):
                await asyncio.sleep(0.7)
                await asyncio.to_thread(server.stop, how)
                began = time.monotonic()
                told = await asyncio.gather(
                    *(refused(ask) for ask in (store.users(), store.standing(), store.put([]), store.decide([], "n"))),
                )
                assert all(told)
                assert time.monotonic() - began < 8.0, "within seconds"
                await asyncio.to_thread(server.start)
            await asyncio.sleep(1.5)
            history = running.finish()
        await checked(await back(store), history)
        assert history.words["grant"] > 30
        assert history.words["lost"] + history.words["away"] > 2
        await store.close()


async def refused(ask: "object") -> bool:
    try:
        await ask  # type: ignore[misc]
    except StoreAway:
        return True
    return False


async def back(store: Store) -> Store:
    """The same store, once it has come back by itself."""
    for _ in range(100):
        try:
            await store.users()
            return store
        except StoreError:
            await asyncio.sleep(0.1)
    raise AssertionError("it does not come back")


async def test_a_lost_answer_is_settled_by_the_key(tmp_path: Path) -> None:
    """The commit happens, the answer does not arrive; asking again with the same key gives the same lease."""
    async with postgres.schema() as url:
        store = await a_fleet(url, tmp_path / "key")
        claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 3, FOREVER),), 60.0, key="k", arguments="x")
        database = store.database  # type: ignore[attr-defined]
        run = database.claims.run

        async def losing(job: object, **given: object) -> object:
            await run(job, **given)
            raise StoreAway("the answer was lost", lost=True)

        database.claims.run = losing
        assert await refused(store.decide([claim], "n"))
        database.claims.run = run
        (answer,) = (await store.decide([claim], "n")).answers
        assert isinstance(answer, Granted)
        assert answer.repeated
        assert len((await store.standing()).leases) == 1
        await store.close()


async def test_the_slots_of_a_killed_holder_are_free_at_their_expiry_with_nobody_running(tmp_path: Path) -> None:
    async with postgres.schema() as url:
        store = await a_fleet(url, tmp_path / "key")
        orders = [Claim(Holder("ann"), (Candidate(1, slot, 1, 3, FOREVER),), 1.5) for slot in range(CAPACITY)]
        granted = (await store.decide(orders, "n")).answers
        leases: list[Lease] = [answer.leases[0] for answer in granted if isinstance(answer, Granted)]
        assert len(leases) == CAPACITY
        await store.close()  # nothing of ours runs any more
        await asyncio.sleep(1.6)
        again = await open_store(url, keys=KeySource(file=tmp_path / "key"))
        late = Release(Token(leases[0].pool, leases[0].slot, leases[0].fence), "ann")
        refusal, *new = (await again.decide([late, *orders], "m")).answers
        assert isinstance(refusal, Refused)
        assert refusal.code == "lease_expired"
        assert [answer.leases[0].fence for answer in new if isinstance(answer, Granted)] == [2] * CAPACITY
        assert not isinstance(new[0], Renewed)
        await again.close()
