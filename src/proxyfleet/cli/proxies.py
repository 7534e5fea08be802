"""`list` and `show`: which proxies there are and how they are."""

from typing import Annotated, Any

import typer

from .commanding import command
from .session import Session

COLUMNS = ("id", "address", "user", "country", "tags", "status", "rep", "circuit", "free", "days left")
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
) -> None:
    """List proxies, most days left first."""
    rows: list[Row] = session.run(_rows(session, selector))
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
    known = (row["id"], row["address"], row["username"], row["measured_country"] or row["country"], row["tags"])
    return [*known, row["status"], health["reputation"], health["circuit"], health["free"], row["days_left"]]


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
