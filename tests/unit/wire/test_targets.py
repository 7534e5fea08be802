"""Targets as people write them: one name for one host, or an error that says what fits."""

import pytest

from proxyfleet.wire.targets import target_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        (" Example.COM. ", "example.com"),
        ("example.com:8443", "example.com"),
        ("https://Example.com/a?b#c", "example.com"),
        ("http://user:pass@example.com:80/", "example.com"),
        ("HTTPS://EXAMPLE.COM", "example.com"),
        ("https://example.com?x", "example.com"),
        ("wss://example.com/socket", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("https://bücher.example:8443/", "xn--bcher-kva.example"),
        ("1.2.3.4", "1.2.3.4"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("intranet", "intranet"),
    ],
)
def test_one_name_for_one_host(text: str, host: str) -> None:
    assert target_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "https://",
            "https:///path",
            "example.com/path",
            "a b",
            "example.com:port",
            "127.1",
            "0x7f.1",
            "http://[",
        ),
        *("a..b", "é" * 300, "x" * 300, "example.com:99999"),
    ],
)
def test_what_is_no_host_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"names no host; write example\.com"):
        target_host(text)
