"""One condition: what each operator means for single values, sets, numbers and what is not set."""

from decimal import Decimal

import pytest

from proxyfleet.core.clause import FIELDS, Clause, Found, Op, Profile, Value, tier_of
from proxyfleet.core.proxy import LABEL_FIELDS, Kind, Labels, ProxyType, Scheme

TAGS = frozenset({"a", "b"})
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("op", "values", "found", "accepted"),
    [
        ("=", ("US",), "US", True),
        ("=", ("US",), "DE", False),
        ("=", ("US", "DE"), "DE", True),
        ("=", ("US",), None, False),
        ("=", (None,), None, True),
        ("=", (None,), "US", False),
        ("=", ("US", None), None, True),
        ("!=", ("US",), "US", False),
        ("!=", ("US", "DE"), "FR", True),
        ("!=", ("US",), None, True),
        ("!=", (None,), None, False),
        ("!=", (None,), "US", True),
        ("=", ("a",), TAGS, True),
        ("=", ("c", "b"), TAGS, True),
        ("=", ("c",), TAGS, False),
        ("=", ("a",), NONE, False),
        ("=", (None,), NONE, True),
        ("=", (None,), TAGS, False),
        ("!=", ("a",), TAGS, False),
        ("!=", ("c",), TAGS, True),
        ("!=", ("a",), NONE, True),
        ("!=", (None,), NONE, False),
        ("!=", (None,), TAGS, True),
        (">=", (3,), 3, True),
        (">=", (3,), 2, False),
        ("<=", (3,), 3, True),
        ("<=", (3,), 4, False),
        (">", (3,), 3, False),
        (">", (3,), 4, True),
        ("<", (3,), 3, False),
        ("<", (3,), 2, True),
        (">=", (Decimal("0.5"),), 0.5, True),
        ("<", (Decimal("0.5"),), 0.4999, True),
        (">", (Decimal("1.10"),), Decimal("1.2"), True),
        (">=", (3,), None, False),
        ("<=", (3,), None, False),
        (">=", (3,), "9", False),
        (">=", (3,), TAGS, False),
        (">=", (None,), 3, False),
    ],
)
def test_what_an_operator_accepts(op: str, values: tuple[Value | None, ...], found: Found, accepted: bool) -> None:
    assert Clause("any", Op(op), values).accepts(found) is accepted


@pytest.mark.parametrize(
    ("clause", "text"),
    [
        (Clause("country", Op.EQ, ("US", "DE")), "country=US,DE"),
        (Clause("tag", Op.NE, ("a b",)), 'tag!="a b"'),
        (Clause("tag", Op.EQ, ("a\tb",)), 'tag="a\tb"'),
        (Clause("tag", Op.EQ, ("a\u00a0b",)), 'tag="a\u00a0b"'),
        (Clause("tag", Op.EQ, ("a,b", "c=d")), 'tag="a,b","c=d"'),
        (Clause("region", Op.EQ, (None,)), "region="),
        (Clause("free", Op.GE, (2,)), "free>=2"),
        (Clause("cost_per_gb", Op.LT, (Decimal("0.50"),)), "cost_per_gb<0.50"),
    ],
)
def test_the_text_of_a_clause_can_be_read_again(clause: Clause, text: str) -> None:
    assert str(clause) == text


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("scheme", "SOCKS5H", "socks5h"),
        ("family", "Socks5", "socks5"),
        ("kind", "rotating", "rotating"),
        ("type", "Mobile", "mobile"),
        ("country", "us", "US"),
        ("claimed_country", "de", "DE"),
        ("asn", "AS64500", 64_500),
        ("asn", "as64500", 64_500),
        ("tag", "Fast", "Fast"),
        ("currency", "eur", "EUR"),
        ("host", "Example.COM", "example.com"),
        ("port", "8080", 8080),
        ("health", "0.5", Decimal("0.5")),
        ("status", "Active", "active"),
    ],
)
def test_how_the_text_of_a_field_is_read(field: str, text: str, value: Value) -> None:
    assert FIELDS[field].read(text) == value


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("scheme", "ftp", "'ftp' is none of http, https, socks4"),
        ("family", "socks5h", "'socks5h' is none of http, https, socks4, socks5"),
        ("type", "moon", "'moon' is none of datacenter, residential, mobile, isp"),
        ("country", "USA", "not a country code of two letters, such as US"),
        ("country", "1A", "not a country code"),
        ("country", "ÄÖ", "not a country code"),
        ("asn", "ASX", "'X' is not a whole number"),
        ("port", "-1", "'-1' is not a whole number"),
        ("port", "٣", "is not a whole number"),
        ("id", "9" * 19, "is not a whole number"),
        ("health", "much", "'much' is not a number"),
        ("health", "nan", "'nan' is not a finite number"),
        ("cost_per_gb", "inf", "'inf' is not a finite number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(field: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FIELDS[field].read(text)


def test_label_fields_are_read_from_the_profile() -> None:
    labels = Labels(
        Kind.ROTATING, ProxyType.ISP, "US", "Texas", "Austin", 7, TAGS, "p", "s", "elite", measured_country="CA"
    )
    profile = Profile(Scheme.SOCKS5H, labels)
    found = {name: field.label(profile) for name, field in FIELDS.items() if field.label is not None}
    assert found == {
        "scheme": "socks5h",
        "family": "socks5",
        "kind": "rotating",
        "type": "isp",
        "country": "CA",
        "claimed_country": "US",
        "measured_country": "CA",
        "region": "Texas",
        "city": "Austin",
        "asn": 7,
        "tag": TAGS,
        "provider": "p",
        "source": "s",
        "anonymity": "elite",
        "measured_anonymity": None,
        "cost_per_month": None,
        "cost_per_gb": None,
        "currency": None,
        "tier": None,
    }


def test_every_label_of_a_proxy_can_be_asked_for() -> None:
    assert {name.removesuffix("s") for name in LABEL_FIELDS} <= set(FIELDS)


@pytest.mark.parametrize(
    ("per_gb", "per_month", "tier"),
    [
        (None, None, None),
        (Decimal("1.5"), None, "1.5/0"),
        (None, Decimal("3"), "0/3"),
        (Decimal("1E+1"), Decimal("0.10"), "10/0.10"),
    ],
)
def test_the_tier_is_the_price(per_gb: Decimal | None, per_month: Decimal | None, tier: str | None) -> None:
    assert tier_of(Labels(cost_per_gb=per_gb, cost_per_month=per_month)) == tier
