"""`serve`: one node or several on one port, until it is told to stop."""

import sys
from dataclasses import dataclass, field
from typing import Annotated

import typer

from .commanding import command
from .imports import Reading, wish_from
from .session import Session


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the node listens, and what it takes in first."""

    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where clients connect.")] = None
    control: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Health checks and this program; or off.")
    ] = None
    sources: Annotated[
        list[str], typer.Option("--import", metavar="SOURCE", help="Import this first; may be repeated.")
    ] = field(default_factory=list)
    scheme: Annotated[str, typer.Option(metavar="SCHEME", help="Of imported lines that name none.")] = "http"
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Import addresses that are not globally routable.")
    ] = False
    allow_private_targets: Annotated[
        bool, typer.Option("--allow-private-targets", help="Serve targets on this machine and its networks.")
    ] = False
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="How proxies are picked.")] = None
    processes: Annotated[
        int, typer.Option(metavar="N", help="So many processes on one port; they share the store.")
    ] = 1
    member: Annotated[int | None, typer.Option(hidden=True)] = None


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "serve")(serve)


def serve(session: Session, serving: Serving) -> None:
    """Run the gateway; prints `ready` when it answers, reads its settings again on SIGHUP, ends in order on SIGTERM and Ctrl-C."""
    from proxyfleet.assembly.processes import Ended
    from proxyfleet.assembly.serving import serve, serve_together

    wanted = {"gateway.listen": serving.listen, "gateway.control": serving.control, "rules.strategy": serving.strategy}
    for key, value in wanted.items():
        if value is not None:
            session.flags[key] = (f"--{key.rpartition('.')[2]}", value)
    if serving.allow_private_targets:
        session.flags["gateway.allow_private_targets"] = ("--allow-private-targets", True)
    wish = wish_from(Reading(scheme=serving.scheme, allow_private=serving.allow_private))
    settings = session.loaded.settings
    for warning in session.loaded.warnings:
        session.say(f"warning: {warning}")
    if serving.processes == 1 or serving.member is not None:
        work = serve(settings, serving.sources, wish, tell, again=session.again, member=serving.member)
        session.run(work, fast=True)
        return
    together = serve_together(settings, serving.sources, wish, tell, count=serving.processes, arguments=sys.argv[1:])
    try:
        session.run(together)
    except Ended as ended:
        raise SystemExit(ended.exit_code) from None  # it has said why


def tell(name: str, value: str) -> None:
    """One `name  value` line, at once, whoever reads."""
    sys.stdout.write(f"{name}  {value}\n" if value else f"{name}\n")
    sys.stdout.flush()
