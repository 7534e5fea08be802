"""Tries, pauses and mirrors, with time and chance in hand."""

from contextlib import asynccontextmanager
from random import Random

import pytest

from proxyfleet.core.source import Feed
from proxyfleet.ports import Fetched
from proxyfleet.services.persisting import Patience, Persistence, digest

FEED = Feed("http://a/", mirror="http://m/")
OK = Fetched("ok")
BUSY = Fetched("failed", problem="answered 503", again=True)
GONE = Fetched("failed", problem="answered 410")
ABSENT = Fetched("absent", problem="answered 404")


class Chance(Random):
    """Always the same."""

    def random(self):
        return 0.5


class World:
    """Answers by address, in order, the last one for ever; remembers requests and pauses."""

    def __init__(self, **answers):
        self.answers = {f"http://{host}/": list(told) for host, told in answers.items()}
        self.asked, self.paused = [], []

    @asynccontextmanager
    async def fetch(self, url, *, etag=None, modified=None):
        self.asked.append((url, etag, modified))
        told = self.answers[url]
        yield told.pop(0) if len(told) > 1 else told[0]

    async def sleep(self, seconds):
        self.paused.append(seconds)

    async def get(self, feed=FEED, validators=None, **patience):
        persistence = Persistence(self.fetch, Patience(**patience), self.sleep, Chance())
        async with persistence.get(feed, validators or {}) as fetched:
            return fetched


async def test_the_first_answer_is_taken():
    world = World(a=[OK])
    assert await world.get() is OK
    assert (world.asked, world.paused) == ([("http://a/", None, None)], [])


async def test_what_may_pass_is_tried_again_with_growing_pauses():
    world = World(a=[BUSY, BUSY, OK])
    assert await world.get(tries=3, pause=2.0) is OK
    assert world.paused == [2.5, 5.0]


async def test_then_the_mirror_is_asked_once():
    world = World(a=[BUSY], m=[OK])
    assert await world.get(tries=2) is OK
    assert [url for url, *_ in world.asked] == ["http://a/", "http://a/", "http://m/"]


async def test_when_nobody_answers_it_is_the_feeds_own_failure_that_is_told():
    world = World(a=[GONE], m=[BUSY])
    assert await world.get() is GONE
    assert [url for url, *_ in world.asked] == ["http://a/", "http://m/"], "what will not pass is not tried again"
    assert world.paused == []


@pytest.mark.parametrize(("asked", "paused"), [(7.0, [7.0]), (0.1, [1.25]), (31.0, [])])
async def test_retry_after_is_obeyed_or_left_for_the_next_look(asked, paused):
    world = World(a=[Fetched("failed", problem="429", again=True, retry_after=asked), OK])
    fetched = await world.get(Feed("http://a/"), longest_pause=30.0)
    assert world.paused == paused
    assert fetched.outcome == ("ok" if paused else "failed")


async def test_absent_is_an_answer_only_where_it_may_be():
    world = World(a=[ABSENT], m=[OK])
    assert await world.get() is OK
    assert await world.get(Feed("http://a/", mirror="http://m/", may_be_absent=True)) is ABSENT


async def test_requests_are_conditional_by_address():
    world = World(a=[BUSY], m=[OK])
    validators = {digest("http://a/"): ("e", "m"), digest("http://other/"): ("x", "x")}
    await world.get(validators=validators, tries=1)
    assert world.asked == [("http://a/", "e", "m"), ("http://m/", None, None)]


def test_a_digest_tells_addresses_apart_and_nothing_about_them():
    assert digest("http://a/?key=canary") != digest("http://a/?key=other")
    assert "canary" not in digest("http://a/?key=canary")
    assert len(digest("\ud800")) == 16
