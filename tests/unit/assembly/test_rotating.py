"""Rotation over real sockets: what is called, what is refused, and an order to a running node."""

from dataclasses import replace
from random import Random

from proxyfleet.assembly.opening import Opened
from proxyfleet.assembly.rotating import REFUSED, Rotation, rotate_stored, shown
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Details, Measured, Secret
from proxyfleet.core.selector import Selector
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.inventory import fill
from proxyfleet.services.questions import Questions
from proxyfleet.services.rotating import Turn
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import ChecksSection
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0


def told(**checks):
    return Settings(checks=ChecksSection(**{"rotate_private": True, "rotate_timeout": 0.5, **checks}))


async def stored(*urls):
    store = MemoryStore()
    measured = Measured("203.0.113.9")
    await store.put(
        [
            replace(a_proxy(number), details=Details(refresh_url=Secret(url), measured=measured))
            for number, url in enumerate(urls, 1)
        ]
    )
    return store


async def test_every_end_of_a_call_and_no_url_in_any():
    async with Lab() as lab:
        base = lab.target.url
        ends = ["/status/200", "/status/503", "/redirect/1", "/delay/5"]
        store = await stored(*(f"{base}{path}?canary" for path in ends), "http://127.0.0.1:9/canary", "nonsense canary")
        found = await rotate_stored(told(), Opened(store, store), Selector.parse("id<=6"))
    assert [one.why for one in found] == [
        None,
        "it was answered with status 503",
        None,
        "it was not answered in time",
        "it could not be called",
        "it could not be called",
    ]
    assert "canary" not in repr(list(map(shown, found)))


async def test_addresses_that_are_not_public_are_refused_unless_allowed():
    async with Lab() as lab:
        store = await stored(f"{lab.target.url}/status/200")
        (one,) = await Rotation(told(rotate_private=False), store).rotate([1])
        assert (one.turn, one.why) == (Turn.FAILED, REFUSED)
        own = Rotation(told(rotate_least=0.0), store, own=lambda: [(lab.target.host, lab.target.port)])
        assert (await own.rotate([1]))[0].turn is Turn.FAILED
        assert lab.target.served == 0


async def test_an_operator_orders_it_of_a_node():
    async with Lab() as lab:
        store, fleet = await stored(f"{lab.target.url}/status/200", "http://127.0.0.1:9/"), FleetState(rng=Random(1))
        await fill(fleet, store, NOW)
        questions = Questions(fleet, lambda: NOW, rotate=Rotation(told(), store).order)
        answer = await questions.order("rotate", "id=1,2")
    assert answer["rotate"] == 1
    assert [one["result"] for one in answer["results"]] == ["rotated", "failed"]
