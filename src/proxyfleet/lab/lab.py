"""The lab: a whole little proxy world in one process, for tests, demos and benchmarks; loopback only.

    async with Lab(http=20, socks5=5, username="lab", password="lab") as lab:
        lab.proxies[0].behave(latency=0.2)
        lab.kill(["http-2"])
        ...
        assert lab.target.requests[-1].proxy == "http-1"

Everything that happens by chance comes from `rng`, everything that is judged by time from `clock`.
"""

import asyncio
import resource
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from types import TracebackType

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.tasks import Tasks

from .behaviour import SCHEMES, Behaviour
from .certificates import Authority
from .control import Control
from .hosts import RESERVED, Hosts
from .lists import Listed, Rows
from .passages import Passage, Passages, Peer
from .proxy import LabProxy
from .source_site import SourceSite
from .target import Target
from .world import World

KINDS = (*SCHEMES, "rotating")
"""What `Lab` counts: four schemes, and HTTP proxies that rotate their exit by session."""
SPREAD = 250
"""Loopback addresses 127.0.0.1 to 127.0.0.250 that spread proxies share."""
SPARE_DESCRIPTORS = 64
LEAST_TURNS, SETTLING_TURNS = 2, 50


@dataclass(frozen=True, slots=True)
class Layout:
    """Where proxies listen: consecutive ports from `first_port` (0: any free ones), on one address or spread over 250.

    Other addresses than 127.0.0.1 exist on Linux without set-up; elsewhere they have to be configured first.
    """

    first_port: int = 0
    spread: bool = False

    def place(self, number: int) -> tuple[str, int]:
        """Address and port of the proxy with this number, from 0."""
        host = f"127.0.0.{number % SPREAD + 1}" if self.spread else "127.0.0.1"
        return host, self.first_port and self.first_port + number


