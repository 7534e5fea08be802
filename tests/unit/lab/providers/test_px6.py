"""PX6 as its documentation has it."""

from proxyfleet.lab.providers import Px6Site

from .conftest import KEY, ask


def test_an_order_and_the_list(shop):
    site = Px6Site(shop)
    status, told = ask(site, f"{KEY}/buy/", count="1", period="30", country="us", version="4", descr="pf-1")
    assert (status, told["status"], told["order_id"], told["price"], told["balance"]) == (
        200,
        "yes",
        "12345",
        "1.50",
        "8.50",
    )
    row = told["list"]["11"]
    assert (row["port"], row["active"], row["descr"], row["unixtime_end"]) == ("8000", "1", "pf-1", 1_766_592_000)
    assert ask(site, f"{KEY}/getproxy/")[1]["list"] == {"11": row}
    assert ask(site, f"{KEY}/getproxy/", descr="other")[1]["list"] == []
    later = ask(site, f"{KEY}/prolong/", ids="11", period="1")[1]
    assert later["list"]["11"]["unixtime_end"] == 1_766_592_000 + 86400


def test_errors_have_status_200_and_a_number(shop):
    site = Px6Site(shop)
    usual = {"count": "1", "period": "30", "country": "us", "version": "4"}

    def error(key=KEY, method="buy", **changes):
        status, told = ask(site, f"{key}/{method}/", **usual | changes)
        assert (status, told["status"]) == (200, "no")
        return told["error_id"]

    assert [error(key="x"), error(method="odd"), error(count="0"), error(period="x")] == [100, 110, 200, 210]
    assert [error(country="xx"), error(version="9"), error(descr="x" * 51)] == [220, 240, 250]
    assert [error(count="1001"), error(period="9999"), error(method="prolong", ids="7")] == [300, 400, 230]
    site.error = 30
    assert error() == 30
    assert shop.booked == []


def test_prices_stock_and_too_many_calls(shop, clock):
    site = Px6Site(shop)
    assert ask(site, f"{KEY}/getprice/", count="2", period="30")[1]["price"] == "3.00"
    assert ask(site, f"{KEY}/getcount/", country="us")[1]["count"] == "1000"
    assert "us" in ask(site, f"{KEY}/getcountry/")[1]["list"]
    site.strict = True
    assert [ask(site, f"{KEY}/getcountry/")[0] for _ in range(4)] == [200, 200, 200, 429]
    clock.advance(1)
    assert ask(site, f"{KEY}/getcountry/")[0] == 200
