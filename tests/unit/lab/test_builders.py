"""Test data that says only what matters."""

import pytest

from proxyfleet.core.proxy import Kind, Scheme, Secret, Status
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import a_proxy, proxy_of, some_proxies


def test_a_proxy_is_active_and_numbered() -> None:
    proxy = a_proxy(300)
    assert (proxy.id, proxy.host, proxy.port, proxy.status) == (300, "198.18.1.44", 8080, Status.ACTIVE)


def test_fields_and_labels_are_given_alike() -> None:
    proxy = a_proxy(country="DE", tags=["fast"], port=1, username="u", password="p")
    assert (proxy.labels.country, proxy.labels.tags, proxy.port) == ("DE", frozenset({"fast"}), 1)
    assert proxy.password == Secret("p")


def test_many_differ_by_id_and_host() -> None:
    proxies = some_proxies(70_000, country="DE")
    assert len({proxy.identity for proxy in proxies}) == len({proxy.id for proxy in proxies}) == 70_000


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(TypeError):
        a_proxy(colour="red")


async def test_the_record_of_a_lab_proxy() -> None:
    async with Lab(socks5=1, rotating=1, username="l@b", password="p:w") as lab:
        socks, rotating = (proxy_of(proxy, country="DE") for proxy in lab.proxies)
        assert (socks.scheme, socks.host, socks.port) == (Scheme.SOCKS5, "127.0.0.1", lab["socks5-1"].port)
        assert (socks.username, socks.password, socks.labels.country) == ("l@b", Secret("p:w"), "DE")
        assert (socks.labels.kind, rotating.labels.kind) == (Kind.STATIC, Kind.ROTATING)
