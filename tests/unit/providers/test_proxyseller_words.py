"""Proxy-Seller's words."""

import pytest

from proxyfleet.providers.answers import Unreadable
from proxyfleet.providers.proxyseller_words import country_of, period_of, refusal


def test_periods_and_countries():
    assert [period_of(days) for days in (7, 30, 360, 365, 31)] == ["1w", "1m", "12m", "12m", None]
    assert country_of("FRA", "") == "FR"
    assert country_of("", "deu") == "DE"
    assert country_of("", "France") == "France"


def test_envelopes():
    assert refusal({"status": "success", "data": None}) is None
    assert refusal({"status": "error", "errors": [{"code": 16, "message": "no"}]}).code == "no_money"
    assert refusal({"status": "error", "errors": [{"code": 57, "message": "busy"}]}).code == "in_progress"
    for odd in (
        [], {}, {"status": "success"}, {"status": "error"}, {"status": "error", "errors": []},
        {"status": "error", "errors": [{"code": 0}]}, {"status": "error", "errors": [{"code": "16"}]},
        {"status": "error", "errors": [{"code": True}]},
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            refusal(odd)
