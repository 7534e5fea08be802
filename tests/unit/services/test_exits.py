"""Several entries behind one measured exit are seen and counted; claims do not count."""

from dataclasses import replace
from random import Random

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Details, Kind, Measured
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.exits import by_exit, counted, exit_of
from proxyfleet.services.read_models import row, stats


def leaving(number, exit_address, claimed=None, **labels):
    details = Details(exit_address=claimed, measured=Measured(exit_address, network="Net") if exit_address else None)
    return replace(a_proxy(number, **labels), details=details)


def a_fleet(**rules):
    fleet = FleetState(Rules(**rules), rng=Random(1))
    told = ["203.0.113.1", "203.0.113.2", "203.0.113.1", None, "203.0.113.1"]
    for number, exit_address in enumerate(told, 1):
        fleet.add(leaving(number, exit_address, claimed="198.51.100.1", measured_country="DE"), 0.0)
    fleet.take(1, 0.0)
    return fleet


def test_they_are_grouped_by_what_was_measured():
    fleet = a_fleet()
    first, second = by_exit([row(fleet, one, 0.0) for one in fleet])
    assert (first["exit"], first["ids"], first["proxies"]) == ("203.0.113.1", [1, 3, 5], 3)
    assert (first["capacity"], first["free"], first["country"], first["network"]) == (15, 14, "DE", "Net")
    assert second["ids"] == [2]


def test_where_they_share_a_capacity_it_counts_once():
    fleet = a_fleet(share_exits=True)
    fleet.add(leaving(6, "203.0.113.1", kind=Kind.ROTATING), 0.0)
    first, second = by_exit([row(fleet, one, 0.0) for one in fleet], shared=True)
    assert (first["capacity"], first["free"]) == (5 + 1000, 4 + 1000)
    assert (second["capacity"], second["free"]) == (5, 5)


def test_the_fleet_counts_them():
    told = stats(a_fleet(), 0.0)
    assert (told["exits"], told["shared_exits"], told["behind_shared_exits"]) == (2, 1, 3)
    assert counted([]) == {"exits": 0, "shared_exits": 0, "behind_shared_exits": 0}
    assert exit_of(a_proxy(1)) is None
