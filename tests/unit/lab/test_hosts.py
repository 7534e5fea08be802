"""Names lead to targets, addresses stay on this machine."""

from dataclasses import dataclass

import pytest

from proxyfleet.lab.hosts import Hosts
from proxyfleet.lab.judging import Refusal


@dataclass(frozen=True)
class Site:
    port: int
    tls_port: int
    host: str = "127.0.0.1"


@pytest.fixture
def hosts() -> Hosts:
    hosts = Hosts()
    hosts.point("*.lab", Site(1000, 1001))
    hosts.point("Shop.lab", Site(2000, 2001))
    hosts.point("*.eu.lab", Site(3000, 3001))
    return hosts


@pytest.mark.parametrize(
    ("host", "port", "found"),
    [
        ("a.lab", 80, 1000),
        ("a.b.lab", 443, 1001),
        ("a.lab", 8443, 1001),
        ("a.lab", 1001, 1001),
        ("a.lab", 9999, 1000),
        ("shop.lab", 80, 2000),
        ("x.shop.lab", 80, 1000),
        ("a.eu.lab", 80, 3000),
    ],
)
def test_names_and_ports(hosts: Hosts, host: str, port: int, found: int) -> None:
    assert hosts.find(host, port) == ("127.0.0.1", found)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1"])
def test_loopback_addresses_lead_where_they_say(hosts: Hosts, host: str) -> None:
    assert hosts.find(host, 7) == (host, 7)
    assert hosts.find("localhost", 7) == ("127.0.0.1", 7)


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::", "::ffff:8.8.8.8", "2001:db8::1", "64:ff9b::7f00:1"],
)
def test_nothing_else_is_reached_even_if_every_name_is_known(hosts: Hosts, host: str) -> None:
    hosts.point("*", Site(1, 2))
    refusal = hosts.find(host, 80)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reply) == (403, 2)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "elsewhere.net", "lab", ""])
def test_other_names_are_unknown_and_never_looked_up(hosts: Hosts, host: str) -> None:
    refusal = hosts.find(host, 80)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reply) == (502, 4)


def test_a_name_can_be_taken_back(hosts: Hosts) -> None:
    hosts.forget("SHOP.lab")
    hosts.forget("never.lab")
    assert hosts.find("shop.lab", 80) == ("127.0.0.1", 1000)
    assert hosts.names() == ("*.eu.lab", "*.lab")
