"""`import` and `add`: proxies into the store, with a verdict for every line."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import BadUsage, Ended, ExitCode
from .progressing import counting, telling_how_far
from .session import Session
from .telling import keep_added

if TYPE_CHECKING:
    from proxyfleet.assembly.imports import ImportWish
    from proxyfleet.services.importing import ImportReport

FORMATS = "auto, text, csv, json, ndjson, html or xml"
SCHEMES = "http, https, socks4, socks4a, socks5 or socks5h"
SHOWN_LINES = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """How lines are read and what is said of all of them."""

    format: Annotated[str, typer.Option(metavar="FORMAT", help=f"{FORMATS}.")] = "auto"
    scheme: Annotated[str, typer.Option(metavar="SCHEME", help=f"For lines that name none: {SCHEMES}.")] = "http"
    tag: Annotated[list[str], typer.Option(metavar="TAG", help="A tag for all of them; may be repeated.")] = field(
        default_factory=list
    )
    capacity: Annotated[
        int | None, typer.Option(metavar="N", help="Leases each may carry, where the line says none.")
    ] = None
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Accept addresses that are not globally routable.")
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same and write nothing.")] = False


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "import")(import_)
    command(app, "add")(add)


def wish_from(reading: Reading) -> "ImportWish":
    """Checked options. Raises `BadUsage`."""
    from proxyfleet.assembly.imports import ImportWish
    from proxyfleet.core.proxy import MAX_CAPACITY
    from proxyfleet.wire.text.reader import read

    if reading.capacity is not None and not 0 < reading.capacity <= MAX_CAPACITY:
        raise BadUsage(f"--capacity {reading.capacity} is impossible; use 1 to {MAX_CAPACITY}")
    try:
        read((), format=reading.format, scheme=reading.scheme)
    except ValueError as problem:
        raise BadUsage(str(problem)) from None
    return ImportWish(
        reading.format, reading.scheme, tuple(reading.tag), reading.capacity, reading.allow_private, reading.dry_run
    )


def import_(
    session: Session,
    source: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="A file, an http(s) URL, or - for standard input.")
    ],
    reading: Reading,
) -> None:
    """Import proxies from lists in any common form; every line gets a verdict."""
    from proxyfleet.assembly.imports import import_sources
    from proxyfleet.assembly.sources import named

    wish = wish_from(reading)

    def stays(lines: int) -> str:
        return "" if wish.dry_run else f"{lines} lines are stored; repeat the import, they are duplicates then"

    async def work() -> "ImportReport":
        with counting(session, "lines") as shown, telling_how_far(session, shown, stays) as tell:
            async with session.opened("pretend" if reading.dry_run else "make") as found:
                report = await import_sources(found.store, source, wish, tell)
                await keep_added(found.store, 0 if wish.dry_run else report.added, ", ".join(map(named, source)))
                return report

    _tell(session, session.run(work()), reading)


def add(
    session: Session,
    proxy: Annotated[list[str], typer.Argument(metavar="PROXY...", help="Such as http://user:password@host:8080.")],
    reading: Reading,
) -> None:
    """Add proxies that are written on the command line (others may see it in the process list; `import -` is private)."""
    from proxyfleet.services.entries import Additions
    from proxyfleet.services.importing import Import
    from proxyfleet.wire.text.reader import read

    wish = wish_from(reading)

    async def work() -> "ImportReport":
        async with session.opened("pretend" if reading.dry_run else "make") as found:
            steps = Import(found.store, dry_run=wish.dry_run)
            lines = "\n".join(proxy).encode()
            verdicts = read([lines], format="text", scheme=wish.scheme, allow_private=wish.allow_private)
            await steps.take(verdicts, "command line", Additions(wish.tags, wish.capacity))
            await keep_added(found.store, 0 if wish.dry_run else steps.report.added, "command line")
            return steps.report

    _tell(session, session.run(work()), reading)


def _tell(session: Session, report: "ImportReport", reading: Reading) -> None:
    told = report.as_json() | {"dry_run": reading.dry_run}
    session.show(told, lambda: _people(report, reading.dry_run))
    for failed in report.failed_sources:
        session.fault(f"error: {failed}")
    if not report.valid:
        hint = "; --allow-private accepts them" if set(report.rejected) == {"not_global"} else ""
        session.fault(f"error: no valid line among {report.read}{hint}")
    if report.failed_sources or not report.valid:
        raise Ended(ExitCode.FAILED)


def _people(report: "ImportReport", dry_run: bool) -> None:
    from proxyfleet.wire.text.reasons import REASONS

    from .tables import pairs, table

    names = ("read", "added", "updated", "duplicate", "ambiguous")
    pairs([*((name, getattr(report, name)) for name in names), ("rejected", sum(report.rejected.values()))])
    if report.rejected:
        rows = [(count, code, *REASONS.get(code, ("", ""))) for code, count in sorted(report.rejected.items())]
        table(("lines", "reason", "meaning", "remedy"), rows)
    for one in report.doubtful[:SHOWN_LINES]:
        print(f"{one.source}:{one.line}: {one.verdict} {one.reason or ''} {one.text}".rstrip())
    if len(report.doubtful) > SHOWN_LINES:
        print(f"... and more; --json lists up to {len(report.lines)} lines")
    if dry_run:
        print("dry run: nothing was written")
