"""Lists that change while they are read: none twice, none lost, and always an end."""

from itertools import count

import pytest

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.core.purchase import Item
from proxyfleet.ports.buying import Away
from proxyfleet.providers import listing
from proxyfleet.providers.listing import Page, settled

PROXY = Proxy(Scheme.HTTP, "198.51.100.1", 80)


def items(numbers):
    return [Item(str(number), PROXY) for number in numbers]


def reading(*readings):
    """Each reading is a list of pages of numbers, the last one for ever; counts how often it was read."""
    done = count()

    async def read():
        for page in readings[min(next(done), len(readings) - 1)]:
            yield page if isinstance(page, Page) else Page(items(page))

    return read, done


async def got(read):
    return [int(one.remote_id) async for page in settled("main", read) for one in page]


async def test_one_page_is_read_once():
    read, done = reading([[1, 2]])
    assert await got(read) == [1, 2]
    assert next(done) == 1


async def test_an_empty_list_is_one():
    assert await got(reading([])[0]) == []
    assert await got(reading([[]])[0]) == []


async def test_several_pages_are_read_until_nothing_is_new():
    read, done = reading([[1, 2], [4]], [[2, 3], [4]])
    assert await got(read) == [1, 2, 4, 3]
    assert next(done) == 3


async def test_none_twice():
    assert await got(reading([[1, 2, 2], [2, 3]])[0]) == [1, 2, 3]


async def test_shorter_than_it_says_is_not_whole():
    with pytest.raises(Away, match="changes while it is read"):
        await got(reading([[1], Page(items([2]), 3)])[0])
    assert await got(reading([Page(items([1]), 2)], [Page(items([1, 2]), 2)])[0]) == [1, 2]


async def test_the_same_page_for_ever_has_an_end():
    async def read():
        while True:
            yield Page(items([1, 2]))

    with pytest.raises(Away):
        await got(read)


async def test_always_others_have_an_end_too(monkeypatch):
    monkeypatch.setattr(listing, "MOST_ITEMS", 100)

    async def read():
        for first in count(0, 10):
            yield Page(items(range(first, first + 10)))

    with pytest.raises(Away, match="lists more than 100 proxies"):
        await got(read)


async def test_and_so_have_empty_pages(monkeypatch):
    monkeypatch.setattr(listing, "MOST_PAGES", 50)

    async def read():
        while True:
            yield Page([])

    with pytest.raises(Away, match="for ever"):
        await got(read)
