"""`providers renew | scale`: told with a price, done on a word."""

import pytest
from tests.sellersite import KEY, quick, served, settings_text


@pytest.fixture
def shop(run, home, monkeypatch):
    quick(monkeypatch)
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_KEY", KEY)
    monkeypatch.setenv("PROXYFLEET_CONFIG", "fleet.toml")
    with served() as site:
        scaling = '\n[scaling]\nbelow = 10\nproviders = ["shop"]\n'
        (home / "fleet.toml").write_text(settings_text(site, renew_within=3, renew_days=10) + scaling)
        run.site = site
        yield run


def test_what_expires_soon_is_prolonged(shop):
    shop.site.shop.buy(2, 2, "DE")
    shop.site.shop.buy(1, 20, "DE")
    shop("providers", "sync", "shop")
    dry = shop("providers", "renew", "shop", "--dry-run", "--json").json
    assert (len(dry["due"]), dry["price"], dry["prolonged"]) == (2, "1.00 USD", 0)
    assert "give --yes" in shop("providers", "renew", "shop").err
    assert shop.site.shop.spent("prolong") == 0
    done = shop("providers", "renew", "shop", "--yes", "--json").json
    assert (done["prolonged"], len(done["orders"]), done["why"]) == (2, 1, None)
    assert shop("providers", "renew", "shop", "--yes", "--json").json["due"] == []
    assert shop.site.shop.spent("prolong") == 1


def test_a_fleet_that_is_too_small_is_refilled(shop):
    shop("import", "-", text="http://8.8.8.8:80\n")
    assert shop("providers", "scale", "--dry-run").out == "5 slots free: would buy 2 from shop for 3.00 USD\n"
    assert shop.site.shop.booked == []
    assert shop("providers", "scale", "--yes", "--json").json["told"] == "5 slots free: 2 bought from shop for 3.00 USD"
    assert shop("providers", "scale", "--yes").out == "15 slots free: enough\n"


def test_without_a_rule_it_says_which_is_missing(run, home, monkeypatch):
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_KIND", "px6")
    assert "say `renew_within` in [providers.shop]" in run("providers", "renew", "shop").err
    assert "say `below` in [scaling]" in run("providers", "scale").err
