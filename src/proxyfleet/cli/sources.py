"""`sources list | add | remove | fetch | enable | disable | report`: where proxies are found, and what has come of it."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command
from .durations import METAVAR, duration
from .failing import Ended, ExitCode
from .progressing import counting, telling_how_far
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.services.refreshing import Round
    from proxyfleet.sources.registry import Known

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the source.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of sources, or `all`.")]
LONGEST_LINE = 4096
MOST_URLS = 1000


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a source besides its address."""

    format: Annotated[str, typer.Option(metavar="FORMAT", help="auto, text, csv, json, ndjson, html or xml.")] = "auto"
    scheme: Annotated[str, typer.Option(metavar="SCHEME", help="Of lines that name none.")] = "http"
    every: Annotated[float, typer.Option(parser=duration, metavar=METAVAR, help="How often a node looks at it.")] = (
        3600.0
    )
    own: Annotated[
        bool,
        typer.Option(
            "--own", help="The proxies are yours: used without a check, never retired, `https` is TLS to the proxy."
        ),
    ] = False
    untrusted: Annotated[
        bool, typer.Option("--untrusted", help="What it says of protocols gives way to what others say.")
    ] = False


@dataclass(frozen=True, slots=True)
class Fetching:
    """How sources are looked at now."""

    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same and write nothing.")] = False
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask a stand-in such as the lab's instead of the built-in sources' hosts."),
    ] = None
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Fetch from, and accept, addresses that are not globally routable.")
    ] = False


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="Where proxies are found.")
    for name, function in (
        ("list", list_),
        ("add", add),
        ("remove", remove),
        ("fetch", fetch),
        ("enable", enable),
        ("disable", disable),
        ("report", report),
    ):
        command(group, name)(function)
    app.add_typer(group, name="sources")


# what there is ------------------------------------------------------------------------------------------------------


def list_(session: Session) -> None:
    """List every source, built in or your own, and who looks at it."""
    from proxyfleet.services.sources import described

    known = session.run(_known(session))
    rows = [described(one.source, one.entry, on=one.on) for one in known]
    cells = [[row[key] for key in ("name", "kind", "looked_at", "feeds", "format", "every", "because")] for row in rows]
    session.show(
        rows, lambda: _table(("source", "kind", "looked at", "feeds", "format", "every", "off because"), cells)
    )


def report(session: Session) -> None:
    """Show what has come of each source: rows, new proxies, how many ever worked, the last success and error."""
    from proxyfleet.services.sources import ledger

    known = session.run(_known(session))
    rows = [ledger(one.source, one.entry, on=one.on) for one in known if one.entry.ledger.attempts]
    keys = ("name", "looked_at", "read", "valid", "new", "total_new", "alive", "last_success", "failures", "last_error")
    heads = (
        "source",
        "looked at",
        "rows",
        "valid",
        "new",
        "ever new",
        "ever alive",
        "last success",
        "failures",
        "error",
    )
    session.show(rows, lambda: _table(heads, [[row[key] for key in keys] for row in rows]))
    if not rows:
        session.say("no source has been looked at yet; `proxyfleet sources fetch` does it now")


async def _known(session: Session) -> "list[Known]":
    from proxyfleet.sources.registry import every

    async with session.opened(missing="pretend") as opened:
        return list(every(await opened.store.sources()).values())


def _table(heads: tuple[str, ...], cells: list[list[Any]]) -> None:
    """Any: cells are of many types."""
    from .tables import table

    table(heads, cells)


# changing it --------------------------------------------------------------------------------------------------------


def add(
    session: Session,
    name: Name,
    url: Annotated[
        list[str],
        typer.Argument(metavar="URL...", help="http(s) addresses; - reads them from standard input, one a line."),
    ],
    about: Described,
) -> None:
    """Add a source of your own, or describe it anew. Addresses are kept sealed, for they may hold keys."""
    from proxyfleet.sources.own import Wish, own_source

    urls = [one for given in url for one in (_lines() if given == "-" else [given])]
    wish = Wish(about.format, about.scheme, about.every, about.own, not about.untrusted)
    source = own_source(name, tuple(urls), wish)

    async def work() -> None:
        async with session.opened() as opened:
            await opened.store.put_source(source)

    session.run(work())
    session.show({"added": name, "feeds": len(urls)}, lambda: print(f"source {name} was added"))
    session.say("a running node looks at it within a minute or two; `proxyfleet sources fetch` does it now")


