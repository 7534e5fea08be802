"""`sheet connect`, `status`, `pull`, `push`, `diff` and `template`: the spreadsheet that people keep their proxies in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import BadUsage, Ended, ExitCode
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.sheeting import SheetSide
    from proxyfleet.services.mirroring.plan import Plan, Ways
    from proxyfleet.services.mirroring.report import MirrorReport

SHOWN_LINES = 40


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to Google, and what stands in the sheet."""

    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON key of a service account, or of a person who agreed.")
    ] = None
    oauth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="OAuth client instead: you agree once, in the browser.")
    ] = None
    tab: Annotated[str | None, typer.Option(metavar="TITLE", help="Which tab; else the URL's, else the first.")] = None
    passwords: Annotated[
        str, typer.Option(metavar="plain|vault", help="plain: people see them; vault: a placeholder stands there.")
    ] = "plain"
    take_over: Annotated[bool, typer.Option("--take-over", help="Also when another fleet has connected it.")] = False


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="Google Sheets as the inventory.")
    for name, function in (
        ("connect", connect),
        ("status", status),
        ("pull", pull),
        ("push", push),
        ("diff", diff),
        ("template", template),
    ):
        command(group, name)(function)
    app.add_typer(group, name="sheet")


@asynccontextmanager
async def connected(session: Session) -> "AsyncIterator[SheetSide]":
    """The sheet of the store. Raises `SheetUnusable` where none is connected."""
    from proxyfleet.assembly.sheeting import NOT_CONNECTED
    from proxyfleet.stores.sheets.errors import SheetUnusable

    async with session.opened() as found:
        if found.sheet is None:
            raise SheetUnusable(NOT_CONNECTED)
        yield found.sheet


def connect(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="The spreadsheet, as the browser shows it.")],
    account: Account,
) -> None:
    """Make a spreadsheet the inventory of this fleet: add missing columns, and write whose it is."""
    from proxyfleet.assembly.sheeting import ConnectWish, connect_sheet

    if account.passwords not in ("plain", "vault"):
        raise BadUsage(f"--passwords {account.passwords} does not fit; give plain or vault")
    key_file = _key_file(session, account)
    wish = ConnectWish(url, account.tab, str(key_file), account.passwords == "vault", account.take_over)

    async def work() -> None:
        async with session.opened() as opened:
            link, found = await connect_sheet(opened.store, session.loaded.settings.sheet, wish)
        told = {
            "spreadsheet": found.title,
            "tab": found.tab,
            "url": link.url,
            "fleet": link.place.fleet,
            "rows": found.rows,
            "columns_made": list(found.made),
            "passwords": account.passwords,
        }
        session.show(told, lambda: _pairs(told))

    session.run(work())
    if account.passwords == "vault":
        session.say(
            "passwords leave the cells with the next exchange; the version history of the spreadsheet keeps old ones"
        )
    session.say("`proxyfleet sheet diff` shows what an exchange would do; a serving node exchanges by itself")


def _key_file(session: Session, account: Account) -> Path:
    """The key to use from now on; by OAuth it is made now."""
    settings = session.loaded.settings
    if account.oauth is not None:
        from proxyfleet.assembly.sheeting import no_library

        try:
            from proxyfleet.stores.sheets.keys import agree
        except ModuleNotFoundError as error:
            raise no_library(error) from None
        if account.key_file is not None:
            raise BadUsage("--key-file and --oauth name two accounts; give one of them")
        token_file = (settings.key_default or Path("key")).with_name("sheet-account.json")
        session.say("your browser opens; agree there")
        agree(account.oauth, token_file)
        return token_file
    if account.key_file is None and not settings.sheet.key_file:
        raise BadUsage(
            "name the key of a Google account by --key-file, or an OAuth client by --oauth; see docs/howto/sheets.md"
        )
    return (account.key_file or Path(settings.sheet.key_file)).expanduser().absolute()


def _pairs(told: dict[str, object]) -> None:
    from .tables import pairs

    pairs(told.items())


