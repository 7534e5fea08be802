"""`pick`: one proxy for one question, or why not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from .commanding import command
from .failing import BadUsage, Ended, ExitCode
from .session import Session

Told = dict[str, Any]
"""An answer of `Questions`; `Any` because it may have come as JSON from a node."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted, and how it is to be shown."""

    selector: Annotated[str, typer.Option(help="Which proxies, such as 'country=US tag=premium'.")] = ""
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="How one of the eligible is picked.")] = None
    count: Annotated[int, typer.Option(help="How many different proxies.", min=1, max=10_000)] = 1
    target: Annotated[
        str | None, typer.Option(metavar="HOST|URL", help="The site it is for: what is remembered about it counts.")
    ] = None
    explain: Annotated[
        bool, typer.Option("--explain", help="Pick none; say of each whether it may be, and why not.")
    ] = False
    with_passwords: Annotated[bool, typer.Option("--with-passwords", help="Put credentials into the URLs.")] = False


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "pick")(pick)


def pick(session: Session, wish: Wish) -> None:
    """Pick a proxy, or explain which may be picked."""
    if wish.explain:
        if wish.count != 1 or wish.with_passwords:
            raise BadUsage("--explain picks none, so --count and --with-passwords do not fit; leave them out")
        _explain(session, wish)
        return
    told: Told = session.run(_picked(session, wish))
    session.show(told, lambda: session.lines(str(one["url"]) for one in told["picked"]))
    if told["refusal"] is not None:
        fewer = f"only {len(told['picked'])} different proxies fit"
        session.fault(f"{told['missing']} missing: {fewer if told['picked'] else told['refusal']['reason']}")
    if not told["picked"]:
        raise Ended(ExitCode.FAILED)


async def _picked(session: Session, wish: Wish) -> Told:
    async with session.answers() as answers:
        return await answers.pick(
            wish.selector,
            strategy=wish.strategy,
            count=wish.count,
            target=wish.target,
            passwords=wish.with_passwords,
        )


def _explain(session: Session, wish: Wish) -> None:
    rows: list[Told] = session.run(_explained(session, wish))
    eligible, last = (sum(1 for row in rows if row[name]) for name in ("eligible", "last_resort"))
    answer = {"eligible": eligible, "last_resort": last, "total": len(rows), "proxies": rows}
    session.show(answer, _table(rows))
    more = f"; {last} more as a last resort, when nobody is" if last else ""
    session.say(f"{eligible} of {len(rows)} proxies are eligible{more}")
    if not eligible and not last:
        raise Ended(ExitCode.FAILED)


async def _explained(session: Session, wish: Wish) -> list[Told]:
    async with session.answers() as answers:
        return await answers.explain(wish.selector, wish.target)


def _table(rows: list[Told]) -> Callable[[], None]:
    def people() -> None:
        from .tables import table

        cells = [[row["id"], row["address"], _word(row), row["code"], row["reason"], row["until"]] for row in rows]
        table(("id", "address", "eligible", "code", "reason", "until"), cells)

    return people


def _word(row: Told) -> object:
    return "last resort" if row["last_resort"] else row["eligible"]
