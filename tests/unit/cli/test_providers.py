"""`providers list | kinds | show | balance | quote | sync | orders`, against the lab's seller over HTTP."""

import pytest
from tests.sellersite import KEY, quick, served, settings_text

from proxyfleet.providers.registry import KINDS


@pytest.fixture
def shop(run, home, monkeypatch):
    """The commands, with an account `shop`; `.site` is the seller."""
    quick(monkeypatch)
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_KEY", KEY)
    monkeypatch.setenv("PROXYFLEET_CONFIG", "fleet.toml")
    with served() as site:
        (home / "fleet.toml").write_text(settings_text(site))
        run.site = site
        yield run


def test_without_accounts_it_says_how_to_set_one_up(run):
    done = run("providers", "list")
    assert (done.code, run("providers", "list", "--json").json) == (0, [])
    assert "write [providers.NAME] into the settings file" in done.err
    assert "there is no provider 'shop'" in run("providers", "balance", "shop").err


def test_kinds_tell_what_they_can_and_want(run):
    assert [row["kind"] for row in run("providers", "kinds", "--json").json] == list(KINDS)
    assert "px6" in run("providers", "kinds").out


def test_nothing_of_it_makes_a_database_or_spends(shop, home):
    assert shop("providers", "balance", "shop").out == "100.00 USD\n"
    row = shop("providers", "quote", "shop", "--count", "3", "--days", "10", "--json").json
    assert (row["price"], row["count"], row["days"]) == ("1.50 USD", 3, 10)
    assert shop("providers", "show", "shop", "--json").json == []
    assert shop("providers", "sync", "shop", "--dry-run", "--json").json["listed"] == 0
    assert not (home / "fleet.db").exists()
    assert shop.site.shop.booked == []


def test_a_list_is_taken_in(shop):
    shop.site.shop.buy(2, 30, "DE")
    row = shop("providers", "sync", "shop", "--json").json
    assert (row["listed"], row["added"], row["vanished"]) == (2, 2, [])
    assert {one["provider"] for one in shop("list", "--json").json} == {"shop"}
    del shop.site.shop.sold[11]
    row = shop("providers", "sync", "shop", "--json").json
    assert (row["unchanged"], row["vanished"]) == (1, ["http://198.18.0.1:8000"])
    assert shop("providers", "sync", "shop", "--remove", "--json").json["removed"] == 1
    [listed] = shop("providers", "list", "--json").json
    assert (listed["proxies"], listed["budget"], listed["spent"], listed["open"]) == (1, "20.00 USD", [], 0)
    assert "198.18.0.2" in shop("providers", "show", "shop").out


def test_orders_of_nobody(shop):
    assert shop("providers", "sync", "shop").code == 0
    assert shop("providers", "orders", "--json").json == []
    assert shop("providers", "orders", "--open").code == 0


def test_the_key_is_nowhere(shop, home):
    shop.site.fault("403")
    told = [shop("providers", *one) for one in (["sync", "shop"], ["list"], ["show", "shop"], ["balance", "shop"])]
    told.append(shop("config", "show"))
    assert KEY not in "".join(done.out + done.err for done in told)
    assert all(KEY.encode() not in file.read_bytes() for file in home.glob("fleet.db*"))
