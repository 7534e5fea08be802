"""`providers buy | prolong | replace | settle`: the commands that spend money, or say what became of it.

Each asks first, unless `--yes` is given, and buys once: repeated with the same `--key` it tells what came of the first time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command
from .confirming import confirm
from .counter import Name, Wanted, counter
from .failing import BadUsage, Ended, ExitCode
from .session import Session
from .tables import pairs

if TYPE_CHECKING:
    from proxyfleet.assembly.shopping import Counter
    from proxyfleet.core.purchase import Item, Money, Purchase
    from proxyfleet.ports import Store
    from proxyfleet.services.buying import Order

Which = Annotated[
    str, typer.Argument(metavar="SELECTOR", help="Such as 'id=7' or 'days_left<3'; 'all' means every one.")
]


@dataclass(frozen=True, slots=True)
class Spending:
    """How money is spent."""

    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would cost and buy nothing.")] = False
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="With the same key nothing is bought a second time.")
    ] = None


def register(group: typer.Typer) -> None:
    """Put the commands into the group `providers`."""
    for name, function in (("buy", buy), ("prolong", prolong), ("replace", replace), ("settle", settle)):
        command(group, name)(function)


def buy(session: Session, name: Name, wanted: Wanted, spending: Spending) -> None:
    """Buy proxies, inside the month's budget, and take them in."""

    async def work(found: "Counter", _: "Store") -> "Purchase | None":
        wish = wanted.wish(found.section)
        price = (await found.buying.quote(wish)).price
        if not _agreed(session, spending, f"buy {wish.count} proxies for {wish.days} days", price):
            return None
        return await found.buying.buy(wish, _order(name, "buy", spending, price))

    _spend(session, name, "buy", spending, work)


def prolong(
    session: Session,
    name: Name,
    selector: Which,
    spending: Spending,
    days: Annotated[int | None, typer.Option(min=1, max=3_660, metavar="N", help="For how many days more.")] = None,
) -> None:
    """Prolong proxies of the provider that a selector names, inside the month's budget."""

    async def work(found: "Counter", store: "Store") -> "Purchase | None":
        from proxyfleet.core.purchase import Wish

        items = await _items(found, store, selector)
        longer = days or found.section.renew_days
        price = (await found.buying.quote(Wish(len(items), longer), items)).price
        if not _agreed(session, spending, f"prolong {len(items)} proxies by {longer} days", price):
            return None
        return await found.buying.prolong(items, longer, _order(name, "prolong", spending, price))

    _spend(session, name, "prolong", spending, work)


def replace(
    session: Session,
    name: Name,
    selector: Which,
    spending: Spending,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What the provider is told.")] = "does not work",
) -> None:
    """Have the provider put others in the place of proxies that a selector names."""

    async def work(found: "Counter", store: "Store") -> "Purchase | None":
        items = await _items(found, store, selector)
        if not _agreed(session, spending, f"replace {len(items)} proxies", None):
            return None
        return await found.buying.replace(items, reason, _order(name, "replace", spending, None))

    _spend(session, name, "replace", spending, work)


def settle(
    session: Session,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="As `providers orders` shows it.")],
    bought: Annotated[bool, typer.Option("--bought", help="It was bought: the money is spent.")] = False,
    void: Annotated[bool, typer.Option("--void", help="Nothing came of it: the money is not spent.")] = False,
) -> None:
    """Say what became of an order that the list cannot settle, after you have looked at the provider's site."""
    if bought == void:
        raise BadUsage("say one of --bought and --void, as the provider's site shows it")

    async def work() -> "Purchase":
        from proxyfleet.services.reconciling import purchase_of

        async with session.opened("refuse") as opened:
            before = await purchase_of(opened.store.purchase_book, tag)
        async with counter(session, before.provider, "refuse") as (found, _):
            return await found.reconciling.settle(tag, bought=bought, who=_user())

    _tell(session, session.run(work()))


# what they share ----------------------------------------------------------------------------------------------------


def _spend(
    session: Session,
    name: str,
    verb: str,
    spending: Spending,
    work: "Callable[[Counter, Store], Awaitable[Purchase | None]]",
) -> None:
    """Nothing is even asked for when the key was used before."""

    async def whole() -> "Purchase | None":
        from proxyfleet.assembly.shopping import tag_for

        async with counter(session, name) as (found, store):
            if spending.key is not None:
                before = await found.buying.known(tag_for(name, verb, spending.key))
                if before is not None:
                    session.say(f"--key {spending.key} was used before; this is what came of it")
                    return before
            return await work(found, store)

    bought = session.run(whole())
    if bought is not None:
        _tell(session, bought)


def _agreed(session: Session, spending: Spending, what: str, price: "Money | None") -> bool:
    """Whether to go on; a dry run ends here."""
    from proxyfleet.services.purchase_models import shown_money

    cost = shown_money(price)
    if spending.dry_run:
        told = {"dry_run": True, "would": what, "price": cost}
        session.show(told, lambda: print(f"would {what}{f' for {cost}' if cost else ''}; dry run: nothing was bought"))
        return False
    if not spending.yes:
        confirm(f"{what}{f' for {cost}' if cost else ''}?")
    return True


def _order(name: str, verb: str, spending: Spending, price: "Money | None") -> "Order":
    from proxyfleet.assembly.shopping import tag_for
    from proxyfleet.services.buying import Order

    return Order(_user(), tag_for(name, verb, spending.key), price)


def _user() -> str:
    """Who says so, for the book: whoever runs this command."""
    from getpass import getuser

    try:
        return getuser()[:64]
    except (KeyError, OSError):
        return "somebody"


async def _items(found: "Counter", store: "Store", selector: str) -> "list[Item]":
    """What the selector names among the proxies that the provider lists now."""
    from proxyfleet.assembly.shopping import named_items
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.accounts import listed

    if not selector.strip():
        raise BadUsage("an empty selector would mean every proxy; write 'all' if that is wanted")
    there = await listed(found.account, wall_clock())
    items = await named_items(store, "" if selector.strip() == "all" else selector, there.items, wall_clock())
    if not items:
        raise BadUsage(
            f"none of the {len(there.items)} proxies that {found.account.name} lists is meant by {selector!r}"
        )
    return items


def _tell(session: Session, purchase: "Purchase") -> None:
    from proxyfleet.core.purchase import PurchaseState
    from proxyfleet.services.purchase_models import shown_purchase

    row: dict[str, Any] = shown_purchase(purchase)
    session.show(row, lambda: pairs(row.items()))
    if purchase.state not in (PurchaseState.DONE, PurchaseState.PLACED):
        raise Ended(ExitCode.FAILED)
