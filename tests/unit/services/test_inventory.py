"""Changes by hand reach the store, all or none."""

import random

import pytest

from proxyfleet.core.errors import BadProxy, UnknownProxy
from proxyfleet.core.fleet import FleetState
from proxyfleet.lab.builders import some_proxies
from proxyfleet.services.editing import change_from
from proxyfleet.services.inventory import edit, fill, record, records
from proxyfleet.stores.memory import MemoryStore


@pytest.fixture
async def store():
    made = MemoryStore()
    await made.put(some_proxies(3))
    return made


async def test_records_by_id(store):
    assert [proxy.id for proxy in await records(store)] == [1, 2, 3]
    assert [proxy.id for proxy in await records(store, {3, 1, 9})] == [1, 3]
    assert (await record(store, 2)).id == 2
    with pytest.raises(UnknownProxy):
        await record(store, 9)


async def test_edits_are_all_or_none(store):
    assert await edit(store, [1, 3], change_from(["country=DE"])) == 2
    assert [proxy.labels.country for proxy in await records(store)] == ["DE", None, "DE"]
    with pytest.raises(BadProxy):
        await edit(store, [1, 2], change_from(["port=99999"]))
    assert {proxy.port for proxy in await records(store)} == {8080}
    assert await edit(store, [9], change_from(["country=DE"])) == 0


async def test_a_fleet_is_filled(store):
    fleet = FleetState(rng=random.Random(1))
    assert await fill(fleet, store, 0.0) == 3
    assert list(fleet) == [1, 2, 3]
