"""Country names of lists become ISO codes."""

import pytest

from proxyfleet.wire.text.countries import country_code

NAMES = {
    "Bangladesh": "BD", "Cambodia": "KH", "Russia": "RU", "Russian Federation": "RU", "South Korea": "KR",
    "The Netherlands": "NL", "Netherlands": "NL", "United States": "US", "Isle of Man": "IM", "Hong Kong": "HK",
    "Czech Republic": "CZ", "Slovak Republic": "SK", "Iran": "IR", "Viet Nam": "VN", "Türkiye": "TR", "Turkey": "TR",
    "United Kingdom": "GB", "UK": "GB", "USA": "US", "Côte d'Ivoire": "CI", "Sri Lanka": "LK", "South Africa": "ZA",
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), NAMES.items())
def test_names(name: str, code: str) -> None:
    assert country_code(name) == country_code(name.upper()) == country_code(f"  {name} ") == code


@pytest.mark.parametrize("code", ["US", "de", "XK"])
def test_codes_stay(code: str) -> None:
    assert country_code(code) == code.upper()


@pytest.mark.parametrize("word", ["", "XX", "alice", "Narnia", "ZZ"])
def test_other_words_are_no_country(word: str) -> None:
    assert country_code(word) is None
