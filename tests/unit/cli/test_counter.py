"""What is wanted, from options and settings together; the commands themselves are in test_providers and test_spending."""

from proxyfleet.cli.counter import Wanted
from proxyfleet.core.purchase import Wish
from proxyfleet.settings.schema_buying import ProviderSection

SECTION = ProviderSection(days=7, country="DE", terms={"version": "4", "type": "socks"})


def test_options_come_before_settings():
    assert Wanted().wish(SECTION) == Wish(1, 7, "DE", {"version": "4", "type": "socks"})
    told = Wanted(count=3, days=1, country="us", term=["type=http"]).wish(SECTION)
    assert told == Wish(3, 1, "US", {"version": "4", "type": "http"})
    assert Wanted(country="").wish(SECTION).country == ""
