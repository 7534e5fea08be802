"""What is concluded from answers: verdicts, anonymity, what health learns, and where claims and measurements disagree."""

from dataclasses import replace

import pytest

from proxyfleet.core.checks import (
    CLAIMED,
    Anonymity,
    Finding,
    Said,
    Seen,
    Verdict,
    Way,
    anonymity_of,
    by_address,
    endpoint_for,
    other_ways,
)
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Details, Scheme
from proxyfleet.lab.builders import a_proxy

DIRECT = Seen("192.0.2.1", {"host": "judge", "user-agent": "proxyfleet"})
ELITE = Seen("203.0.113.9", DIRECT.headers)
GOOD = Said(Way.HTTP, seconds=0.2, seen=ELITE)


def failed(category, phase=Phase.EXCHANGE, way=Way.HTTP, **more):
    return Said(way, Category(category), phase, **more)


def finding(*said, **proxy):
    return Finding(a_proxy(1, **proxy), said, DIRECT)


@pytest.mark.parametrize(
    ("added", "level"),
    [
        ({}, Anonymity.ELITE),
        ({"x-request-id": "7"}, Anonymity.ELITE),
        ({"host": "192.0.2.1"}, Anonymity.ELITE),
        ({"via": "1.1 squid"}, Anonymity.ANONYMOUS),
        ({"x-forwarded-for": "198.51.100.4"}, Anonymity.ANONYMOUS),
        ({"x-forwarded-for": "192.0.2.11"}, Anonymity.ANONYMOUS),
        ({"x-forwarded-for": "10.0.0.1, 192.0.2.1"}, Anonymity.TRANSPARENT),
        ({"forwarded": 'for="192.0.2.1:4711"'}, Anonymity.TRANSPARENT),
        ({"x-anything": "192.0.2.1"}, Anonymity.TRANSPARENT),
    ],
)
def test_only_what_the_proxy_adds_counts(added, level):
    assert anonymity_of(Seen("203.0.113.9", DIRECT.headers | added), DIRECT) is level


def test_what_the_judge_sees_of_everybody_is_nobodys_fault():
    behind = Seen("192.0.2.1", {"x-forwarded-for": "192.0.2.1", "via": "1.1 cdn"})
    assert anonymity_of(Seen("203.0.113.9", behind.headers), behind) is Anonymity.ELITE


@pytest.mark.parametrize(
    ("said", "verdict", "category"),
    [
        ((GOOD,), Verdict.WORKS, None),
        ((failed("protocol"), GOOD._replace(way=Way.CONNECT)), Verdict.WORKS, None),
        ((failed("network"), GOOD._replace(way=Way.SOCKS5)), Verdict.OTHER_PROTOCOL, "protocol"),
        ((failed("connect", Phase.DIAL),), Verdict.DEAD, "connect"),
        ((failed("timeout", Phase.DIAL),), Verdict.DEAD, "timeout"),
        ((failed("timeout"), failed("timeout")), Verdict.DEAD, "timeout"),
        ((failed("timeout"), failed("protocol")), Verdict.FAILED, "timeout"),
        ((failed("protocol", Phase.DIAL),), Verdict.FAILED, "protocol"),
        ((failed("network"), failed("authentication")), Verdict.REFUSED, "authentication"),
        ((failed("connect", Phase.DIAL, ours=True),), Verdict.UNKNOWN, None),
        ((), Verdict.UNKNOWN, None),
    ],
)
def test_the_verdict_and_its_reason(said, verdict, category):
    one = finding(*said)
    assert (one.verdict, one.category) == (verdict, category)


def test_health_learns_as_from_traffic_and_names_no_target():
    assert finding(GOOD).outcome.response_time == 0.2
    dead = finding(failed("connect", Phase.DIAL)).outcome
    assert (dead.category, dead.phase, dead.target) == ("connect", Phase.DIAL, None)
    assert finding(failed("timeout", ours=True)).outcome is None


def test_claims_stay_beside_what_was_measured():
    one = finding(
        failed("network"),
        GOOD._replace(way=Way.SOCKS5, seen=Seen("203.0.113.9", {"via": "x"})),
        anonymity="elite",
        details=Details(exit_address="203.0.113.8"),
    )
    assert list(one.disagreements) == [
        ("protocol", "http", "socks5"),
        ("anonymity", "elite", "anonymous"),
        ("exit_address", "203.0.113.8", "203.0.113.9"),
    ]
    assert list(finding(GOOD).disagreements) == []
    assert one.proxy.labels.anonymity == "elite"


def test_the_worst_level_counts_and_tls_is_told_where_it_was_asked():
    one = finding(GOOD._replace(seen=Seen("203.0.113.9", {"via": "x"})), GOOD._replace(way=Way.CONNECT, tls=True))
    assert (one.anonymity, one.tls) == (Anonymity.ANONYMOUS, True)
    assert finding(GOOD).tls is None
    assert finding(GOOD, Said(Way.CONNECT, Category.PROTOCOL, Phase.EXCHANGE, tls=False)).tls is False


@pytest.mark.parametrize("scheme", list(Scheme))
def test_every_way_is_either_claimed_or_another(scheme):
    assert {*CLAIMED[scheme.family], *other_ways(scheme)} == set(Way)
    endpoint = replace(a_proxy(1), scheme=scheme).endpoint
    for way in Way:
        spoken = endpoint_for(endpoint, way)
        assert way in CLAIMED[spoken.scheme.family]
        assert spoken == endpoint or way in other_ways(scheme)


def test_what_a_list_calls_https_is_connect_and_is_told_where_it_fails():
    listed = replace(a_proxy(1), details=Details(protocols=("http", "https")))
    forwards = Said(Way.HTTP, seen=DIRECT)
    shut = Said(Way.CONNECT, Category.BANNED, Phase.HANDSHAKE)
    assert Finding(listed, (forwards, shut), DIRECT).disagreements == [("protocol", "https (CONNECT)", "http")]
    assert Finding(listed, (forwards, Said(Way.CONNECT, seen=DIRECT)), DIRECT).disagreements == []
    assert Finding(listed, (forwards,), DIRECT).disagreements == []


def test_a_plain_proxy_and_one_behind_tls_are_asked_apart():
    endpoint = a_proxy(1, scheme=Scheme.HTTPS).endpoint
    assert endpoint_for(endpoint, Way.HTTPS_CONNECT).scheme is Scheme.HTTPS
    assert endpoint_for(endpoint, Way.CONNECT).scheme is Scheme.HTTP
    assert [by_address(scheme) for scheme in (Scheme.SOCKS4, Scheme.SOCKS5, Scheme.SOCKS5H, Scheme.HTTP)] == [
        True,
        True,
        False,
        False,
    ]
