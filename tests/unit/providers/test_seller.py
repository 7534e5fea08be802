"""What an account does not offer is refused in the same way everywhere."""

import pytest

from proxyfleet.core.proxy import Secret
from proxyfleet.core.purchase import Wish
from proxyfleet.ports.buying import Refused
from proxyfleet.providers.kind import Account, BadProvider
from proxyfleet.providers.seller import Seller


def seller(**options):
    return Seller(Account("main", Secret("key"), None, options, lambda: 0.0, None))


async def test_nothing_is_offered():
    nothing, wish = seller(), Wish(1, 1)
    for errand in (
        nothing.balance(), nothing.quote(wish), nothing.buy(wish, "tag"), nothing.prolong([], 1), nothing.replace([], "")
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            await errand
        assert caught.value.code == "not_offered"
    with pytest.raises(Refused):
        nothing.items()
    assert nothing.abilities == frozenset()


def test_options_and_wishes_are_checked():
    assert seller(allow_private="YES")._allow_private
    with pytest.raises(BadProvider):
        seller(allow_private="2")
    for wish in (Wish(0, 1), Wish(1, 0), Wish(1, 1, terms={"odd": "x"})):
        with pytest.raises(Refused) as caught:
            seller()._checked(wish, ())
        assert caught.value.code == "bad_terms"
