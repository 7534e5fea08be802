"""`[providers.NAME]`: named by their owner, read like every other setting, keys never shown."""

from decimal import Decimal

import pytest

from proxyfleet.core.proxy import Secret
from proxyfleet.core.purchase import Money
from proxyfleet.settings import SettingsError, load, rows
from proxyfleet.settings.accounts import account_keys, in_file, is_account_key, meanings_of_accounts, names_in, sections
from proxyfleet.settings.load import environment

FILE = """
[providers.shop]
kind = "px6"
budget = "50.5 usd"
country = "de"
renew_within = 3
renew_selector = "min_score=0.5"
[providers.shop.options]
url = "http://127.0.0.1:1"
version = 4
[providers.other]
kind = "webshare"
"""
ENVIRON = {"HOME": "/h", "PROXYFLEET_PROVIDERS_SHOP_KEY": "canary", "PROXYFLEET_PROVIDERS_SHOP_DAYS": "7"}


def loaded(tmp_path, text, **environ):
    (tmp_path / "fleet.toml").write_text(text)
    return load(config=str(tmp_path / "fleet.toml"), environ=ENVIRON | environ)


def test_file_and_environment_make_one_section(tmp_path):
    told = loaded(tmp_path, FILE)
    shop = told.settings.providers["shop"]
    assert (shop.kind, shop.key, shop.budget) == ("px6", Secret("canary"), Money(Decimal("50.5"), "USD"))
    assert (shop.country, shop.days, shop.renew_within, dict(shop.options)) == (
        "DE",
        7,
        3,
        {"url": "http://127.0.0.1:1", "version": "4"},
    )
    assert list(told.settings.providers) == ["other", "shop"]
    assert told.warnings == ()


def test_people_see_everything_but_the_key(tmp_path):
    shown = {row.key: row for row in rows(loaded(tmp_path, FILE))}
    assert shown["providers.shop.key"].value == "***"
    assert shown["providers.shop.budget"].value == "50.5 USD"
    assert shown["providers.shop.days"].variable == "PROXYFLEET_PROVIDERS_SHOP_DAYS"
    assert "canary" not in str(shown) + repr(loaded(tmp_path, FILE))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[providers.shop]\nkey = "canary2"', "use PROXYFLEET_PROVIDERS_SHOP_KEY or key_file"),
        ('[providers.shop]\nbudget = "much"', "give an amount and a currency"),
        ('[providers.shop]\ncolour = "red"', "there is no such setting"),
        ('[providers.Shop]\nkind = "x"', "'Shop' is no name of a provider"),
        ('[providers]\nkind = "x"', "kind is no table; write"),
        ('providers = "x"', "name each account"),
        ('[providers.shop]\nkey_file = "k"', "two sources of one key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    with pytest.raises(SettingsError) as failed:
        loaded(tmp_path, text)
    assert told in str(failed.value)
    assert "canary" not in str(failed.value)


def test_variables_alone_are_enough_and_tell_their_provider():
    environ = {
        "PROXYFLEET_PROVIDERS_MY_SHOP_KEY_FILE": "k",
        "PROXYFLEET_PROVIDERS_A_RENEW_DAYS": "3",
        "PROXYFLEET_X": "",
    }
    assert names_in(environ) == ["a", "my_shop"]
    assert load(environ=environ | {"HOME": "/h"}).settings.providers["my_shop"].key_file == "k"


def test_commands_that_we_start_do_not_get_the_keys(monkeypatch):
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_KEY", "canary")
    monkeypatch.setenv("PROXYFLEET_PROVIDERS_SHOP_DAYS", "7")
    assert "PROXYFLEET_PROVIDERS_SHOP_KEY" not in environment()
    assert is_account_key("PROXYFLEET_PROVIDERS_SHOP_KEY")
    assert "PROXYFLEET_PROVIDERS_SHOP_DAYS" in environment()


def test_every_field_is_explained():
    assert [key.rpartition(".")[2] for key in account_keys("x")] == list(meanings_of_accounts())
    assert list(in_file({"a": {"kind": "k"}})) == [("a", "kind", "k")]
    assert sections({"providers.a.kind": "k", "store": "x"})["a"].kind == "k"
