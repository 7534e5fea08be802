"""`list` and `show`: which proxies there are and how they are."""

from typing import Annotated, Any

import typer

from .commanding import command
from .session import Session

COLUMNS = ("id", "address", "user", "country", "tags", "status", "rep", "circuit", "free", "days left")
EXIT_COLUMNS = ("exit", "country", "network", "proxies", "capacity", "free", "ids")
MOST_IDS = 10
Row = dict[str, Any]
"""One proxy as `read_models.row` tells it; `Any` because it may have come as JSON from a node."""


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "list")(list_)
    command(app, "show")(show)


def list_(
    session: Session,
    selector: Annotated[
        str, typer.Argument(help="Which proxies, such as 'country=US tag=premium'; all without it.")
    ] = "",
    limit: Annotated[int, typer.Option(help="Show at most so many; 0 shows all.", min=0)] = 0,
    by_exit: Annotated[
        bool, typer.Option("--by-exit", help="One line per measured exit address, with those that leave through it.")
    ] = False,
) -> None:
    """List proxies, most days left first."""
    rows: list[Row] = session.run(_rows(session, selector))
    if by_exit:
        _exits(session, rows, limit)
        return
    shown = rows[:limit] if limit else rows
    session.show(shown, lambda: _table(session, shown, len(rows)))


async def _rows(session: Session, selector: str) -> list[Row]:
    async with session.answers() as answers:
        return await answers.health(selector)


def _table(session: Session, rows: list[Row], total: int) -> None:
    from .tables import table

    table(COLUMNS, [_cells(row) for row in rows])
    left_out = total - len(rows)
    session.say(f"{total} proxies" + (f", {left_out} not shown" if left_out else ""))


def _cells(row: Row) -> list[object]:
    health = row["health"]
    known = (row["id"], row["address"], row["username"], _country(row), row["tags"])
    return [*known, row["status"], health["reputation"], health["circuit"], health["free"], row["days_left"]]


def _country(row: Row) -> str | None:
    """The country that counts; a claim that a check has found wrong stands behind it."""
    measured, claimed = row["measured_country"], row["country"]
    return f"{measured} (not {claimed})" if measured and claimed and measured != claimed else measured or claimed


def _exits(session: Session, rows: list[Row], limit: int) -> None:
    from proxyfleet.services.exits import by_exit

    groups: list[Row] = by_exit(rows, shared=session.loaded.settings.rules.share_exits)
    shown = groups[:limit] if limit else groups
    session.show(shown, lambda: _exit_table(session, shown, len(rows) - sum(one["proxies"] for one in groups)))


def _exit_table(session: Session, groups: list[Row], unmeasured: int) -> None:
    from .tables import table

    table(EXIT_COLUMNS, [[*(one[name] for name in EXIT_COLUMNS[:-1]), _ids(one["ids"])] for one in groups])
    session.say(f"{len(groups)} exits; {unmeasured} proxies without a measured one")


def _ids(ids: list[int]) -> str:
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    return ", ".join(map(str, ids[:MOST_IDS])) + more


def show(
    session: Session, proxy_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the proxy.")]
) -> None:
    """Show everything about one proxy."""
    from proxyfleet.core.errors import UnknownProxy

    rows = session.run(_rows(session, f"id={proxy_id}"))
    if not rows:
        raise UnknownProxy(proxy_id)
    session.show(rows[0], lambda: _details(rows[0]))


def _details(row: Row) -> None:
    from .tables import pairs

    health = row["health"]
    plain = [(name, value) for name, value in row.items() if name != "health" and value not in (None, "", [])]
    pairs([*plain, *((name, value) for name, value in health.items() if name != "latency" and value is not None)])