def status(session: Session) -> None:
    """Show which sheet is connected, read it, and list what is wrong with it, by row and column."""
    from proxyfleet.stores.sheets.errors import SheetError
    from proxyfleet.stores.sheets.problems import sentence

    async def work() -> None:
        async with connected(session) as side:
            told: dict[str, object] = {
                "spreadsheet": side.link.title,
                "tab": side.link.tab,
                "url": side.link.url,
                "fleet": side.link.place.fleet,
                "passwords": "vault" if side.link.vault else "plain",
                "not_seen_yet": len(await side.memory.open_writes()),
                "last_exchange": await side.last(),
            }
            try:
                reading = await side.sheet.read(fresh=True)
            except SheetError:  # what is known without the sheet is told all the same
                session.show(told, lambda: _status(told, []))
                raise
            problems = [*reading.problems, *side.sheet.guarded]
            told |= {
                "account": side.google.account or "a person",
                "proxies": len(reading.rows),
                "columns": sorted(reading.fields),
                "extra_columns": list(side.sheet.extra),
                "problems": [one._asdict() for one in problems],
            }
            lines = [sentence(one) for one in problems]
            session.show(told, lambda: _status(told, lines))
            if side.google.open_to_others:
                session.say("others on this machine can read the key file; chmod 600 keeps it to you")

    session.run(work())


def _status(told: dict[str, object], lines: list[str]) -> None:
    last = told["last_exchange"]
    shown = {name: value for name, value in told.items() if name not in ("problems", "last_exchange")}
    _pairs(shown | {"last_exchange": _last(last) if isinstance(last, dict) else "-"})
    for line in lines[:SHOWN_LINES]:
        print(line)
    if len(lines) > SHOWN_LINES:
        print(f"... and {len(lines) - SHOWN_LINES} more; --json lists all")


def _last(last: dict[str, object]) -> str:
    from proxyfleet.services.read_models import instant

    if "at" not in last:
        return "never"
    return f"{instant(float(str(last['at'])))}: {last.get('error') or 'done'}"


def pull(
    session: Session,
    removals: Annotated[
        bool, typer.Option("--removals", help="Also when more than half of the rows are gone at once.")
    ] = False,
) -> None:
    """Take over what people have changed in the sheet; write nothing to it."""
    from proxyfleet.services.mirroring.plan import Ways

    _exchange(session, Ways(out=False, removals=removals))


def push(session: Session) -> None:
    """Write to the sheet what the fleet has changed; take over nothing from it."""
    from proxyfleet.services.mirroring.plan import Ways

    _exchange(session, Ways(into=False))


def _exchange(session: Session, ways: "Ways") -> None:
    async def work() -> "MirrorReport":
        async with connected(session) as side:
            return await side.exchange(ways)

    report = session.run(work())
    session.show(report.as_json(), lambda: _report(report))
    if report.failure:
        session.fault(f"error: {report.failure}")
        raise Ended(ExitCode.UNAVAILABLE)
    if report.unsure:
        session.fault(f"error: of {report.unsure} rows it is not known whether they were written; run it again")
        raise Ended(ExitCode.UNAVAILABLE)


def _report(report: "MirrorReport") -> None:
    from proxyfleet.stores.sheets.problems import PROBLEMS

    from .tables import pairs

    pairs([("rows", report.rows), *((f"sheet -> fleet: {name}", count) for name, count in report.into.items())])
    pairs([(f"fleet -> sheet: {name}", count) for name, count in report.out.items()])
    lines = report.changes + report.lines({code: f"{one.meaning}; {one.remedy}" for code, one in PROBLEMS.items()})
    for line in lines[:SHOWN_LINES]:
        print(line)
    if len(lines) > SHOWN_LINES:
        print(f"... and {len(lines) - SHOWN_LINES} more; --json lists all")


def diff(session: Session) -> None:
    """Show what an exchange would do now, both ways; change nothing."""

    async def work() -> "Plan":
        async with connected(session) as side:
            return await side.compare()

    from proxyfleet.services.mirroring.plan import lines_of

    rows = lines_of(session.run(work()))
    session.show(
        {"changes": [dict(zip(("where", "row", "what"), row, strict=True)) for row in rows]}, lambda: _diff(rows)
    )


def _diff(rows: list[tuple[str, str, str]]) -> None:
    from .tables import table

    if not rows:
        print("sheet and fleet agree")
        return
    table(("where", "proxy", "what"), rows)


def template(session: Session) -> None:
    """Print the headings of a sheet to begin with, as CSV: put them into the first row of an empty tab."""
    from proxyfleet.stores.sheets.columns import TEMPLATE, heading_of

    headings = [heading_of(name) for name in TEMPLATE]
    session.show({"headings": headings}, lambda: print(",".join(headings)))