def _lines() -> list[str]:
    lines = [sys.stdin.readline(LONGEST_LINE).strip() for _ in range(MOST_URLS)]
    return [line for line in lines if line]


def remove(session: Session, name: Name) -> None:
    """Remove a source of your own, or forget everything about a built-in one; its proxies stay."""
    from proxyfleet.sources.registry import BUILT_IN, UnknownSource

    async def work() -> bool:
        async with session.opened(missing="refuse") as opened:
            return await opened.store.remove_source(name)

    if not session.run(work()) and name not in BUILT_IN:
        raise UnknownSource(name)
    session.show(
        {"removed": name}, lambda: print(f"source {name} was {'forgotten' if name in BUILT_IN else 'removed'}")
    )


def enable(session: Session, name: Names) -> None:
    """Let nodes look at sources by themselves, from now on."""
    _switch(session, name, True, "enabled")


def disable(session: Session, name: Names) -> None:
    """Let nobody look at sources unless they are named; their proxies stay."""
    _switch(session, name, False, "disabled")


def _switch(session: Session, names: list[str], on: bool, verb: str) -> None:
    from proxyfleet.services.sources import switch
    from proxyfleet.sources.registry import every, named

    async def work() -> int:
        async with session.opened() as opened:
            wanted = named(every(await opened.store.sources()), names)
            for one in wanted:
                await switch(opened.store, one.entry, on)
            return len(wanted)

    count = session.run(work())
    session.show({verb: count}, lambda: print(f"{count} sources {verb}"))


# looking now --------------------------------------------------------------------------------------------------------


def fetch(
    session: Session,
    fetching: Fetching,
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Names, or `all`; without them every one that is not switched off."),
    ] = None,
) -> None:
    """Look at sources now, all at once, and take in what they name; one that fails costs nothing but its line."""
    if fetching.base_url is not None:
        session.flags["sources.base_url"] = ("--base-url", fetching.base_url)
    if fetching.allow_private:
        session.flags["sources.allow_private"] = ("--allow-private", True)
    told = session.run(_fetched(session, name or [], fetching.dry_run), fast=True)
    _tell(session, told, fetching.dry_run)


async def _fetched(session: Session, names: list[str], dry_run: bool) -> "Round":
    from proxyfleet.assembly.refreshing import fetch_sources

    def stays(sources: int) -> str:
        return "" if dry_run else f"what {sources} sources name is stored; the next fetch looks at the others too"

    async with session.opened(missing="pretend" if dry_run else "make") as opened:
        with counting(session, "sources") as shown, telling_how_far(session, shown, stays) as tell:
            return await fetch_sources(session.loaded.settings, opened.store, names, dry_run=dry_run, tell=tell)


def _tell(session: Session, told: "Round", dry_run: bool) -> None:
    from proxyfleet.services.sources import looked, totals

    rows = [looked(look) for look in told.looks]
    session.show(
        {"sources": rows, "dry_run": dry_run, "total": totals(told)}, lambda: _people(rows, totals(told), dry_run)
    )
    if told.ours:
        session.fault("error: every source failed; is this machine online?")
    elif not told.looks:
        session.fault("error: every source is switched off; `proxyfleet sources list` tells them")
    if len(told.failed) == len(told.looks):
        raise Ended(ExitCode.FAILED)


def _people(rows: list[dict[str, Any]], total: dict[str, Any], dry_run: bool) -> None:
    keys = ("source", "outcome", "read", "valid", "added", "updated", "duplicate", "rejected", "seconds", "problem")
    cells = [[row[key] for key in keys] for row in rows]
    _table(("source", "outcome", "rows", "valid", "new", "updated", "known", "rejected", "seconds", "problem"), cells)
    print(f"{total['added']:,} new proxies from {total['sources'] - total['failed']} of {total['sources']} sources")
    if dry_run:
        print("dry run: nothing was written")
