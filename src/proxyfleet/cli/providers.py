"""`providers list | kinds | show | balance | quote | sync | orders`: accounts where proxies are bought; nothing here spends."""

from typing import Annotated, Any

import typer

from . import renewing, spending
from .commanding import command
from .counter import Name, Wanted, counter
from .failing import Ended, ExitCode
from .session import Session
from .tables import pairs, table


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="Where proxies are bought.")
    for name, function in (
        ("list", list_),
        ("kinds", kinds),
        ("show", show),
        ("balance", balance),
        ("quote", quote),
        ("sync", sync),
        ("orders", orders),
    ):
        command(group, name)(function)
    spending.register(group)
    renewing.register(group)
    app.add_typer(group, name="providers")


# what there is ------------------------------------------------------------------------------------------------------


def list_(session: Session) -> None:
    """List the providers of the settings, with budget, money spent this month, and orders that are not settled."""
    rows = session.run(_overview(session))
    keys = ("provider", "kind", "key", "budget", "spent", "open", "renews", "proxies")
    session.show(rows, lambda: table(keys, [[row[key] for key in keys] for row in rows]))
    if not rows:
        session.say("no provider is set up; write [providers.NAME] into the settings file")


async def _overview(session: Session) -> list[dict[str, Any]]:
    """Any: values of many types."""
    from proxyfleet.clock import wall_clock
    from proxyfleet.core.spending import month_of
    from proxyfleet.services.purchase_models import shown_money
    from proxyfleet.services.reconciling import UNSETTLED

    rows = []
    async with session.opened("pretend") as opened:
        book = opened.store.purchase_book
        held: dict[str | None, int] = {}
        async for page in opened.store.proxies():
            for one in page:
                held[one.labels.provider] = held.get(one.labels.provider, 0) + 1
        for name, section in session.loaded.settings.providers.items():
            spent = await book.spent(name, *month_of(wall_clock()))
            rows.append(
                {
                    "provider": name,
                    "kind": section.kind,
                    "key": section.key is not None or bool(section.key_file),
                    "budget": shown_money(section.budget),
                    "spent": [shown_money(one) for one in spent],
                    "open": len(await book.purchases(provider=name, states=UNSETTLED)),
                    "renews": f"{section.renew_within} days ahead" if section.renew_within else None,
                    "proxies": held.get(name, 0),
                }
            )
    return rows


def kinds(session: Session) -> None:
    """List the kinds of providers: what they can do, and which options and terms they know."""
    from proxyfleet.providers.registry import KINDS

    rows = [
        {
            "kind": name,
            "what": kind.what,
            "abilities": sorted(kind.abilities),
            "options": dict(kind.options),
            "terms": dict(kind.terms),
        }
        for name, kind in KINDS.items()
    ]
    session.show(rows, lambda: _tell_kinds(rows))


def _tell_kinds(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(f"{row['kind']}: {row['what']}")
        words = [(f"  {part[:-1]} {name}", said) for part in ("options", "terms") for name, said in row[part].items()]
        pairs([("  can", row["abilities"]), *words])


def show(session: Session, name: Name) -> None:
    """Show what the provider lists now: its proxies with their expiry, as the provider says it."""
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.accounts import listed
    from proxyfleet.services.purchase_models import shown_item

    async def work() -> list[dict[str, Any]]:
        async with counter(session, name, "pretend") as (found, _):
            return [shown_item(one) for one in (await listed(found.account, wall_clock())).items]

    rows = session.run(work())
    session.show(
        rows,
        lambda: table(("id", "address", "country", "expires", "note"), [list(row.values()) for row in rows]),
    )


def balance(session: Session, name: Name) -> None:
    """Show how much money is on the account."""
    from proxyfleet.services.accounts import told_apart
    from proxyfleet.services.purchase_models import shown_money

    async def work() -> str | None:
        async with counter(session, name, "pretend") as (found, _), told_apart(found.account):
            found.account.need("balance")
            return shown_money(await found.account.provider.balance())

    told = session.run(work())
    session.show({"provider": name, "balance": told}, lambda: print(told))


def quote(session: Session, name: Name, wanted: Wanted) -> None:
    """Ask what it would cost now; nothing is bought."""
    from proxyfleet.services.purchase_models import shown_money

    async def work() -> dict[str, Any]:
        async with counter(session, name, "pretend") as (found, _):
            wish = wanted.wish(found.section)
            told = await found.buying.quote(wish)
            price = shown_money(told.price)
            return {"provider": name, "count": wish.count, "days": wish.days, "price": price, "note": told.note}

    row = session.run(work())
    session.show(row, lambda: pairs(row.items()))


# keeping in step ----------------------------------------------------------------------------------------------------


def sync(
    session: Session,
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same and write nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove proxies that are not listed any more.")] = False,
) -> None:
    """Take in what the provider lists, and settle open orders by it; what has vanished is reported."""
    row = session.run(_synced(session, name, dry_run, remove))
    session.show(row, lambda: pairs((key.replace("_", " "), value) for key, value in row.items()))


async def _synced(session: Session, name: str, dry_run: bool, remove: bool) -> dict[str, Any]:
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.accounts import listed

    async with counter(session, name, "pretend" if dry_run else "make") as (found, _):
        there = await listed(found.account, wall_clock())
        settled = [] if dry_run else await found.reconciling.settle_by(there)
        told = await found.syncing.take_in(there, dry_run=dry_run, remove=remove)
    return {
        "provider": name,
        "listed": len(there.items),
        "added": told.added,
        "updated": told.updated,
        "unchanged": told.same,
        "vanished": [one.address for one in told.vanished],
        "expired": told.expired,
        "removed": told.removed,
        "settled": [f"{one.tag} {one.state}" for one in settled],
        "dry_run": dry_run,
    }


def orders(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of one provider only.")] = None,
    unsettled: Annotated[bool, typer.Option("--open", help="Only those that are not settled.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="The latest so many.")] = 100,
) -> None:
    """List what was bought, for how much, why, and how it stands; unclear ones are for you to look at."""
    from proxyfleet.services.purchase_models import shown_purchase
    from proxyfleet.services.reconciling import UNSETTLED

    async def work() -> list[dict[str, Any]]:
        async with session.opened("refuse") as opened:
            found = await opened.store.purchase_book.purchases(
                provider=name, states=UNSETTLED if unsettled else (), limit=limit
            )
            return [shown_purchase(one) for one in found]

    rows = session.run(work())
    keys = ("at", "tag", "provider", "verb", "count", "days", "price", "state", "cause", "because")
    session.show(rows, lambda: table(keys, [[row[key] for key in keys] for row in rows]))
    if unsettled and rows:
        raise Ended(ExitCode.FAILED)
