"""A plain REST API."""

from proxyfleet.lab.providers import RestSite

from .conftest import ask

ORDER = {"count": 1, "days": 30, "country": "US", "note": "pf-1"}


def test_orders_and_the_list(shop):
    site = RestSite(shop)
    assert ask(site, "orders/quote", "POST", body=ORDER)[1] == {"total": 1.5, "currency": "USD"}
    told = ask(site, "orders", "POST", body=ORDER)[1]
    assert (told["id"], told["proxies"][0]["note"]) == (12345, "pf-1")
    assert ask(site, "orders/quote", "POST", body={"ids": ["11"], "days": 1})[1]["total"] == 0.05
    assert ask(site, "orders/extend", "POST", body={"ids": ["11"], "days": 1})[1]["total"] == 0.05
    site.odd_dates = True
    assert ask(site, "proxy", limit="5")[1][0]["expires_at"] == "2021-02-30 10:00:00"
    assert ask(site, "proxy", offset="1")[1] == []
    assert ask(site, "account")[1]["money"]["amount"] == 8.45


def test_errors(shop):
    site = RestSite(shop)
    assert ask(site, "proxy", token="x")[0] == 401
    assert ask(site, "orders", "POST", body=ORDER | {"days": 9999})[0] == 402
    assert ask(site, "orders", "POST", body=ORDER | {"count": 9999})[0] == 409
    assert ask(site, "orders", "POST", body={})[0] == 422
    assert ask(site, "odd")[0] == 422
