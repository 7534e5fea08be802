"""`reset`, `eject`, `reinstate`, `block`, `unblock`: what an operator orders the running processes to do."""

from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .durations import METAVAR, duration
from .failing import BadUsage, Ended, ExitCode
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.members import Answered, Members

Which = Annotated[str, typer.Argument(metavar="ID|SELECTOR", help="Such as 7 or 'tag=new'; 'all' means every proxy.")]
Target = Annotated[str, typer.Argument(metavar="HOST", help="The site, as a host name.")]
For = Annotated[
    float | None,
    typer.Option("--for", parser=duration, metavar=METAVAR, help="For so long; without it until you say otherwise."),
]


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    for verb in (reset, eject, reinstate, block, unblock):
        command(app, verb.__name__)(verb)


def reset(session: Session, which: Which) -> None:
    """Forget what was learnt: scores, circuit, rests, refused credentials."""
    _order(session, "reset", which)


def eject(
    session: Session,
    which: Which,
    seconds: Annotated[
        float, typer.Option("--for", parser=duration, metavar=METAVAR, help="How long it rests.")
    ] = 300.0,
) -> None:
    """Let proxies rest now; running leases and tunnels go on."""
    _order(session, "eject", which, seconds=seconds)


def reinstate(session: Session, which: Which) -> None:
    """Put resting proxies back into rotation now, with the scores they have."""
    _order(session, "reinstate", which)


def block(session: Session, which: Which, target: Target, seconds: For = None) -> None:
    """Keep proxies away from one site."""
    _order(session, "block", which, target=_host(target), seconds=seconds)


def unblock(session: Session, which: Which, target: Target) -> None:
    """Let proxies go to that site again."""
    _order(session, "unblock", which, target=_host(target))


def _host(text: str) -> str:
    if "/" in text or not text.strip():
        raise BadUsage(f"{text!r} is no host name; write it like example.com")
    return text.strip().lower()


def _order(session: Session, verb: str, which: str, *, target: str | None = None, seconds: float | None = None) -> None:
    from .edits import _text

    wanted = which.strip()
    selector = f"id={wanted}" if wanted.isdecimal() else _text(which)
    answered = session.run(_ask(session, verb, selector, target, seconds))
    count = max(one[verb] for one in answered.answers)
    processes = len(answered.answers)
    if answered.silent:
        session.say(f"warning: {answered.silent} process(es) did not answer and did nothing; order it again")
    told = {verb: count, "processes": processes, "silent": answered.silent}
    session.show(told, lambda: print(f"{verb}: {count} proxies" + (f" in {processes} processes" * (processes > 1))))
    if not count or answered.silent:
        raise Ended(ExitCode.FAILED)


async def _ask(session: Session, verb: str, selector: str, target: str | None, seconds: float | None) -> "Answered":
    from proxyfleet.assembly.asking import NodeUnreachable

    members = await running_members(session)
    if members is None:
        raise NodeUnreachable(
            f"no node is running on this store, and health is kept by nodes only: there is nothing to {verb}; "
            "a node that starts has forgotten everything"
        )
    return await members.order(verb, selector, target=target, seconds=seconds)


async def running_members(session: Session) -> "Members | None":
    """The processes that serve this store, if there are any and they may be asked."""
    from proxyfleet.assembly.answering import OFF
    from proxyfleet.assembly.members import find_members
    from proxyfleet.assembly.runtime import node_file

    loaded = session.loaded
    named = session.common.node or loaded.node
    members = None if named == OFF else find_members(named, loaded.node_token, node_file(loaded.settings))
    return members if members is not None and await members.live() else None
