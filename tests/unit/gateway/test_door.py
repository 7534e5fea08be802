"""The door: totals, shares and networks."""

import pytest

from proxyfleet.gateway.door import Door, client_key, keeps_out, peer_host
from proxyfleet.gateway.settings import GatewaySettings, Limits


def test_total_and_share_are_bounded_and_given_back():
    door = Door(GatewaySettings(limits=Limits(connections_per_client=2)), 3)
    assert [door.enter("a"), door.enter("a"), door.enter("a")] == [None, None, "overloaded"]
    assert [door.enter("b"), door.enter("c")] == [None, "overloaded"]
    door.leave("a")
    assert door.enter("c") is None
    for who in "abc":
        door.leave(who)
    assert (door.total, door._inside) == (0, {})


def test_only_allowed_networks_get_in():
    door = Door(GatewaySettings(allow_clients=("10.0.0.0/8", "2001:db8::/32")), 9)
    assert door.enter("10.1.2.3") is None
    assert door.enter("2001:db8:1:2::/64", "2001:db8:1:2::9") is None
    assert door.enter("11.1.2.3") == "client_not_allowed"
    assert door.enter("2001:db9::/64", "2001:db9::1") == "client_not_allowed"


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8::1:2:3:4", 5, 0, 0), "2001:db8::/64"),
        (("fe80::1%eth0", 5, 0, 3), "fe80::/64"),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1"),
        (None, "unknown"),
    ],
)
def test_who_is_counted_together(peer, key):
    assert client_key(peer_host(peer)) == key


def test_the_very_address_is_looked_for_in_the_allowed_networks_not_what_it_is_counted_by():
    door = Door(GatewaySettings(allow_clients=("2001:db8::/96", "2001:db8:1::5/128")), 9)
    assert door.enter("2001:db8::/64", "2001:db8::7") is None
    assert door.enter("2001:db8::/64", "2001:db8::1:0:7") == "client_not_allowed"
    assert door.enter("2001:db8:1::/64", "2001:db8:1::5") is None
    assert door.enter("2001:db8:1::/64", "2001:db8:1::") == "client_not_allowed"
    assert door.enter("unknown", peer_host(None)) == "client_not_allowed"


@pytest.mark.parametrize(
    ("networks", "kept"),
    [
        ((), False),
        (("0.0.0.0/0",), False),
        (("::/0",), False),
        (("10.0.0.0/8", "::/0"), False),
        (("0.0.0.0/1", "128.0.0.0/1"), False),
        (("10.0.0.0/8",), True),
        (("0.0.0.0/1",), True),
        (("10.0.0.0/8", "fd00::/8"), True),
    ],
)
def test_a_list_of_everybody_keeps_nobody_out(networks, kept):
    assert keeps_out(networks) is kept
