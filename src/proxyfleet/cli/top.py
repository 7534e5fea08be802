"""`top`: what flows right now, per proxy, per target and per user, of all processes that serve together."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from .commanding import command
from .durations import METAVAR, duration
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.members import Members

Told = dict[str, Any]
"""What a node tells of its flows; `Any` because it comes as JSON."""
KINDS: Final = ("proxies", "targets", "users")
SUMS: Final = ("requests", "tunnels", "begun_rate", "up_rate", "down_rate")
TOTALS: Final = ("begun_rate", "received_rate", "sent_rate", "connections", "tunnels")
CLEAR: Final = "\x1b[H\x1b[2J"
COLUMNS: Final = ("requests/s", "requests", "tunnels", "up/s", "down/s")


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "top")(top)


def top(
    session: Session,
    once: Annotated[bool, typer.Option("--once", help="Look for one interval, print it, and end.")] = False,
    every: Annotated[float, typer.Option(parser=duration, metavar=METAVAR, help="How long an interval is.")] = 2.0,
    rows: Annotated[int, typer.Option(metavar="N", help="Rows of each kind at most.")] = 15,
) -> None:
    """Show what flows now: requests per second, requests and tunnels under way, bytes of tunnels. Ctrl-C ends it."""
    if not 0.1 <= every <= 3600.0 or not 1 <= rows <= 200:
        raise BadUsage("--every takes 0.1 to 3600 seconds and --rows 1 to 200")
    session.run(_watch(session, once=once, every=every, rows=rows))


async def _watch(session: Session, *, once: bool, every: float, rows: int) -> None:
    import asyncio

    members = _members(session)
    await _look(members)  # rates are those since the look before
    while True:
        await asyncio.sleep(every)
        told = await _look(members)
        if session.common.json:
            session.emit(told)
        else:
            if sys.stdout.isatty() and not once:
                sys.stdout.write(CLEAR)
            _people(told, rows)
        if once:
            return


def _members(session: Session) -> "Members":
    from proxyfleet.assembly.asking import NodeUnreachable
    from proxyfleet.assembly.members import find_members
    from proxyfleet.assembly.runtime import node_file

    loaded = session.loaded
    named = session.common.node or loaded.node
    members = find_members(named, loaded.node_token, node_file(loaded.settings))
    if members is None:
        raise NodeUnreachable("no node is running on this store; start one with `proxyfleet serve`")
    return members


async def _look(members: "Members") -> Told:
    """One answer of each process that is there, added up. A process that has just been started anew is missed once."""
    return added((await members.ask(lambda client: client.flows())).answers)


def added(answers: list[Told]) -> Told:
    """Several processes as one; the busiest rows first."""
    told: Told = {"processes": len(answers)} | {name: sum(one.get(name, 0) for one in answers) for name in TOTALS}
    for kind in KINDS:
        together: dict[tuple[str, int | None], Told] = {}
        for row in (row for one in answers for row in one.get(kind, ())):
            known = together.setdefault(
                (row["name"], row["proxy_id"]), {"name": row["name"], "proxy_id": row["proxy_id"]}
            )
            for name in SUMS:
                known[name] = known.get(name, 0) + row[name]
        told[kind] = sorted(together.values(), key=_weight, reverse=True)
    return told


def _weight(row: Told) -> tuple[float, ...]:
    return (row["begun_rate"], row["up_rate"] + row["down_rate"], row["requests"] + row["tunnels"])


def _people(told: Told, rows: int) -> None:
    from .tables import table

    print(
        f"{told['begun_rate']:.1f} requests/s, in {_bytes(told['received_rate'])}/s, out {_bytes(told['sent_rate'])}/s, "
        f"{told['connections']} connections, {told['tunnels']} tunnels, {told['processes']} process(es)"
    )
    for kind in KINDS:
        if told[kind]:
            print()
            table((kind, *COLUMNS), (_row(row) for row in told[kind][:rows]))
    sys.stdout.flush()


def _row(row: Told) -> tuple[object, ...]:
    name = row["name"] if row["proxy_id"] is None else f"{row['proxy_id']} {row['name']}"
    rates = (_bytes(row["up_rate"]), _bytes(row["down_rate"]))
    return (name, f"{row['begun_rate']:.1f}", row["requests"], row["tunnels"], *rates)


def _bytes(rate: float) -> str:
    for unit in ("B", "kB", "MB"):
        if rate < 1000:
            return f"{rate:.0f} {unit}"
        rate /= 1000
    return f"{rate:.1f} GB"
