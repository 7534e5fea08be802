"""Proxy-Seller as its client library has it."""

from proxyfleet.lab.providers import ProxySellerSite

from .conftest import KEY, ask

ORDER = {
    "sectionCode": "ipv4",
    "countryId": "USA",
    "periodId": "1m",
    "quantity": 1,
    "customTargetName": "pf-1",
}


def post(site, path, body):
    return ask(site, f"{KEY}/{path}", "POST", body=body)[1]


def test_an_order_is_calculated_made_and_delivered_later(shop, clock):
    site = ProxySellerSite(shop)
    assert post(site, "order/calc", ORDER)["data"]["total"] == 1.5
    shop.slow = 60
    assert post(site, "order/make", ORDER)["data"]["orderId"] == 12345
    (row,) = ask(site, f"{KEY}/proxy/list")[1]["data"]["ipv4"]
    assert (row["ip"], row["port_http"], row["comment"]) == ("", None, "")
    clock.advance(60)
    (row,) = ask(site, f"{KEY}/proxy/list")[1]["data"]["ipv4"]
    assert (row["ip_only"], row["country_alpha3"], row["order_id"]) == ("198.18.0.1", "USA", "12345")


def test_prolonging_changes_ids(shop):
    site = ProxySellerSite(shop)
    post(site, "order/make", ORDER)
    assert post(site, "prolong/calc/ipv4", {"ids": ["11"], "periodId": "1m"})["data"]["total"] == 1.5
    post(site, "prolong/make/ipv4", {"ids": ["11"], "periodId": "1m"})
    assert list(shop.sold) == [12]
    assert post(site, "prolong/make/ipv4", {"ids": ["11"], "periodId": "1m"})["errors"][0]["code"] == 29
    assert post(site, "prolong/make/ipv6", {"orderIds": [12345], "periodId": "1w"})["status"] == "success"
    assert post(site, "proxy/replace", {"ids": ["13"], "type": "CUSTOM"})["status"] == "success"


def test_errors(shop):
    site = ProxySellerSite(shop)
    assert [one["code"] for one in ask(site, "x/balance/get")[1]["errors"]] == [503, 503, 503]
    assert ask(site, f"{KEY}/balance/get")[1]["data"] == {"summ": 10.0}
    for body, code in (
        (ORDER | {"quantity": 100}, 16),
        (ORDER | {"quantity": 9999}, 41),
        (ORDER | {"periodId": "x"}, 14),
    ):
        assert post(site, "order/make", body)["errors"][0]["code"] == code
    assert post(site, "order/make", ORDER | {"customTargetName": ""})["errors"][0]["code"] == 14
    assert post(site, "odd", {})["errors"][0]["code"] == 404
