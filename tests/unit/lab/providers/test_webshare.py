"""Webshare's pages and replacements."""

from proxyfleet.lab.providers import WebshareSite

from .conftest import ask


async def test_pages(shop):
    shop.buy(3, 1, "US")
    async with WebshareSite(shop) as site:
        status, told = ask(site, "v2/proxy/list/", page="1", page_size="2")
        assert (status, told["count"], len(told["results"])) == (200, 3, 2)
        assert told["next"] == f"{site.url}v2/proxy/list/?page=2&page_size=2"
        assert ask(site, "v2/proxy/list/", page="2", page_size="2")[1]["next"] is None
        site.pooled = True
        assert ask(site, "v2/proxy/list/")[1]["results"][0]["proxy_address"] is None


def test_replacements_take_a_few_looks(shop):
    shop.buy(1, 1, "US")
    site = WebshareSite(shop)
    body = {"to_replace": {"type": "ip_range", "ip_ranges": ["198.18.0.1/32"]}}
    status, told = ask(site, "v3/proxy/replace/", "POST", body=body)
    assert (status, told["state"]) == (201, "validating")
    states = [ask(site, f"v3/proxy/replace/{told['id']}/")[1]["state"] for _ in range(3)]
    assert states == ["validated", "processing", "completed"]
    assert ask(site, "v3/proxy/replace/", "POST", body=body)[0] == 400
    site.outcome = "failed"
    body["to_replace"]["ip_ranges"] = ["198.18.0.2/32"]
    order = ask(site, "v3/proxy/replace/", "POST", body=body)[1]["id"]
    assert [ask(site, f"v3/proxy/replace/{order}/")[1]["state"] for _ in range(3)][-1] == "failed"
    assert shop.spent("replace") == 1


def test_errors(shop):
    site = WebshareSite(shop)
    assert ask(site, "v2/proxy/list/", token="x") == (401, {"detail": "Invalid token."})
    assert ask(site, "v3/proxy/replace/7/")[0] == 404
    assert ask(site, "odd")[0] == 404
