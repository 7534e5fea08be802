"""What is left of a month's money, how many proxies it pays for, and telling once when it is not enough. Spends nothing.

The store decides about every single purchase; this only keeps rules from asking for what cannot be had.
"""

from collections.abc import Callable
from decimal import Decimal

from proxyfleet.core.events import Event, Happened
from proxyfleet.core.purchase import Money
from proxyfleet.core.spending import month_of, written
from proxyfleet.ports import Journal
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.services.accounts import Account

MOST: int = 1_000


async def left_of(book: PurchaseBook, account: Account, now: float) -> Money:
    """What may still be spent this month; nothing when it was begun in another currency. Raises `BuyingFailed`."""
    budget = account.budget(now)
    limit, currency = budget.limit
    spent = [one for one in await book.spent(account.name, budget.since, budget.until) if one.amount]
    if any(one.currency != currency for one in spent):
        return Money(Decimal(0), currency)
    return Money(max(limit - sum((one.amount for one in spent), Decimal(0)), Decimal(0)), currency)


def affordable(price: Money, count: int, left: Money) -> int:
    """How many of `count` that cost `price` together can be paid, at the same price each."""
    if price.currency != left.currency:
        return 0
    if price.amount <= left.amount:
        return count
    return int(left.amount * count / price.amount)


async def tell_reached(
    journal: Journal, note: Callable[[Event], None], account: Account, now: float, price: Money
) -> None:
    """That a rule wanted more than the month's budget has; once a month for each provider, whichever node."""
    since, until = month_of(now)
    told = await journal.events(limit=MOST, kinds=(Happened.BUDGET_REACHED,))
    if any(one.event.subject == account.name and one.event.at >= since for one in told):
        return
    limit = written(account.limit) if account.limit is not None else "nothing"
    reason = f"{written(price)} more were wanted; the budget is {limit} a month"
    note(Event(Happened.BUDGET_REACHED, now, reason=reason, until=until, subject=account.name))
