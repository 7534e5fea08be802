"""`demo`: a whole little fleet on this machine, to be tried at once."""

import sys
from typing import Annotated

import typer

from .commanding import command
from .serve import tell
from .session import Session

MEANINGS = {
    "gateway": "the address to give to a client as its proxy",
    "try": "a request through it; the answer's X-Proxyfleet-Proxy says who carried it",
    "explain": "which proxies may be picked, and why others not",
    "lab": 'the 20 pretended proxies; POST /proxies/http-1 {"dead": true} kills one',
    "target": "the site that answers",
}


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "demo")(demo)


def demo(
    session: Session,
    proxies: Annotated[int, typer.Option(help="How many pretended proxies.", min=1, max=500)] = 20,
) -> None:
    """Try it: pretended proxies, a gateway with a user and a little traffic, on loopback only; Ctrl-C ends it."""
    session.run(_run(session, proxies), fast=True)


async def _run(session: Session, proxies: int) -> None:
    from asyncio import Event

    from proxyfleet.assembly.demo import demo
    from proxyfleet.assembly.logs import start_logging
    from proxyfleet.assembly.loop import stop_on_signals
    from proxyfleet.settings.schema import LogSection

    start_logging(LogSection(level="error"))
    stop = Event()
    stop_on_signals(stop)
    async with demo(proxies) as up:
        if sys.stdout.isatty() and not session.common.json:
            _panel(up.lines)
        elif session.common.json:
            session.emit(dict(up.lines) | {"ready": True})
            sys.stdout.flush()
        else:
            for name, value in up.lines:
                tell(name, value)
            tell("ready", "")
        await stop.wait()


def _panel(lines: tuple[tuple[str, str], ...]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text("proxyfleet demo", style="bold"), "- ready; Ctrl-C ends it")
    for name, value in lines:
        console.print(Text(f"\n{name}", style="bold cyan"), Text(MEANINGS.get(name, ""), style="dim"))
        # No wrapping: people copy these lines.
        console.print(Text(value), soft_wrap=True)
