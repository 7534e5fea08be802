"""A proxy out of a provider's words: judged like every other, and never lost for its date."""

import pytest

from proxyfleet.core.proxy import Kind, Scheme
from proxyfleet.providers.answers import Unreadable
from proxyfleet.providers.making import Parts, expires_at, proxy_of

USUAL = Parts("198.51.100.7", "8080", "SOCKS", "user", "canary", "us", expires="1728646261")


def made(**changes):
    return proxy_of(USUAL._replace(**changes), "main", "proxy 7", allow_private=True)


def test_the_usual():
    proxy = made(exit_address="2001:db8::1", kind=Kind.ROTATING)
    assert (proxy.scheme, proxy.host, proxy.port, proxy.username) == (Scheme.SOCKS5, "198.51.100.7", 8080, "user")
    assert (proxy.password.reveal(), proxy.expires_at, proxy.labels.country) == ("canary", 1728646261, "US")
    assert (proxy.labels.provider, proxy.labels.kind) == ("main", Kind.ROTATING)
    assert proxy.details.exit_address == "2001:db8::1"
    assert made(exit_address="198.51.100.7").details is None
    assert made(host="2001:db8::9").host == "2001:db8::9"
    assert made(username="", password="").username is None


def test_an_address_that_is_not_public_names_the_option():
    with pytest.raises(Unreadable, match="proxy 7: its address is not public, and the option allow_private"):
        proxy_of(USUAL._replace(host="10.0.0.7"), "main", "proxy 7", allow_private=False)


@pytest.mark.parametrize("date", ["2021-02-30", "soon", "99.99.9999", "0"])
def test_a_date_that_cannot_be_read_never_loses_the_proxy(date):
    proxy = made(expires=date)
    assert proxy.expires_at is None
    assert date in proxy.details.notes
    assert expires_at(date) == (None, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "canary host"},
        {"port": "0"},
        {"port": "x"},
        {"scheme": "mtproto"},
        {"username": "", "password": "canary"},
    ],
)
def test_what_is_no_proxy_says_where_and_why(changes):
    with pytest.raises(Unreadable, match="proxy 7: ") as caught:
        made(**changes)
    assert "canary" not in str(caught.value)


def test_private_addresses_only_where_they_are_welcome():
    with pytest.raises(Unreadable):
        proxy_of(USUAL._replace(host="10.0.0.1"), "main", "proxy 7", allow_private=False)
    assert made(host="10.0.0.1").host == "10.0.0.1"
