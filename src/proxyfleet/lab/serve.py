"""A lab that runs until told to stop, for the command line; reports through a callback and prints nothing."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from .behaviour import Behaviour
from .lab import Lab, Layout


@dataclass(frozen=True, slots=True)
class LabOptions:
    """What `proxyfleet lab` can be asked for; counts by kind (http, https, socks4, socks5, rotating)."""

    counts: Mapping[str, int] = field(
        default_factory=lambda: {"http": 10, "https": 2, "socks4": 2, "socks5": 4, "rotating": 2}
    )
    username: str | None = "lab"
    password: str | None = field(default="lab", repr=False)
    behaviour: Behaviour | None = None
    seed: int = 1
    layout: Layout | None = None
    control_port: int = 0
    control_token: str | None = field(default=None, repr=False)


async def serve_lab(options: LabOptions, tell: Callable[[str], None], stop: asyncio.Event) -> None:
    """Run a lab until `stop` is set; `tell` gets one line for each thing a user wants to know.

    Raises OSError with the remedy when a port is taken or descriptors run out.
    """
    lab = Lab(
        username=options.username,
        password=options.password,
        behaviour=options.behaviour,
        rng=Random(options.seed),
        layout=options.layout,
    )
    async with lab:
        lab.add_many(options.counts)
        control = lab.control(port=options.control_port, token=options.control_token)
        for line in announcement(lab, control.url):
            tell(line)
        await stop.wait()


def announcement(lab: Lab, control_url: str) -> list[str]:
    """What to say about a running lab; without passwords, which `lab.lines()` has."""
    kinds = ", ".join(f"{len(lab.find(f'{kind}-*'))} {kind}" for kind in sorted({kind_of(p.name) for p in lab.proxies}))
    return [
        f"proxies: {kinds or 'none'}",
        f"target:  {lab.target.url} and {lab.target.tls_url}, also as {', '.join(lab.hosts.names())}",
        f"CA file: {lab.ca_file}",
        f"control: {control_url} (GET /lines for the proxy URLs, POST /proxies/NAME to change one)",
    ]


def kind_of(name: str) -> str:
    """`socks5-12` is of kind `socks5`."""
    return name.rpartition("-")[0]
