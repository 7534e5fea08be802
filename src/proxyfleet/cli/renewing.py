"""`providers renew | scale`: what a running node does by its rules, done now, or only told with `--dry-run`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command
from .confirming import confirm
from .counter import Name
from .failing import BadUsage
from .session import Session
from .tables import pairs

if TYPE_CHECKING:
    from proxyfleet.assembly.provisioning import Provisioning
    from proxyfleet.services.renewing import Renewed

DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and at what price.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(group: typer.Typer) -> None:
    """Put the commands into the group `providers`."""
    command(group, "renew")(renew)
    command(group, "scale")(scale)


@asynccontextmanager
async def provisioning(session: Session) -> "AsyncIterator[Provisioning]":
    """The fleet as the store holds it, with what all nodes have told of its health."""
    from proxyfleet.assembly.embedded import EmbeddedNode
    from proxyfleet.assembly.provisioning import Provisioning
    from proxyfleet.assembly.refreshing import Refreshing
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.recording import Recorder

    settings = session.loaded.settings
    async with session.opened("refuse") as opened:
        recorder, node = Recorder(opened.store), EmbeddedNode(opened, settings.rules)
        await node.start()
        fetch = Refreshing(settings, opened.store, recorder.note).fetching(settings.scaling.sources)
        try:
            yield Provisioning(settings, opened.store, node.leasing.table, recorder.note, wall_clock, fetch=fetch)
        finally:
            await node.stop()
            await recorder.flush()


def renew(session: Session, name: Name, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Prolong what the provider's rule says is worth it and expires soon, inside the month's budget."""
    section = session.loaded.settings.providers.get(name)
    if section is not None and not section.renew_within:
        raise BadUsage(f"there is no rule for {name}; say `renew_within` in [providers.{name}]")

    async def work(dry: bool) -> "Renewed":
        async with provisioning(session) as does:
            return await does.renewed(name, dry_run=dry)

    told = session.run(work(True))
    if not dry_run and told.due:
        if not yes:
            confirm(f"prolong {len(told.due)} proxies for up to {_shown(told)['price']}?")
        told = session.run(work(False))
    row = _shown(told) | {"provider": name, "dry_run": dry_run}
    session.show(row, lambda: pairs((key.replace("_", " "), value) for key, value in row.items()))


def _shown(told: "Renewed") -> dict[str, Any]:
    """Any: values of many types."""
    from proxyfleet.services.purchase_models import shown_money, shown_purchase

    return {
        "due": [one.proxy.address for one in told.due],
        "not_worth_it": told.not_worth,
        "price": shown_money(told.price),
        "prolonged": sum(one.wish.count for one in told.bought or ()),
        "orders": [shown_purchase(one)["tag"] for one in told.bought or ()],
        "why": told.why or None,
    }


def scale(session: Session, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Do the next thing for more free slots, when they are too few: look at sources, or buy."""
    if not session.loaded.settings.scaling.below:
        raise BadUsage("there is no rule for refilling; say `below` in [scaling]")

    async def work(dry: bool) -> str:
        async with provisioning(session) as does:
            return await does.scale(dry_run=dry)

    told = session.run(work(True))
    if not dry_run and ": would " in told:
        if not yes:
            confirm(f"{told.partition(': would ')[2]}?")
        told = session.run(work(False))
    session.show({"told": told, "dry_run": dry_run}, lambda: print(told))
