"""ProxyConfig: reading servers, equality, what Playwright gets, the environment."""

import pytest

from proxyfleet import FleetError, ProxyConfig
from proxyfleet.core.proxy import Scheme
from proxyfleet.pool.config import bracketed, from_environment, read_server


@pytest.mark.parametrize(
    ("server", "protocol", "expected"),
    [
        ("proxy.example:8080", None, ("http://proxy.example:8080", None, None)),
        ("http://proxy.example:8080", None, ("http://proxy.example:8080", None, None)),
        ("proxy.example:1080", "socks5", ("socks5://proxy.example:1080", None, None)),
        ("http://al:p%40ss@proxy.example:8080", None, ("http://proxy.example:8080", "al", "p@ss")),
        ("proxy.example:8080:al:secret", None, ("http://proxy.example:8080", "al", "secret")),
        ("socks5h://[2001:db8::1]:1080", None, ("socks5h://[2001:db8::1]:1080", None, None)),
        ("10.0.0.1:3128", None, ("http://10.0.0.1:3128", None, None)),
    ],
)
def test_server_is_read_in_every_form(server, protocol, expected):
    config = ProxyConfig(server, protocol=protocol)
    assert (config.server, config.username, config.password) == expected


def test_explicit_credentials_win_over_those_in_the_server():
    config = ProxyConfig("http://a:b@proxy.example:80", "user", "secret")
    assert (config.username, config.password) == ("user", "secret")


def test_playwright_gets_credentials_only_where_there_are_any():
    assert ProxyConfig("http://h.example:1").to_playwright_config() == {"server": "http://h.example:1"}
    assert ProxyConfig("http://h.example:1", "u", "p").to_playwright_config() == {
        "server": "http://h.example:1",
        "username": "u",
        "password": "p",
    }


def test_configs_are_equal_by_their_fields_whatever_the_order_of_tags():
    one = ProxyConfig("h.example:1", "u", "p", tags=["a", "b"])
    assert one == ProxyConfig("http://h.example:1", "u", "p", tags=("b", "a"))
    assert hash(one) == hash(ProxyConfig("http://h.example:1", "u", "p", tags=("b", "a")))
    assert one != ProxyConfig("h.example:1", "u", "other", tags=["a", "b"])


def test_repr_shows_no_secret():
    assert "hunter2" not in repr(ProxyConfig("h.example:1", "username", "hunter2"))
    assert "username" not in repr(ProxyConfig("h.example:1", "username", "hunter2")).replace("username=", "")


def test_the_record_for_the_core_has_every_field():
    proxy = ProxyConfig("socks5://h.example:1080", "u", "p", region="eu", tags=["x"]).to_proxy(7, 3)
    assert (proxy.id, proxy.scheme, proxy.host, proxy.port, proxy.slots) == (7, Scheme.SOCKS5, "h.example", 1080, 3)
    assert proxy.password is not None
    assert proxy.password.reveal() == "p"
    assert (proxy.labels.region, proxy.labels.tags) == ("eu", frozenset({"x"}))


@pytest.mark.parametrize(
    ("server", "protocol"), [("nonsense", "http"), ("h.example:99999", "http"), ("h.example:1", "ftp")]
)
def test_a_server_that_cannot_be_read_is_refused_with_a_remedy(server, protocol):
    with pytest.raises(FleetError, match=r"use|write|correct|remove"):
        read_server(server, protocol)


def test_ipv6_hosts_are_bracketed():
    assert (bracketed("2001:db8::1"), bracketed("h.example")) == ("[2001:db8::1]", "h.example")


def test_environment_seeds_both_ways_and_a_bad_part_costs_only_itself():
    environ = {
        "PROXY_SERVER": "one.example:80",
        "PROXY_USERNAME": "u",
        "PROXY_PASSWORD": "p",
        "PROXY_LIST": "two.example:81, ,nonsense,socks5://a:b@three.example:1080",
    }
    found, problems = from_environment(environ)
    assert [c.server for c in found] == [
        "http://one.example:80",
        "http://two.example:81",
        "socks5://three.example:1080",
    ]
    assert (found[0].username, found[0].password) == ("u", "p")
    assert len(problems) == 1
    assert problems[0].startswith("PROXY_LIST, part 2")
