"""`providers buy | prolong | replace | settle`: asked for first, bought once, and told as it is."""

import pytest
from tests.sellersite import KEY, quick, served, settings_text


@pytest.fixture
def shop(run, home, monkeypatch):
    quick(monkeypatch)
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_KEY", KEY)
    monkeypatch.setenv("PROXYFLEET_CONFIG", "fleet.toml")
    with served() as site:
        (home / "fleet.toml").write_text(settings_text(site))
        run.site = site
        yield run


def test_nothing_is_bought_unasked(shop):
    assert "give --yes" in shop("providers", "buy", "shop").err
    dry = shop("providers", "buy", "shop", "--count", "2", "--dry-run", "--json").json
    assert dry == {"dry_run": True, "would": "buy 2 proxies for 30 days", "price": "3.00 USD"}
    assert shop.site.shop.booked == []
    assert shop("providers", "orders", "--json").json == []


def test_the_same_key_buys_once(shop):
    first = shop("providers", "buy", "shop", "--count", "2", "--yes", "--key", "monday", "--json").json
    again = shop("providers", "buy", "shop", "--count", "2", "--yes", "--key", "monday", "--json").json
    assert first == again
    assert (first["state"], first["price"], first["count"]) == ("done", "3.00 USD", 2)
    assert shop.site.shop.spent() == 1
    assert len(shop("list", "--json").json) == 2
    [event] = [one for one in shop("events", "--json").json if one["what"] == "proxies_bought"]
    assert event["subject"] == "shop"


def test_the_budget_holds(shop):
    done = shop("providers", "buy", "shop", "--count", "14", "--yes")
    assert done.code == 1
    assert "it costs 21.00 USD, and 20.00 USD of the month's budget is left" in done.err
    assert shop.site.shop.booked == []


def test_a_lost_answer_is_told_and_settled(shop):
    shop.site.fault("lost", on="buy", times=1)
    done = shop("providers", "buy", "shop", "--yes", "--key", "k")
    assert done.code == 1
    assert "do not order again" in done.err
    assert shop("providers", "buy", "shop", "--yes", "--key", "k").code == 1
    assert shop("providers", "orders", "--open").code == 1
    assert "is still open" in shop("providers", "buy", "shop", "--yes").err
    [settled] = shop("providers", "sync", "shop", "--json").json["settled"]
    assert settled.endswith(" done")
    assert shop.site.shop.spent() == 1


def test_a_person_who_has_looked_settles(shop):
    shop.site.fault("drop", on="buy", times=1)
    shop("providers", "buy", "shop", "--yes")
    [row] = shop("providers", "orders", "--json").json
    assert row["state"] == "unclear"
    assert "say one of --bought and --void" in shop("providers", "settle", row["tag"]).err
    assert shop("providers", "settle", row["tag"], "--void").code == 1, "nothing was bought"
    [row] = shop("providers", "orders", "--json").json
    assert (row["state"], row["because"].startswith("said by ")) == ("void", True)
    assert "it is void already" in shop("providers", "settle", row["tag"], "--bought").err


def test_proxies_are_prolonged_by_selector(shop):
    shop("providers", "buy", "shop", "--count", "2", "--yes")
    row = shop("providers", "prolong", "shop", "id=1", "--days", "10", "--yes", "--json").json
    assert (row["verb"], row["count"], row["state"], row["price"]) == ("prolong", 1, "done", "0.50 USD")
    days = [one["days_left"] for one in sorted(shop("list", "--json").json, key=lambda one: one["id"])]
    assert days in ([39, 29], [40, 30], [40, 29], [39, 30])
    assert "is meant by 'id=9'" in shop("providers", "prolong", "shop", "id=9", "--yes").err
    assert "an empty selector" in shop("providers", "prolong", "shop", "", "--yes").err


def test_what_a_provider_does_not_offer(shop):
    shop("providers", "buy", "shop", "--yes")
    assert "does not offer to replace" in shop("providers", "replace", "shop", "all", "--yes").err
