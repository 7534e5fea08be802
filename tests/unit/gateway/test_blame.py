"""Blame: which answers are the proxy's fault, which the target's, and what each means."""

import pytest

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.gateway.blame import DIAL, of_answer, of_connect
from proxyfleet.gateway.refusals import REFUSALS
from proxyfleet.net.dial import Obstacle
from proxyfleet.wire.http1_head import HeadLimits, parse_response, response_names


def head(status, reason=b"", *fields):
    return parse_response(b"\r\n".join([b"HTTP/1.1 %d %b" % (status, reason), *fields]), response_names(), HeadLimits())


CONNECT = [
    (407, b"Proxy Authentication Required", b"", Category.AUTHENTICATION),
    (407, b"Traffic limit reached", b"", Category.QUOTA),
    (407, b"", b"Your bandwidth quota is used up", Category.QUOTA),
    (597, b"UPSTREAM597", b"", Category.AUTHENTICATION),
    (402, b"Payment Required", b"", Category.QUOTA),
    (429, b"", b"", Category.RATE_LIMIT),
    (403, b"Forbidden", b"", Category.BANNED),
    (403, b"Forbidden", b"unusual traffic", Category.BANNED),
    (451, b"", b"", Category.BANNED),
    (500, b"Unable to connect", b"", Category.NETWORK),
    (502, b"", b"", Category.NETWORK),
    (503, b"", b"", Category.NETWORK),
    (504, b"", b"", Category.NETWORK),
    (522, b"", b"", Category.NETWORK),
    (590, b"", b"", Category.NETWORK),
    (490, b"", b"", Category.NETWORK),
    (501, b"", b"", Category.PROTOCOL),
    (505, b"", b"", Category.PROTOCOL),
    (400, b"", b"", Category.PROTOCOL),
    (404, b"", b"", Category.PROTOCOL),
    (405, b"", b"", Category.PROTOCOL),
    (302, b"Found", b"", Category.PROTOCOL),
]


@pytest.mark.parametrize(("status", "reason", "body", "category"), CONNECT)
def test_refused_tunnels(status, reason, body, category):
    blame = of_connect(head(status, reason), body)
    assert (blame.category, blame.phase) == (category, Phase.HANDSHAKE)
    assert blame.code in REFUSALS


@pytest.mark.parametrize(
    ("code", "category"),
    [(b"client_10100", Category.QUOTA), (b"target_502", Category.TARGET), (b"bad_endpoint", Category.BANNED)],
)
def test_a_code_says_more_than_the_status_of_a_refused_tunnel(code, category):
    blame = of_connect(head(403, b"", b"X-Brd-Err-Code: " + code), b"")
    assert (blame.category, blame.code in REFUSALS) == (category, True)


@pytest.mark.parametrize("status", [200, 204, 301, 403, 404, 429, 451, 500, 502, 503, 504, 522])
def test_a_plain_status_is_the_targets(status):
    assert of_answer(head(status), b"") is None


@pytest.mark.parametrize(
    ("status", "fields", "category"),
    [
        (407, [], Category.AUTHENTICATION),
        (407, [b"X-Error-Description: traffic limit reached"], Category.QUOTA),
        (200, [b"x-brd-err-code: zone_1"], Category.NETWORK),
        (200, [b"x-brd-err-code: client_10100"], Category.QUOTA),
        (403, [b"x-brd-err-msg: Usage limit", b"X-BRD-Err-Code: client_10100"], Category.QUOTA),
        (502, [b"x-brd-err-code: client_10060"], Category.AUTHENTICATION),
        (
            400,
            [b'Proxy-Status: brd; error=destination_ip_unroutable; details="client-10060: no IP"'],
            Category.AUTHENTICATION,
        ),
        (502, [b"x-brd-err-code: target_502"], Category.TARGET),
        (502, [b"x-brd-err-msg: target host failed"], Category.NETWORK),
        (502, [b"x-luminati-error-code: x"], Category.NETWORK),
        (502, [b"X-BRD-Error: no peer"], Category.NETWORK),
        (502, [b"x-luminati-error: x"], Category.NETWORK),
        (522, [b"X-Error-Description: timeout"], Category.NETWORK),
        (403, [b"X-Error-Description: restricted target"], Category.BANNED),
        (429, [b"X-Error-Description: concurrency"], Category.RATE_LIMIT),
        (402, [b"x-brd-err-code: zone_2"], Category.QUOTA),
        (402, [b"x-brd-err-code: bad_endpoint"], Category.BANNED),
        (502, [b"Proxy-Status: edge; received-status=200, up; error=destination_unavailable"], Category.NETWORK),
    ],
)
def test_a_field_of_the_provider_makes_it_the_proxys(status, fields, category):
    blame = of_answer(head(status, b"", *fields), b"")
    assert (blame.category, blame.phase) == (category, Phase.EXCHANGE)
    assert blame.code in REFUSALS


@pytest.mark.parametrize(
    ("status", "field"),
    [
        (200, b"Proxy-Status: up; error=destination_unavailable"),
        (502, b"Proxy-Status: edge; error=dns_error, up; received-status=502"),
        (502, b"Proxy-Status: up"),
    ],
)
def test_proxy_status_of_others_proves_nothing(status, field):
    assert of_answer(head(status, b"", field), b"") is None


@pytest.mark.parametrize(
    ("value", "seconds"), [(b"7", 7.0), (b"999999", 3600.0), (b"Wed, 21 Oct 2026 07:28:00 GMT", 0.0), (b"-1", 0.0)]
)
def test_retry_after(value, seconds):
    assert of_connect(head(429, b"", b"Retry-After: " + value), b"").retry_after == seconds


def test_every_obstacle_of_a_dial_has_its_blame():
    assert set(DIAL) == set(Obstacle)
    assert {blame.phase for blame in DIAL.values()} == {Phase.DIAL}
    assert DIAL[Obstacle.OURS].category is None
    assert DIAL[Obstacle.TIMED_OUT].category is Category.TIMEOUT
