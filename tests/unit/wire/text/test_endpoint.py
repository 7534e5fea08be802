"""Readings of one endpoint: every order of parts, ties, and the reason when none works."""

import pytest

from proxyfleet.wire.text.checks import Draft
from proxyfleet.wire.text.endpoint import Found, endpoint, is_naked_ipv6
from proxyfleet.wire.text.entry import Extras
from proxyfleet.wire.text.reasons import Refused

H, U, P = "192.0.2.1", "alice", "s3cret"


@pytest.mark.parametrize("text", [f"{U}:{P}@{H}:80", f"{H}:80:{U}:{P}", f"{U}:{P}:{H}:80", f"{H}:80@{U}:{P}"])
@pytest.mark.parametrize("scheme", ["", "http", "socks5h"])
def test_every_order_with_and_without_scheme(text: str, scheme: str) -> None:
    written = f"{scheme.upper()}://{text}" if scheme else text
    assert endpoint(written) == Found(Draft(H, "80", U, P, scheme))


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        # passwords with : and @, split at the last @ or joined from the tail
        (f"{U}:p@ss@{H}:80", Draft(H, "80", U, "p@ss")),
        (f"{U}:p:s@{H}:80", Draft(H, "80", U, "p:s")),
        (f"{H}:80:{U}:p:s:", Draft(H, "80", U, "p:s:")),
        (f"{H}:80:{U}:p@ss", Draft(H, "80", U, "p@ss")),
        (f"{H}:80@{U}:p@s:s", Draft(H, "80", U, "p@s:s")),
        (f"{U}:p:s:{H}:80", Draft(H, "80", U, "p:s")),
        (f"{U}:p@ss:{H}:80", Draft(H, "80", U, "p@ss")),
        # percent-encoding in URLs only, once
        (f"http://{U}:p%40s%253A@{H}:80", Draft(H, "80", U, "p@s%3A", "http")),
        (f"http://{H}:80:{U}:p%40s", Draft(H, "80", U, "p%40s", "http")),
        (f"{U}:p%40s@{H}:80", Draft(H, "80", U, "p%40s")),
        # the rest of a URL
        (f"http://{H}:80/", Draft(H, "80", scheme="http")),
        (f"socks://{H}:80#name", Draft(H, "80", scheme="socks5")),
        (f"http://{U}:{P}@{H}:80/#x", Draft(H, "80", U, P, "http")),
        (f"http://token@{H}:80", Draft(H, "80", "token", None, "http")),
        (f"http://{U}:@{H}:80", Draft(H, "80", U, "", "http")),
        (f"http://@{H}:80", Draft(H, "80", None, None, "http")),
        (f"http://{H}:80:{U}:1#2/", Draft(H, "80", U, "1#2/", "http")),
        # IPv6
        ("[2001:db8::1]:80", Draft("[2001:db8::1]", "80")),
        (f"[2001:db8::1]:80:{U}:{P}", Draft("[2001:db8::1]", "80", U, P)),
        (f"{U}:{P}:[2001:db8::1]:80", Draft("[2001:db8::1]", "80", U, P)),
        (f"socks5://{U}:{P}@[2001:db8::1]:80", Draft("[2001:db8::1]", "80", U, P, "socks5")),
        (f"[2001:db8::1]:80@{U}:{P}", Draft("[2001:db8::1]", "80", U, P)),
        (f"[2001:db8::1]:80:{U}:a]b", Draft("[2001:db8::1]", "80", U, "a]b")),
        # a weak host loses against a strong one
        (f"{U}:8080:gw.example.com:3128", Draft("gw.example.com", "3128", U, "8080")),
        (f"{H}:8080:{U}:1234", Draft(H, "8080", U, "1234")),
        (f"{H}:8080:9090:1234", Draft(H, "8080", "9090", "1234")),
        (f"{U}:80@{H}:81", Draft(H, "81", U, "80")),
        (f"{H}:81@{U}:80", Draft(H, "81", U, "80")),
        (f"{H}:8080:gw.example.com:99999", Draft(H, "8080", "gw.example.com", "99999")),
        # claims
        (f"{H}:80:socks4", Draft(H, "80", scheme="socks4")),
    ],
)
def test_readings(text: str, draft: Draft) -> None:
    assert endpoint(text) == Found(draft)


