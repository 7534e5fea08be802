"""`stats`: the fleet and the node in numbers."""

from typing import Any

import typer

from .commanding import command
from .session import Session

Told = dict[str, Any]
"""An answer of `Questions`; `Any` because it may have come as JSON from a node."""
TITLES = {"fleet": "Fleet", "node": "Node", "gateway": "Gateway"}


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "stats")(stats)


def stats(session: Session) -> None:
    """Show the fleet and the running node in numbers."""
    told: Told = session.run(_report(session))
    session.show(told, lambda: _people(told))


async def _report(session: Session) -> Told:
    async with session.answers() as answers:
        return await answers.report()


def _people(told: Told) -> None:
    from .tables import pairs

    for name, title in TITLES.items():
        if told.get(name):
            print(title)
            pairs((f"  {key}", _flat(value)) for key, value in told[name].items())


def _flat(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name} {_number(one)}" for name, one in value.items()) or "-"


def _number(value: object) -> object:
    """Figures that are not known yet are a dash."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else value
