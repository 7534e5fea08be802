"""Words beside an endpoint: what they claim, and which may be user names."""

import pytest

from proxyfleet.wire.text.words import anonymity, claim, is_yes, proxy_type


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("SOCKS5", ("scheme", "socks5")),
        ("socks", ("scheme", "socks5")),
        ("US", ("country", "US")),
        ("UK", ("country", "GB")),
        ("United States", ("country", "US")),
        ("elite proxy", ("anonymity", "elite")),
        ("Transparent", ("anonymity", "transparent")),
        ("250ms", ("noise", "")),
        ("[China Mobile]", ("noise", "")),
        ("🇺🇸", ("noise", "")),
        ("yes", ("noise", "")),
        ("", ("noise", "")),
    ],
)
def test_known_words(word: str, told: tuple[str, str]) -> None:
    assert claim(word) == told


@pytest.mark.parametrize("word", ["alice", "us", "jordan", "XX", "p@ss", "Alice"])
def test_other_words_may_be_user_names(word: str) -> None:
    assert claim(word) is None


def test_anonymity_and_types_by_their_many_names() -> None:
    assert [anonymity("HIGH"), anonymity("Elite  proxy"), anonymity("low"), anonymity("?")] == [
        "elite",
        "elite",
        "transparent",
        None,
    ]
    assert [proxy_type("DC"), proxy_type("4G"), proxy_type("static-residential"), proxy_type("x")] == [
        "datacenter",
        "mobile",
        "isp",
        None,
    ]


def test_yes() -> None:
    assert all(map(is_yes, [True, "yes", "True", "1", " Y "]))
    assert not any(map(is_yes, [False, None, "no", "", 1.5, "false"]))
