"""An account for the services: whole lists, lines instead of a provider's errors, no budget no purchase."""

from decimal import Decimal

import pytest
from tests.seller import Seller

from proxyfleet.core.purchase import Money, Wish
from proxyfleet.ports.buying import Away, Refused, Unclear
from proxyfleet.services.accounts import Account, BuyingFailed, listed, monthly, owned, told_apart

SHOP = Seller(lambda: 1000.0)
ACCOUNT = Account(SHOP, Money(Decimal(5), "EUR"))


async def test_a_list_is_read_whole_or_not_at_all():
    await SHOP.buy(Wish(5, 30), "pf-1")
    assert len((await listed(ACCOUNT, 1000.0)).items) == 5
    SHOP.blind = True
    with pytest.raises(BuyingFailed, match="shop: it does not answer") as failed:
        await listed(ACCOUNT, 1000.0)
    assert failed.value.code == "away"


def test_the_budget_is_of_the_month():
    assert ACCOUNT.budget(1000.0) == (Money(Decimal(5), "EUR"), 0.0, 31 * 86_400.0)
    with pytest.raises(BuyingFailed, match=r'budget = "50 USD" in \[providers.shop\]'):
        Account(SHOP).budget(0.0)


@pytest.mark.parametrize(
    ("error", "code"), [(Refused("bad_key", "no"), "bad_key"), (Away("no"), "away"), (Unclear("no"), "unclear")]
)
async def test_errors_of_providers_become_lines(error, code):
    with pytest.raises(BuyingFailed, match="shop: no") as failed:
        async with told_apart(ACCOUNT):
            raise error
    assert failed.value.code == code


def test_what_is_owned_says_so():
    made = owned(ACCOUNT, [SHOP._make(30, "")], Money(Decimal(1) / 3, "EUR"))
    assert [(one.labels.provider, one.labels.cost_per_month, one.labels.currency) for one in made] == [
        ("shop", Decimal("0.3333"), "EUR")
    ]
    assert monthly(Money(Decimal(6), "EUR"), 3, 60) == Money(Decimal(1), "EUR")
