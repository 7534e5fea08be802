"""Cells: claims that cannot be read are dropped, terms that cannot be read refuse the row."""

from decimal import Decimal

import pytest

from proxyfleet.wire.text.cells import claims_of, tags_of
from proxyfleet.wire.text.reasons import Refused


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("country", "Germany", {"country": "DE"}),
        ("country_code", "uk", {"country": "GB"}),
        ("country", "Narnia", {"country": None}),
        ("asn", "AS46562 Performive LLC", {"asn": 46562}),
        ("asn", "3320", {"asn": 3320}),
        ("asn", "Telekom", {"asn": None}),
        ("asn", "99999999999", {"asn": None}),
        ("anonymity", "high", {"anonymity": "elite"}),
        ("type", "residential", {"type": "residential", "anonymity": None}),
        ("type", "elite", {"type": None, "anonymity": "elite"}),
        ("tags", "a, b;a", {"tags": ("a", "b")}),
        ("kind", "Rotating", {"kind": "rotating"}),
        ("capacity", "5", {"capacity": 5}),
        ("cost_per_month", "$1.50", {"cost_per_month": Decimal("1.50"), "currency": "USD"}),
        ("cost_per_gb", "2,5 EUR", {"cost_per_gb": Decimal("2.5"), "currency": "EUR"}),
        ("cost_per_month", "3", {"cost_per_month": Decimal(3), "currency": None}),
        ("currency", "usd", {"currency": "USD"}),
        ("refresh_url", "https://change.example/k", {"refresh_url": "https://change.example/k"}),
        ("expires_at", "1970-01-01", {"expires_at": 86399.0}),
        ("city", "Berlin", {"city": "Berlin"}),
        ("port", "80", {}),
    ],
)
def test_cells(field: str, text: str, told: dict[str, object]) -> None:
    assert claims_of(field, text) == told


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("kind", "odd"),
        ("capacity", "0"),
        ("capacity", "1e9"),
        ("cost_per_month", "cheap"),
        ("cost_per_gb", "1e999999"),
        ("currency", "dollars"),
        ("refresh_url", "javascript:alert(1)"),
        ("capacity", "-1"),
    ],
)
def test_terms_that_cannot_be_read(field: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        claims_of(field, text)
    assert (refused.value.code, refused.value.detail) == ("bad_value", f"column {field}")


def test_tags_of_a_list() -> None:
    assert tags_of(["a ", "", 5, "a"]) == ("a", "5")
