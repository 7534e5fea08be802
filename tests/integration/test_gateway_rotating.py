"""Providers' gateways (rule 5, reference on dialects): one session of ours is one of theirs, and exits are told apart."""

import pytest
from tests.integration.labkit import KEY, serving

from proxyfleet.clock import wall_clock
from proxyfleet.core.lease import Holder
from proxyfleet.core.proxy import Kind
from proxyfleet.core.rules import Rules
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.wire.dialects import token

PLACES = ("http://shop.lab/", "https://shop.lab/")


@pytest.fixture
async def lab():
    async with Lab(rotating=1, username="lab", password="lab-secret") as lab:
        yield lab


def rotating(lab, provider="generic", **labels):
    return [proxy_of(lab["rotating-1"], provider=provider, **labels)]


def login(session, *more):
    return "-".join(("alice", "session", session, *more)) + f":{KEY}"


async def test_a_session_keeps_its_exit_and_no_other_has_it(lab):
    async with serving(lab, proxies=rotating(lab)) as served:
        exits = {}
        for session in ("a", "b"):
            for place in PLACES:
                for scheme in ("http", "socks5h"):
                    seen = await served.visit(place, scheme=scheme, login=login(session))
                    exits.setdefault(session, set()).add(seen["exit"])
        assert [len(one) for one in exits.values()] == [1, 1]
        assert exits["a"] != exits["b"]
        names = {visit.session for visit in lab.target.requests}
        leases = {lease.session for lease in served.leasing.table.leases(wall_clock())}
        assert names == {token(one, 12) for one in leases}, "their sessions are made of our leases"


async def test_without_a_session_every_request_has_an_exit_of_its_own(lab):
    async with serving(lab, proxies=rotating(lab)) as served:
        code, out = await served.curl(PLACES[0], PLACES[0], PLACES[0])
        assert code == 0
        assert out.count('"exit"') == 3
        assert served.gateway.stats().reused == 0, "connections are not used again"
        assert len({visit.exit for visit in lab.target.requests}) == 3


async def test_connections_of_a_session_are_used_again_by_that_session_only(lab):
    async with serving(lab, proxies=rotating(lab)) as served:
        for session in ("a", "b", "a", "b"):
            await served.visit(PLACES[0], login=login(session))
        assert served.gateway.stats().dials == 2
        assert served.gateway.stats().reused == 2


async def test_a_dead_exit_is_the_sessions_and_not_the_endpoints(lab):
    async with serving(lab, proxies=rotating(lab), rules=Rules(open_after=2)) as served:
        for place in PLACES:
            await served.visit(place, login=login("a"))
            held = served.leasing.table.session(Holder("alice", "session a"), wall_clock())
            lab["rotating-1"].behave(dead_sessions=[token(held.session, 12)])
            code, out = await served.curl(place, "-i", login=login("a"))
            assert code == 0, out
            assert "X-Proxyfleet-Session: moved" in out
            again = served.leasing.table.session(Holder("alice", "session a"), wall_clock())
            assert again.session != held.session
        health = served.health(1)
        assert (health.circuit, health.consecutive_failures) == ("closed", 0)


async def test_an_endpoint_that_is_gone_counts(lab):
    async with serving(lab, proxies=rotating(lab)) as served:
        lab.kill(["rotating-1"])
        _, out = await served.curl(PLACES[0], "-i")
        assert "proxy_unreachable" in out
        assert served.health(1).consecutive_failures >= 1


async def test_exits_that_fail_without_a_session_are_tried_again_at_the_same_endpoint(lab):
    lab["rotating-1"].behave(error_rate=0.3, error_headers=[["X-Error-Description", "no exit"]])
    async with serving(lab, proxies=rotating(lab)) as served:
        for _ in range(6):
            for place in PLACES:
                await served.visit(place)
        assert served.gateway.stats().failovers > 0
        assert served.health(1).circuit == "closed"


async def test_refused_parameters_are_the_requests_fault(lab):
    """407 to a user name with parameters is no hard state of the endpoint (rule 9)."""
    lab["rotating-1"].behave(requires=["country"])
    async with serving(lab, proxies=rotating(lab)) as served:
        for _ in range(3):
            _, out = await served.curl(PLACES[0], "-i", login=login("a"))
            assert "proxy_auth" in out
        assert served.health(1).standing == "ready"
        assert (await served.visit(PLACES[0], login=f"alice-country-de:{KEY}"))["exit"]


async def test_the_place_is_told_to_providers_that_can_be_told(lab):
    lab["rotating-1"].behave(requires=["country"])
    static = proxy_of(lab.add("http"), country="US", kind=Kind.STATIC)
    async with serving(lab, proxies=[*rotating(lab), static]) as served:
        for _ in range(4):
            assert (await served.visit(PLACES[0], login=f"alice-country-us:{KEY}"))["proxy"] == "http-1"
        assert (await served.visit(PLACES[0], login=f"alice-country-de:{KEY}"))["proxy"] == "rotating-1"
        assert (await served.visit(PLACES[1], login=login("s", "country", "de")))["proxy"] == "rotating-1"
        first = (await served.visit(PLACES[0], login=login("s", "country", "de")))["exit"]
        assert (await served.visit(PLACES[1], login=login("s", "country", "de")))["exit"] == first
        _, out = await served.curl(PLACES[0], "-i", login=f"alice-asn-12:{KEY}")
        assert "no_proxy" in out, "this dialect has no word for a network"


async def test_an_endpoint_that_is_sold_for_a_place_is_not_told_again(lab):
    async with serving(lab, proxies=rotating(lab, country="DE")) as served:
        assert (await served.visit(PLACES[0], login=f"alice-country-de:{KEY}"))["exit"]
        _, out = await served.curl(PLACES[0], "-i", login=f"alice-country-us:{KEY}")
        assert "no_proxy" in out
    assert lab["rotating-1"].requests == 1


async def test_an_unknown_provider_is_told_nothing(lab):
    lab["rotating-1"].behave(requires=["session"])
    async with serving(lab, proxies=rotating(lab, provider="whoever")) as served:
        _, out = await served.curl(PLACES[0], "-i", login=login("a"))
        assert "proxy_auth" in out
