"""Asking proxies for tunnels: what is sent, and whose fault each refusal is."""

import pytest

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Endpoint, Scheme, Secret
from proxyfleet.gateway.handshake import ConnectHandshake, NoTunnel, handshake
from proxyfleet.gateway.routes import Routes
from proxyfleet.wire.authority import Authority
from proxyfleet.wire.http1_head import HeadLimits, response_names
from proxyfleet.wire.socks import reply4, reply5

NAMES, LIMITS = response_names(), HeadLimits()


def shake(scheme, host="a.test", user="u", password="canary"):
    routes = Routes("us", key=b"k" * 32)
    secret = None if password is None else Secret(password)
    route = routes.to(1, Endpoint(scheme, "proxy.test", 1080, user, secret))
    return handshake(route, Authority(host, 443), host, NAMES, LIMITS)


def fed(shaking, wire, step):
    return b"".join(shaking.feed(wire[start : start + step]) for start in range(0, len(wire), step))


@pytest.mark.parametrize("scheme", [Scheme.HTTP, Scheme.HTTPS])
@pytest.mark.parametrize("step", [1, 1000])
def test_connect(scheme, step):
    shaking = shake(scheme)
    assert isinstance(shaking, ConnectHandshake)
    assert shaking.start.startswith(
        b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nVia: 1.1 us\r\nProxy-Authorization: "
    )
    assert fed(shaking, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\n", step) == b""
    assert shaking.open
    assert shaking.rest == b""


def test_what_the_target_says_early_is_kept():
    for scheme, wire in ((Scheme.HTTP, b"HTTP/1.0 200 OK\r\n\r\nhi"), (Scheme.SOCKS4, reply4(0x5A) + b"hi")):
        shaking = shake(scheme)
        shaking.feed(wire)
        assert (shaking.open, shaking.rest) == (True, b"hi")


@pytest.mark.parametrize("scheme", [Scheme.SOCKS5, Scheme.SOCKS5H])
@pytest.mark.parametrize("step", [1, 1000])
def test_socks5(scheme, step):
    shaking = shake(scheme)
    assert shaking.start == b"\x05\x02\x00\x02"
    assert fed(shaking, b"\x05\x02", step) == b"\x01\x01u\x06canary"
    assert fed(shaking, b"\x01\x00", step) == b"\x05\x01\x00\x03\x06a.test\x01\xbb"
    fed(shaking, reply5(0), step)
    assert shaking.open


def test_credentials_go_only_where_there_are_any():
    assert shake(Scheme.SOCKS5, user=None, password=None).start == b"\x05\x01\x00"
    assert shake(Scheme.SOCKS4A).start == b"\x04\x01\x01\xbb\x00\x00\x00\x01u\x00a.test\x00"
    assert shake(Scheme.SOCKS4, user=None, password=None).start.startswith(b"\x04\x01\x01\xbb\x00\x00\x00\x01\x00a")
    assert b"Authorization" not in shake(Scheme.HTTP, user=None, password=None).start


LOGIN = b"\x05\x00"


@pytest.mark.parametrize(
    ("scheme", "host", "wire", "category", "code"),
    [
        (Scheme.HTTP, "a.test", b"HTTP/1.1 407 No\r\n\r\n", Category.AUTHENTICATION, "proxy_auth"),
        (Scheme.HTTP, "a.test", b"HTTP/1.1 200 OK\r\nX: y\n\n", Category.PROTOCOL, "proxy_protocol"),
        (Scheme.HTTP, "a.test", b"HTTP/1.1 100 C\r\n\r\n" * 20, Category.PROTOCOL, "proxy_protocol"),
        (Scheme.SOCKS5, "a.test", b"\x05\xff", Category.AUTHENTICATION, "proxy_auth"),
        (Scheme.SOCKS5, "a.test", b"\x05\x02\x01\x01", Category.AUTHENTICATION, "proxy_auth"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(1), Category.NETWORK, "proxy_failed"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(2), Category.BANNED, "proxy_banned"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(4), Category.NETWORK, "proxy_failed"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(5), Category.NETWORK, "proxy_failed"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(7), Category.PROTOCOL, "proxy_protocol"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(8), Category.PROTOCOL, "proxy_protocol"),
        (Scheme.SOCKS5, "2001:db8::1", LOGIN + reply5(8), Category.BANNED, "proxy_banned"),
        (Scheme.SOCKS5, "a.test", LOGIN + reply5(200), Category.NETWORK, "proxy_failed"),
        (Scheme.SOCKS5, "a.test", b"HTTP/1.1 400 Bad\r\n", Category.PROTOCOL, "proxy_protocol"),
        (Scheme.SOCKS4, "a.test", reply4(0x5B), Category.NETWORK, "proxy_failed"),
        (Scheme.SOCKS4, "a.test", reply4(0x5D), Category.AUTHENTICATION, "proxy_auth"),
        (Scheme.SOCKS4, "a.test", b"\x05\x00", Category.PROTOCOL, "proxy_protocol"),
    ],
)
def test_whose_fault_a_refusal_is(scheme, host, wire, category, code):
    with pytest.raises(NoTunnel) as no:
        fed(shake(scheme, host), wire, 1)
    assert no.value.blame[:3] == (category, Phase.HANDSHAKE, code)
    assert "canary" not in str(no.value)


@pytest.mark.parametrize(
    ("scheme", "host", "user", "category"),
    [
        (Scheme.SOCKS4, "2001:db8::1", "u", Category.BANNED),
        (Scheme.SOCKS4A, "a.test", "u" * 256, Category.AUTHENTICATION),
        (Scheme.SOCKS5, "a.test", "u" * 256, Category.AUTHENTICATION),
        (Scheme.SOCKS5, "a.test", "", Category.AUTHENTICATION),
    ],
)
def test_what_the_protocol_cannot_carry(scheme, host, user, category):
    with pytest.raises(NoTunnel) as no:
        shake(scheme, host, user)
    assert no.value.blame.category is category
