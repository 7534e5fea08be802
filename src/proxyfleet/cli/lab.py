"""`lab`: pretended proxies and a target on loopback, for tests of your own programs."""

import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from .commanding import command
from .serve import tell
from .session import Session

KINDS = ("http", "https", "socks4", "socks5", "rotating")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each kind, and how they are reached."""

    http: Annotated[int, typer.Option(min=0, help="Proxies that speak HTTP.")] = 10
    https: Annotated[int, typer.Option(min=0, help="HTTP over TLS.")] = 0
    socks4: Annotated[int, typer.Option(min=0, help="SOCKS4 and 4a.")] = 0
    socks5: Annotated[int, typer.Option(min=0, help="SOCKS5.")] = 0
    rotating: Annotated[int, typer.Option(min=0, help="HTTP with a new exit per session.")] = 0
    first_port: Annotated[
        int, typer.Option(min=0, max=65_000, help="Consecutive ports from here; 0 takes free ones.")
    ] = 0
    open: Annotated[bool, typer.Option("--open", help="Proxies that ask for no credentials.")] = False
    sources: Annotated[
        bool, typer.Option("--sources", help="Stand-ins of all free sources that list them, for `sources fetch`.")
    ] = False


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "lab")(lab)


def lab(session: Session, counts: Counts) -> None:
    """Run pretended proxies on loopback and print their URLs; Ctrl-C ends it."""
    session.run(_run(session, counts), fast=True)


async def _run(session: Session, counts: Counts) -> None:
    from asyncio import Event

    from proxyfleet.assembly.labs import lab_running
    from proxyfleet.assembly.loop import stop_on_signals

    stop = Event()
    stop_on_signals(stop)
    wanted = {kind: getattr(counts, kind) for kind in KINDS}
    running = lab_running(wanted, counts.first_port, credentials=not counts.open, sources=counts.sources)
    async with running as up:
        if session.common.json:
            session.emit(up)
            sys.stdout.flush()
        else:
            for url in up["proxies"]:
                tell("proxy", url)
            for name in ("target", "tls_target", "ca_file", "control"):
                tell(name, str(up[name]))
            if up["sources"]:
                tell("sources", up["sources"])
            tell("ready", "")
        await stop.wait()
