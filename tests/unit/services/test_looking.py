"""One look at one source: pages, rows, batches, and that others get their turn."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest

from proxyfleet.core.source import Feed, Gathered, Source
from proxyfleet.ports import Fetched
from proxyfleet.services import looking as module
from proxyfleet.services.entries import Additions
from proxyfleet.services.looking import LEAST_ROWS, MOST_ROWS, SLICE, Desk, Look, Looking, Turns, next_size
from proxyfleet.services.persisting import Patience, Persistence, digest
from proxyfleet.sources.reading import rows
from proxyfleet.stores.errors import StoreBusy


def lines(*numbers):
    return "\n".join(f"198.18.{n >> 8}.{n & 255}:80" for n in numbers).encode()


class World:
    """Answers by address; keeps what it is given in batches."""

    def __init__(self, answers, *, busy=False, effort=None):
        self.answers, self.batches, self.asked = answers, [], []
        self.busy = busy
        self.effort = effort or (lambda: 0.0)

    @asynccontextmanager
    async def fetch(self, url, *, etag=None, modified=None):
        self.asked.append((url, etag))
        told = self.answers.get(url, Fetched("absent", problem="answered 404"))
        if isinstance(told, bytes):
            told = Fetched("ok", iter([told]), f"etag of {url}")
        yield told

    async def keep(self, proxies):
        if self.busy:
            raise StoreBusy("the store is busy; try again")
        self.batches.append([proxy.host for proxy in proxies])
        return Gathered(added=len(proxies))

    async def look(self, *feeds, validators=None, format="auto", **patience) -> Look:
        source = Source("s", "k", feeds or (Feed("http://a/"),), format)
        persistence = Persistence(self.fetch, Patience(tries=1, **patience), asyncio.sleep, Random(1))
        additions = Additions(source="s", require_check=True)
        self.turns = Turns()
        desk = Desk(partial(rows, allow_private=True), self.keep, additions, self.turns, self.effort)
        try:
            return await Looking(source, persistence, desk, validators or {}).run()
        finally:
            self.turns.close()


async def test_rows_add_up_and_repeats_are_stored_once():
    world = World({"http://a/": lines(1, 2, 1) + b"\nnonsense\n198.18.0.9:99999\n"})
    look = await world.look()
    assert (look.outcome, look.read, look.added, look.duplicate) == ("ok", 5, 2, 1)
    assert look.rejected == {"no_proxy": 1, "bad_port": 1}
    assert look.read == look.valid + sum(look.rejected.values())
    assert world.batches == [["198.18.0.1", "198.18.0.2"]]


async def test_the_same_place_with_another_claim_is_told_again():
    world = World({"http://a/": lines(1), "http://b/": lines(1), "http://c/": lines(1)})
    look = await world.look(Feed("http://a/"), Feed("http://b/", "socks5"), Feed("http://c/", "https"))
    assert (look.added, look.duplicate) == (3, 0)


async def test_batches_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 100)
    world = World({"http://a/": lines(*range(1_000))})
    look = await world.look()
    assert look.added == 1_000
    assert len(world.batches) >= 2
    assert max(map(len, world.batches)) < 100 + MOST_ROWS


async def test_an_answer_without_a_proxy_is_a_failure_with_its_reason():
    world = World({"http://a/": b"Array\n" * 1323, "http://b/": b"", "http://c/": b"{"})
    assert (await world.look()).problems == [
        "holds no proxy in 1323 rows, 1323 of them: nothing on the line looks like a proxy"
    ]
    assert (await world.look(Feed("http://b/"))).problems == ["answered with nothing"]
    look = await world.look(Feed("http://c/"), format="json")
    assert (look.outcome, look.problems) == ("failed", ["holds no proxy in 1 rows, 1 of them: not legal JSON"])
    assert look.validators == {}, "a failure must not be taken for unchanged the next time"


async def test_a_feed_that_fails_costs_only_itself():
    world = World({"http://a/": lines(1), "http://b/": Fetched("failed", problem="answered 503", retry_after=9.0)})
    look = await world.look(Feed("http://a/"), Feed("http://b/"), Feed("http://c/"))
    assert (look.outcome, look.added, look.retry_after) == ("partial", 1, 9.0)
    assert look.problems == ["answered 503", "answered 404"]


async def test_nothing_there_now_may_be_a_good_answer():
    look = await World({}).look(Feed("http://a/", may_be_absent=True))
    assert (look.outcome, look.read) == ("ok", 0)
    assert (await World({}).look(Feed("http://a/"))).outcome == "failed"


async def test_validators_are_kept_of_what_was_read_and_of_what_is_unchanged():
    told = {digest("http://a/"): ("old", None), digest("http://b/"): ("b", None), "gone": ("x", None)}
    world = World({"http://a/": lines(1), "http://b/": Fetched("unchanged")})
    look = await world.look(Feed("http://a/"), Feed("http://b/"), validators=told)
    assert world.asked == [("http://a/", "old"), ("http://b/", "b")]
    assert look.validators == {digest("http://a/"): ("etag of http://a/", None), digest("http://b/"): ("b", None)}
    unchanged = await world.look(Feed("http://b/"), validators=told)
    assert (unchanged.outcome, unchanged.read) == ("unchanged", 0)


@pytest.mark.parametrize("etag", ["x" * 257, "é", "a\nb", "\x00"])
async def test_validators_that_could_not_be_sent_back_are_left_out(etag):
    world = World({"http://a/": Fetched("ok", iter([lines(1)]), etag, "yesterday")})
    assert (await world.look()).validators == {digest("http://a/"): (None, "yesterday")}
    world = World({"http://a/": Fetched("ok", iter([lines(1)]), etag)})
    assert (await world.look()).validators == {}


PAGED = Feed("http://a/{page}/{skip}", page_size=2)


async def test_pages_are_read_until_one_is_empty():
    answers = {
        "http://a/1/0": lines(1, 2),
        "http://a/2/2": lines(3, 4),
        "http://a/3/4": lines(5),
        "http://a/4/5": b"[]",
    }
    world = World(answers)
    look = await world.look(PAGED)
    assert (look.outcome, look.added, look.problems) == ("ok", 5, [])
    assert [url for url, _ in world.asked] == list(answers)
    assert look.validators == {}, "pages move"


async def test_pages_that_repeat_themselves_end():
    world = World({"http://a/1/0": lines(1, 2), "http://a/2/2": lines(2, 3), "http://a/3/4": lines(1, 3)})
    look = await world.look(PAGED)
    assert (look.outcome, look.added, look.duplicate) == ("ok", 3, 3)
    assert len(world.asked) == 3


async def test_pages_without_end_are_left_after_some():
    class Endless(dict):
        def get(self, url, default=None):
            page = int(url.split("/")[3])
            return lines(2 * page, 2 * page + 1)

    world = World(Endless())
    look = await world.look(PAGED, pages=7)
    assert (look.outcome, look.added, len(world.asked)) == ("partial", 14, 7)
    assert look.problems == ["goes on after 7 pages, which were not read"]


async def test_a_later_page_that_fails_keeps_the_earlier_ones():
    world = World({"http://a/1/0": lines(1, 2), "http://a/2/2": Fetched("failed", problem="answered 500")})
    look = await world.look(PAGED)
    assert (look.outcome, look.added, look.problems) == ("partial", 2, ["answered 500"])


async def test_more_than_a_fleet_wants_is_not_read():
    world = World({"http://a/": lines(*range(5_000))})
    look = await world.look(most=100)
    assert look.outcome == "partial"
    assert 100 <= look.added < 100 + MOST_ROWS
    assert look.problems == ["names over 100 proxies; the rest was not read"]


async def test_a_source_has_its_time():
    class Stuck(World):
        @asynccontextmanager
        async def fetch(self, url, **_):
            if url == "http://b/":
                await asyncio.Event().wait()
            yield Fetched("ok", iter([lines(1)]))

    look = await Stuck({}).look(Feed("http://a/"), Feed("http://b/"), longest=0.05)
    assert (look.outcome, look.added, look.problems) == ("partial", 1, ["took over 0.05 s in all"])


async def test_a_store_that_is_away_is_not_the_sources_fault(caplog):
    world = World({"http://a/": lines(1), "http://b/": lines(2)}, busy=True)
    with pytest.raises(StoreBusy):
        await world.look(Feed("http://a/"), Feed("http://b/"))
    assert caplog.records == [], "it is told once, by whoever asked"


async def test_others_get_their_turn_between_slices():
    """However many sources are read at once, the loop turns after at most one slice of one of them."""
    turns, done = 0, False

    async def neighbour():
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    effort = iter(range(10**9))
    world = World(
        {f"http://{n}/": lines(*range(n * 400, n * 400 + 400)) for n in range(5)}, effort=lambda: float(next(effort))
    )
    watch = asyncio.create_task(neighbour())
    look = await world.look(*(Feed(f"http://{n}/") for n in range(5)))
    done = True
    await watch
    assert look.added == 2_000
    assert turns >= 2_000 // LEAST_ROWS


def test_slices_follow_what_rows_cost():
    assert next_size(64, SLICE * 2) == 32
    assert next_size(LEAST_ROWS, SLICE * 99) == LEAST_ROWS
    assert next_size(64, SLICE / 4) == 128
    assert next_size(MOST_ROWS, 0.0) == MOST_ROWS
    assert next_size(64, SLICE * 0.7) == 64