def test_a_country_behind_the_port() -> None:
    assert endpoint(f"{H}:80:Japan") == Found(Draft(H, "80"), Extras(country="JP"))


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        (f"{H}:8080:198.51.100.7:1234", Draft(H, "8080", "198.51.100.7", "1234")),
        ("gw.example.com:8080:alice.smith:1234", Draft("gw.example.com", "8080", "alice.smith", "1234")),
        ("proxy1:8080:alice:1234", Draft("proxy1", "8080", "alice", "1234")),
        (f"{H}:80@198.51.100.7:81", Draft("198.51.100.7", "81", H, "80")),
        (f"{H}:80:{U}:x@198.51.100.7:81", Draft("198.51.100.7", "81", H, f"80:{U}:x")),
    ],
)
def test_ties_are_ambiguous(text: str, draft: Draft) -> None:
    assert endpoint(text) == Found(draft, ambiguous=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("192.0.2.1:80801.2.3.5:8080", "glued"),
        ("192.0.2.1:5678173.249.7.118:2276", "glued"),
        ("192.0.2.1:5678v177.91.44.97:4153", "glued"),
        ("192.0.2.1:8080socks5://192.0.2.2:1080", "glued"),
        ("192.0.2.1:8080http://u:p@192.0.2.2:80", "glued"),
        ("192.0.2.1:80:u:p192.0.2.2:80:u:p", "glued"),
        ("2001:db8::5:8080", "bad_ipv6"),
        ("2001:db8:0:0:0:0:0:5:8080", "bad_ipv6"),
        ("fe80:1:2:3:4:5:6:7:8080", "bad_ipv6"),
        ("2001:db8::5:8080:user:pass", "bad_ipv6"),
        ("user:pass@2001:db8::5:8080", "bad_ipv6"),
        ("::1", "bad_ipv6"),
        ("[2001:db8::1", "bad_ipv6"),
        ("[2001:db8::1]:x:192.0.2.1:80", "bad_ipv6"),
        ("ss://YWVzLTI1Ni1nY206cGFzcw@192.0.2.1:8388#x", "unsupported_scheme"),
        ("vmess://eyJhZGQiOiIxOTIuMC4yLjEifQ==", "unsupported_scheme"),
        ("trojan://p@192.0.2.1:443", "unsupported_scheme"),
        ("socks://dTpwQDE5Mi4wLjIuMToxMDgw#name", "unsupported_scheme"),
        ("ftp://192.0.2.1:21", "unsupported_scheme"),
        ("192.0.2.1", "no_port"),
        ("192.0.2.1:", "no_port"),
        ("gw.example.com", "no_port"),
        ("192.0.2.1:808010", "bad_port"),
        ("192.0.2.1:99999:u:p", "bad_port"),
        ("192.0.2.1:port", "bad_port"),
        ("192.0.2.1:80:alice", "bad_credentials"),
        ("192.0.2.1:80:", "bad_credentials"),
        ("alice@192.0.2.1:80", "bad_credentials"),
        ("alice:secret@", "bad_credentials"),
        ("http://u:%ff@192.0.2.1:80", "bad_encoding"),
        ("http://example.com/list.txt", "no_proxy"),
        ("https://example.com:443/list.txt", "no_proxy"),
        ("Array", "no_proxy"),
        ("[ProxyList]", "no_proxy"),
        ("std::vector", "no_proxy"),
        ("address:Port", "no_proxy"),
        ("", "no_proxy"),
    ],
)
def test_the_reason_when_nothing_works(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        endpoint(text)
    assert refused.value.code == code


def test_ipv6_without_brackets() -> None:
    assert is_naked_ipv6("2001:db8::1")
    assert is_naked_ipv6("1:2:3:4:5:6:7:8")
    assert not is_naked_ipv6("192.0.2.1:80:dead::beef")
    assert not is_naked_ipv6("a:b:c")
