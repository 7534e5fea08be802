"""Proxy-Seller's own words: sections, periods, reasons, countries, and what its errors mean."""

from collections.abc import Mapping
from typing import Any, Final

from proxyfleet.ports.buying import Refused
from proxyfleet.providers.alpha3 import ALPHA2
from proxyfleet.providers.answers import Unreadable, rows, table, told

SECTIONS: Final = ("ipv4", "ipv6", "mobile", "isp", "mix", "mix_isp")
"""Those that sell proxies; `resident` and `scraper` sell traffic."""
BY_ORDER: Final = frozenset({"ipv6", "mix", "mix_isp"})
"""Those that are prolonged by whole orders."""
PERIODS: Final[Mapping[int, str]] = {
    7: "1w", 14: "2w", 30: "1m", 60: "2m", 90: "3m", 180: "6m", 270: "9m", 360: "12m"
}  # fmt: skip
REASONS: Final = frozenset({"NOT_WORK", "INCORRECT_LOCATION", "CANT_CHANGE_NETWORK", "LOW_SPEED"})
ERRORS: Final = {14: "bad_terms", 16: "no_money", 29: "not_found", 57: "in_progress", 503: "no_access"}
"""503 comes as three errors at once, of which nobody can tell the one that is meant: key, address or limit."""


def period_of(days: int) -> str | None:
    """Its word for so many days; a year is its twelve months."""
    return PERIODS.get(360 if days == 365 else days)


def country_of(alpha3: str, name: str) -> str:
    """A country that `wire.text.countries` reads."""
    return ALPHA2.get(alpha3.upper()) or ALPHA2.get(name.upper()) or name


def refusal(value: Any) -> Refused | None:
    """What the envelope says: `success` with data, or `error` with the reasons."""
    whole = table(value, "the answer")
    if whole.get("status") == "success" and "data" in whole:
        return None
    if whole.get("status") != "error":
        raise Unreadable("its status is neither success nor error")
    reasons = [table(one, "an error") for one in rows(whole.get("errors"), "errors")]
    if not reasons:
        raise Unreadable("it fails without a reason")
    code = reasons[0].get("code")
    if isinstance(code, bool) or not isinstance(code, int) or code <= 0:
        raise Unreadable("an error without a code")
    if code == 503:
        return Refused(
            "no_access", "it lets nobody in: the key is wrong, this address is not on its list, or the limit is reached"
        )
    return Refused(ERRORS.get(code, f"proxyseller_{code}"), f"{told(reasons[0], 'message') or 'no'} (error {code})")
