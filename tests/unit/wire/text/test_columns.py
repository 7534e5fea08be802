"""Headers in many spellings name our fields."""

from pathlib import Path

import pytest

from proxyfleet.wire.text.columns import SYNONYMS, column, header


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("IP Address", "ip"), ("ip_address", "ip"), ("Host", "host"), ("PORT", "port"), ("countryCode", "country_code"),
        ("user", "username"), ("Login", "username"), ("пароль", "password"), ("端口", "port"), ("账号", "username"),
        ("anonymityLevel", "anonymity"), ("Https", "https"), ("Version", "scheme"), ("date_end", "expires_at"),
        ("Cost per GB", "cost_per_gb"), ("exit_ip", "exit_address"), ("Last Checked", None), ("", None), ("x" * 999, None),
    ],
)  # fmt: skip
def test_names(name: str, field: str | None) -> None:
    assert column(name) == field


def test_no_name_means_two_things() -> None:
    names = [name.casefold() for names in SYNONYMS.values() for name in names]
    assert len(names) == len(set(names))


def test_a_header_names_address_and_port() -> None:
    assert header(["Ip", "Port", "What", "Address"]) == ["ip", "port", None, None]
    assert header(["proxy", "country"]) == ["proxy", "country"]
    assert header(["Country", "Port"]) is None
    assert header(["192.0.2.1", "80"]) is None


@pytest.mark.parametrize(("field", "names"), SYNONYMS.items())
def test_the_documentation_lists_every_name(field: str, names: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[4] / "docs/reference/text-formats.md").read_text("utf-8")
    assert f"| `{field}` | {', '.join(names)} |" in page
