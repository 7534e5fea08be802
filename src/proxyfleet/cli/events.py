"""`events`: what has happened, oldest first, and with `--follow` what happens from now on."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.core.events import Happened, Recorded

LOOK_EVERY = 1.0
PAGE = 1_000


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "events")(events)


def events(
    session: Session,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only such events, as source_failed; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The latest so many.", min=1, max=100_000)] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on telling until Ctrl-C.")] = False,
) -> None:
    """Show what has happened to proxies, sources and jobs; programs get one JSON object a line with --follow."""
    kinds = _kinds(kind or [])
    session.run(_follow(session, kinds, limit) if follow else _latest(session, kinds, limit))


def _kinds(names: list[str]) -> "list[Happened]":
    from proxyfleet.core.events import Happened

    known = [one.value for one in Happened]
    for name in names:
        if name not in known:
            raise BadUsage(f"there is no kind of event {name!r}; use one of: {', '.join(known)}")
    return [Happened(name) for name in names]


async def _latest(session: Session, kinds: "list[Happened]", limit: int) -> None:
    async with session.opened(missing="refuse") as opened:
        found = await opened.store.events(limit=limit, kinds=kinds)
    session.show([_shown(one) for one in found], lambda: session.lines(map(_line, found)))
    if not found:
        session.say("nothing has happened yet")


async def _follow(session: Session, kinds: "list[Happened]", limit: int) -> None:
    from asyncio import sleep

    async with session.opened(missing="refuse") as opened:
        found = await opened.store.events(limit=limit, kinds=kinds)
        last = 0
        while True:
            for one in found:
                sys.stdout.write(f"{json.dumps(_shown(one)) if session.common.json else _line(one)}\n")
                last = one.number
            sys.stdout.flush()
            if len(found) < PAGE:
                await sleep(LOOK_EVERY)
            found = await opened.store.events(last, limit=PAGE, kinds=kinds)


def _shown(one: "Recorded") -> dict[str, Any]:
    """Any: fields of many types."""
    from proxyfleet.services.read_models import instant

    event = one.event
    return {
        "number": one.number,
        "at": instant(event.at),
        "what": event.what.value,
        "proxy": event.proxy_id or None,
        "target": event.target,
        "subject": event.subject or None,
        "count": event.count,
        "reason": event.reason,
        "until": instant(event.until or None),
    }


def _line(one: "Recorded") -> str:
    told = _shown(one)
    about = [f"proxy {told['proxy']}" if told["proxy"] else None, told["subject"], told["target"]]
    text = f"{told['at']}  {told['what']:20}  {' '.join(filter(None, about))}: {told['reason']}"
    # Whatever a site or an operator wrote must not steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in text)
