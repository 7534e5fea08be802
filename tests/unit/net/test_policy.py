"""Destinations: private ones refused unless allowed, our own places always."""

import pytest

from proxyfleet.net.policy import DestinationPolicy

PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("168.63.129.16", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::ffff:10.0.0.1"),
    *("localhost", "a.localhost", "printer.local", "metadata.google.internal", "intranet", "x.home.arpa", "metadata"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_and_local_destinations_are_refused(host):
    assert DestinationPolicy().judge(host, 80) == "destination_private"
    assert DestinationPolicy(allow_private=True).judge(host, 80) is None


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "2606:2800:220:1::1", "example.com", "a.co", "xn--bcher-kva.example"]
)
def test_others_pass(host):
    assert DestinationPolicy().judge(host, 80) is None


@pytest.mark.parametrize(
    ("own", "host"),
    [
        (("10.1.2.3", 8899), "10.1.2.3"),
        (("127.0.0.1", 8899), "127.0.0.1"),
        (("127.0.0.1", 8899), "localhost"),
        (("127.0.0.1", 8899), "127.1.2.3"),
        (("127.0.0.1", 8899), "0.0.0.0"),
        (("127.0.0.1", 8899), "::1"),
        (("127.0.0.1", 8899), "::ffff:127.0.0.1"),
        (("0.0.0.0", 8899), "127.0.0.1"),
        (("::", 8899), "x.localhost"),
        (("127.0.0.1", 8899), "localhost."),
        (("127.0.0.1", 8899), "::127.0.0.1"),
        (("127.0.0.1", 8899), "64:ff9b::7f00:1"),
        (("127.0.0.1", 8899), "2002:7f00:1::"),
        (("10.1.2.3", 8899), "::ffff:10.1.2.3"),
        (("node.example", 8899), "node.example."),
    ],
)
def test_our_own_places_are_refused_even_where_private_ones_are_allowed(own, host):
    policy = DestinationPolicy(allow_private=True, own=[own])
    assert policy.judge(host, 8899) == "own_address"
    assert policy.judge_tunnel(host, 8899) == "own_address"
    assert policy.judge(host, 8898) is None


def test_tunnels_go_to_few_ports_only():
    policy = DestinationPolicy(ports=[443])
    assert policy.judge_tunnel("example.com", 443) is None
    assert policy.judge_tunnel("example.com", 25) == "connect_port"
    assert policy.judge_tunnel("127.0.0.1", 443) == "destination_private"
    assert DestinationPolicy(ports=None).judge_tunnel("example.com", 25) is None


@pytest.mark.parametrize(
    "host", ["0177.0.0.1", "2130706433", "a.0x7f", "127.1", "①②⑦.0.0.1", "a b", "", "fe80::1%2", "[::1]"]
)
def test_what_has_a_second_reading_is_refused_even_where_private_ones_are_allowed(host):
    assert DestinationPolicy(allow_private=True).judge(host, 80) == "destination_private"