class Lab:
    """Started by `async with`, or `start` and `close`; counts are given by kind, as in `Lab(http=3, rotating=1)`.

    `behaviour` is what every proxy starts with; `username` and `password` are put into it. Raises ValueError for an
    unknown kind and OSError when ports or descriptors run out.
    """

    def __init__(
        self,
        *,
        username: str | None = None,
        password: str | None = None,
        behaviour: Behaviour | None = None,
        rng: Random | None = None,
        clock: Clock = monotonic_clock,
        layout: Layout | None = None,
        **counts: int,
    ) -> None:
        plain = behaviour or Behaviour()
        self._behaviour = plain if username is None else replace(plain, username=username, password=password)
        self._counts, self._layout = counts, layout or Layout()
        self._rng, self._clock = rng or Random(1), clock
        self._by_name: dict[str, LabProxy] = {}
        self._made: dict[str, int] = {}
        self._targets: list[Target] = []
        self._sites: list[SourceSite] = []
        self._control: Control | None = None
        self._world: World | None = None

    async def __aenter__(self) -> "Lab":
        try:
            self.start()
        except (OSError, ValueError):
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Open the target and all proxies; needs a running loop."""
        addresses = {self._layout.place(number)[0] for number in range(SPREAD)} | {"::1"}
        passages = Passages(self._clock)
        authority = Authority(frozenset(addresses))
        self._world = World(Hosts(), passages, self._rng, self._clock, authority, Tasks())
        self.add_target("target", *RESERVED)
        self.add_many(self._counts)

    async def close(self) -> None:
        """Close every socket and task and remove the certificates; a second call does nothing."""
        world, self._world = self._world, None
        if world is None:
            return
        for proxy in self.proxies:
            proxy.close()
        for target in self._targets:
            target.close()
        for site in self._sites:
            site.close()
        if self._control is not None:
            self._control.close()
        await world.tasks.close()
        await self._settle()
        world.authority.close()

    async def _settle(self) -> None:
        """Let aborted transports tell their protocols; that takes a few turns of the loop and no time."""
        for turn in range(SETTLING_TURNS):
            await asyncio.sleep(0)
            still_open = any(proxy.live for proxy in self.proxies) or any(target.open for target in self._targets)
            still_open = still_open or any(site.open for site in self._sites)
            if turn >= LEAST_TURNS and not still_open:
                break

    @property
    def proxies(self) -> list[LabProxy]:
        """In the order in which they were made."""
        return list(self._by_name.values())

    @property
    def targets(self) -> list[Target]:
        """The first one answers to all reserved names, see `hosts.RESERVED`."""
        return list(self._targets)

    @property
    def target(self) -> Target:
        return self._targets[0]

    @property
    def hosts(self) -> Hosts:
        """The name table; change it as you like."""
        return self._running().hosts

    @property
    def ca_file(self) -> Path:
        """What clients have to trust to accept HTTPS proxies and targets; PEM, gone after `close`."""
        return self._running().authority.ca_file

    def __getitem__(self, name: str) -> LabProxy:
        """The proxy called `http-1`, `socks5-3`, `rotating-1`, ...; KeyError without it."""
        return self._by_name[name]

    def add(self, kind: str, **changes: object) -> LabProxy:
        """One more proxy of a kind, listening at once; `changes` as for `LabProxy.behave`."""
        world = self._running()
        if kind not in KINDS:
            raise ValueError(f"the lab has no {kind!r}; it has {', '.join(KINDS)}")
        number = self._made[kind] = self._made.get(kind, 0) + 1
        scheme = "http" if kind == "rotating" else kind
        behaviour = replace(self._behaviour, rotate="session") if kind == "rotating" else self._behaviour
        proxy = LabProxy(f"{kind}-{number}", scheme, self._layout.place(len(self._by_name)), behaviour, world)
        self._by_name[proxy.name] = proxy
        proxy.behave(**changes)
        return proxy

    def add_many(self, counts: Mapping[str, int]) -> None:
        """So many more proxies of each kind, as in the constructor."""
        listeners = len(self._by_name) + sum(counts.values()) + SPARE_DESCRIPTORS
        raise_descriptor_limit(listeners, wanted=3 * listeners)
        for kind, count in counts.items():
            for _ in range(count):
                self.add(kind)

    def add_target(self, name: str, *hosts: str) -> Target:
        """One more site, listening at once, that answers to `hosts` (names and `*.suffix`)."""
        target = Target(name, self._running())
        self._targets.append(target)
        for host in hosts:
            self.hosts.point(host, target)
        return target

    def add_sources(self, listed: Rows | None = None) -> SourceSite:
        """A stand-in for every free source, listening at once, that lists these proxies, or those of this lab."""
        site = SourceSite(self.listed() if listed is None else listed, self._running().tasks)
        self._sites.append(site)
        return site

    @property
    def sites(self) -> list[SourceSite]:
        """What `add_sources` has made."""
        return list(self._sites)

    def listed(self) -> list[Listed]:
        """The proxies of this lab as free lists have them: without credentials, and no TLS to the proxy."""
        plain = (proxy for proxy in self.proxies if proxy.scheme != "https")
        return [Listed(proxy.scheme, proxy.host, proxy.port, connect=proxy.scheme == "http") for proxy in plain]

    def find(self, *patterns: str) -> list[LabProxy]:
        """Proxies whose name is or fits one of the patterns (`http-*`)."""
        return [proxy for proxy in self.proxies if any(fnmatchcase(proxy.name, pattern) for pattern in patterns)]

    def kill(self, names: Iterable[str]) -> None:
        """Make proxies refuse connections and abort those they have; names or patterns."""
        for proxy in self.find(*names):
            proxy.kill()

    def revive(self, names: Iterable[str]) -> None:
        """Bring proxies back on their old ports; names or patterns."""
        for proxy in self.find(*names):
            proxy.revive()

    def lines(self) -> list[str]:
        """One URL with credentials per proxy, for an import."""
        return [proxy.url for proxy in self.proxies]

    def forwarded_by(self, peer: Peer) -> Passage | None:
        """For servers of your own: who connects from this (address, port); None for nobody of the lab."""
        return self._running().passages.find(peer)

    def control(self, *, port: int = 0, token: str | None = None) -> Control:
        """Open the control endpoint, or give the one that is open."""
        if self._control is None:
            self._control = Control(self, self._running().tasks, port, token)
        return self._control

    def _running(self) -> World:
        if self._world is None:
            raise RuntimeError("the lab is not running; use it inside `async with`")
        return self._world


def raise_descriptor_limit(needed: int, wanted: int) -> None:
    """Lift this process's soft limit of open files to `wanted`, or as far as it may; OSError if not even to `needed`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if reachable < needed:
        raise OSError(f"the lab needs {needed} open files, the limit is {hard}; raise it with ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, reachable), hard))
