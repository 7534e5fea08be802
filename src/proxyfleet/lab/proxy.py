"""One lab proxy: a port, a behaviour that can change at any moment, and counters.

Decides nothing itself: `judging` says whether, `hosts` where to, the sides speak. Needs a running loop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from urllib.parse import quote

from .behaviour import SCHEMES, Behaviour, changed
from .client import ClientSide
from .gate import Gate, gate_for
from .hosts import literal_of
from .http_side import HttpSide
from .judging import NO_NAMES, Ask, Refusal, Tally, check_credentials, exit_of, judge, parameters_of
from .listener import Admission, Listener
from .outbound import Route
from .passages import Passages
from .socks_side import Socks4Side, Socks5Side
from .strangers import stranger
from .world import World

SIDES: dict[str, Callable[["LabProxy"], ClientSide]] = {
    "http": HttpSide,
    "https": HttpSide,
    "socks4": Socks4Side,
    "socks5": Socks5Side,
}


class LabProxy:
    """Listens from the start unless the behaviour says dead. `port` 0 takes a free port, kept for life."""

    def __init__(self, name: str, scheme: str, place: tuple[str, int], behaviour: Behaviour, world: World) -> None:
        if scheme not in SCHEMES:
            raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
        self.name, self.scheme, self.behaviour = name, scheme, behaviour
        self.tally = Tally()
        self._world = world
        self._new_gate = gate_for(behaviour)
        self._listener = Listener(*place, self._admit, world.tasks)
        if behaviour.dead:
            self._listener.shut()

    @property
    def host(self) -> str:
        return self._listener.host

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def live(self) -> set[asyncio.Transport]:
        """The connections of clients that are open now."""
        return self._listener.live

    @property
    def passages(self) -> Passages:
        return self._world.passages

    @property
    def connections(self) -> int:
        """Accepted so far, reset ones too."""
        return self.tally.connections

    @property
    def requests(self) -> int:
        """Requests and tunnels asked for so far, refused ones too; wrong credentials do not count."""
        return self.tally.requests

    @property
    def tunnels(self) -> int:
        """CONNECT and SOCKS tunnels opened so far."""
        return self.tally.tunnels

    @property
    def url(self) -> str:
        """As an importer reads it, with credentials and with the scheme that the proxy claims."""
        wanted = self.behaviour
        login = ""
        if wanted.username is not None:
            password = "" if wanted.password is None else f":{quote(wanted.password, safe='')}"
            login = f"{quote(wanted.username, safe='')}{password}@"
        return f"{wanted.claims or self.scheme}://{login}{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"<LabProxy {self.name} {self.scheme}://{self.host}:{self.port}>"

    def behave(self, **changes: object) -> None:
        """Replace fields of the behaviour, from the next request on; `dead` acts at once.

        Raises ValueError for an unknown field or a bad value, and then changes nothing.
        """
        self.behaviour = changed(self.behaviour, changes)
        self._new_gate = gate_for(self.behaviour)
        if self.behaviour.dead:
            self._listener.shut()
        else:
            self._listener.reopen()

    def kill(self) -> None:
        """Connections are refused from now on, and running ones aborted."""
        self.behave(dead=True)

    def revive(self) -> None:
        """Listen again, on the same port, with the behaviour from before."""
        self.behave(dead=False)

    def close(self) -> None:
        """End for good."""
        self._listener.close()

    def status(self) -> dict[str, object]:
        """What the control endpoint shows: names, counters, behaviour without the password."""
        shown = {key: _plain(value) for key, value in asdict(self.behaviour).items() if key != "password"}
        counters = {"connections": self.connections, "requests": self.requests, "tunnels": self.tunnels}
        place = {"name": self.name, "scheme": self.scheme, "host": self.host, "port": self.port}
        return {**place, **counters, "refused": self.tally.refused, "open": len(self.live), "behaviour": shown}

    def _admit(self) -> Admission | None:
        self.tally.connections += 1
        now = self.behaviour
        if now.reset:
            return None
        if now.stall:
            return Admission(stranger("silence", self.live, self._world.rng))
        if now.speaks in ("ssh", "html", "garbage"):
            return Admission(stranger(now.speaks, self.live, self._world.rng))
        side = SIDES[now.speaks or self.scheme]
        tls = self._world.authority.context if self.scheme == "https" and now.speaks is None else None
        return Admission(lambda: side(self), tls)

    def latency(self) -> float:
        """Seconds to wait before the next request is acted upon."""
        now = self.behaviour
        return now.latency + (now.jitter * self._world.rng.random() if now.jitter else 0.0)

    def check(self, username: str | None, password: str | None) -> Refusal | None:
        """Whether the credentials fit."""
        return check_credentials(self.behaviour, username, password)

    def decide(self, ask: Ask) -> Route | Refusal:
        """Judge a request and find its way; SOCKS4 asks without a password and is let off."""
        now = self.behaviour
        password = now.password if ask.password is None and ask.username is not None else ask.password
        refusal = self.check(ask.username, password) or judge(
            now, ask, self.tally, self._world.clock(), self._world.rng
        )
        if refusal is not None:
            return refusal
        if not now.resolves and literal_of(ask.host) is None:
            return NO_NAMES
        place = self._world.hosts.find(ask.host, ask.port)
        if isinstance(place, Refusal):
            return place
        session = parameters_of(ask.username, now.username).get("session")
        return Route(*place, exit_of(now, session, self.tally.carried), session)

    def count_refusal(self, refusal: Refusal) -> None:
        """Count by HTTP status, whatever the protocol was."""
        self.tally.refused[refusal.status] = self.tally.refused.get(refusal.status, 0) + 1

    def traces(self, client: asyncio.BaseTransport) -> tuple[str, ...]:
        """Header lines that give a proxy away to the target."""
        anonymity = self.behaviour.anonymity
        if anonymity == "elite":
            return ()
        via = f"Via: 1.1 {self.name}"
        if anonymity == "anonymous":
            return (via,)
        return (via, f"X-Forwarded-For: {client.get_extra_info('peername')[0]}")

    def new_gate(self, client: asyncio.WriteTransport, *, head_first: bool) -> Gate | None:
        """What stands in the way of the next response, None for nothing."""
        return None if self._new_gate is None else self._new_gate(client, head_first)

    def spawn(self, coroutine: Coroutine[object, object, None]) -> asyncio.Task[object]:
        """Start a dial as a task of the lab."""
        return self._world.tasks.spawn(coroutine, name=f"{self.name} dial")


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
