"""Destinations as requests name them: read, judged, remembered."""

import pytest

from proxyfleet.gateway import places as module
from proxyfleet.gateway.places import Places
from proxyfleet.gateway.settings import Failover, GatewaySettings, Timers
from proxyfleet.wire.http1_head import HeadError, HeadLimits, parse_request, request_names

PLACES = Places(GatewaySettings())


def request(line, host=None):
    fields = b"" if host is None else b"\r\nHost: " + host
    return parse_request(line + b" HTTP/1.1" + fields, request_names(), HeadLimits())


@pytest.mark.parametrize(
    ("target", "host", "wire", "path"),
    [
        (b"http://Example.COM/x?y", b"Example.COM", b"example.com", b"/x?y"),
        (b"http://example.com:80", b"example.com", b"example.com", b"/"),
        (b"http://example.com:8080/", b"example.com:8080", b"example.com:8080", b"/"),
        (b"http://[2606:2800:220:1:0::1]/", b"[2606:2800:220:1::1]", b"[2606:2800:220:1::1]", b"/"),
    ],
)
def test_plain_destinations(target, host, wire, path):
    place, found = PLACES.of_plain(request(b"GET " + target, host))
    assert (place.wire, found) == (wire, path)


def test_tunnels():
    assert PLACES.of_tunnel(request(b"CONNECT example.com:443", b"example.com")).wire == b"example.com:443"


@pytest.mark.parametrize(
    ("line", "host", "status", "code"),
    [
        (b"GET http://example.com/", b"other.com", 400, "host_mismatch"),
        (b"GET http://example.com/", None, 400, "host_missing"),
        (b"GET http://127.0.0.1/", b"127.0.0.1", 403, "destination_private"),
        (b"GET http://localhost/", b"localhost", 403, "destination_private"),
        (b"GET http://2130706433/", b"2130706433", 400, "bad_authority"),
        (b"GET /x", b"example.com", 400, "not_a_proxy_request"),
        (b"CONNECT example.com:25", b"example.com:25", 403, "connect_port"),
        (b"CONNECT 10.0.0.1:443", b"10.0.0.1:443", 403, "destination_private"),
        (b"CONNECT example.com", b"example.com", 400, "bad_authority"),
        (b"CONNECT http://example.com/", b"example.com", 400, "bad_authority"),
    ],
)
def test_refusals(line, host, status, code):
    find = PLACES.of_tunnel if line.startswith(b"CONNECT") else PLACES.of_plain
    for _ in range(2):
        with pytest.raises(HeadError) as refused:
            find(request(line, host))
        assert (refused.value.status, refused.value.code) == (status, code)


def test_a_changed_policy_is_applied_after_forgetting():
    places = Places(GatewaySettings(allow_private_targets=True))
    head = request(b"GET http://127.0.0.1:9/", b"127.0.0.1:9")
    places.of_plain(head)
    places.policy.own.add(("127.0.0.1", 9))
    places.forget()
    with pytest.raises(HeadError) as refused:
        places.of_plain(head)
    assert refused.value.code == "own_address"


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_PLACES", 3)
    places = Places(GatewaySettings())
    for number in range(9):
        host = b"h%d.com" % number
        places.of_plain(request(b"GET http://" + host + b"/", host))
    assert len(places.plain) <= 3
    long = b"a." * 125 + b"com"
    places.of_plain(request(b"GET http://" + long + b":00080/", long))
    assert all(len(written) <= 256 for written in places.plain)


def test_a_slow_target_is_waited_for_longer_and_forgotten_slowly():
    places = Places(GatewaySettings())
    place = places.of_tunnel(request(b"CONNECT example.com:443", b"example.com"))
    assert (place.wait, place.slow) == (3.0, 1.0)
    places.slower(place, 8.0)
    assert (place.wait, place.slow) == (24.0, 8.0)
    places.slower(place, 50.0)
    assert place.wait == 60.0
    waits = []
    for now in (100.0, 110.0, 130.0, 160.0, 190.0, 220.0, 250.0):
        places.sweep(now)
        waits.append(place.wait)
    assert waits == [30.0, 30.0, 15.0, 7.5, 3.75, 3.0, 3.0]
    assert place.slow == 1.0


def test_patience_never_outlasts_the_timers():
    short = GatewaySettings(timers=Timers(response_head=2.0))
    assert Places(short).of_socks(b"example.com:443").wait == 2.0
    off = GatewaySettings(failover=Failover(patience=0.0))
    assert Places(off).of_socks(b"example.com:443").wait == 60.0
