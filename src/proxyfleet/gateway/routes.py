"""The way to each proxy: its credentials as bytes, the lines that name it, and its pooled idle connections.

A route belongs to one identity and one fingerprint of credentials; when either changes it is retired and its
connections are closed, so that a connection is never used again under other credentials (CVE-2026-3784).
"""

import hashlib
from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING

from proxyfleet.core.proxy import Endpoint, Labels, Scheme
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.wire.dialects import Exit, Login, dialect_of
from proxyfleet.wire.forward import own_lines
from proxyfleet.wire.proxy_auth import basic_field

if TYPE_CHECKING:
    from proxyfleet.gateway.upstream import UpstreamConnection

MOST_ROUTES = 16_384
MOST_LANES = 256
"""Of one route; more are forgotten when idle."""
SOCKS = {Scheme.SOCKS4: 4, Scheme.SOCKS4A: 4, Scheme.SOCKS5: 5, Scheme.SOCKS5H: 5}
ANY_EXIT = Exit()
Fingerprint = tuple[str, str, int, bytes]


class Route:
    """`request_lines` go to the proxy, `answer_lines` and `closing_lines` to the client of a plain request,
    `tunnel_lines` to that of a CONNECT. `socks` is 4, 5, or 0 for a proxy that speaks HTTP; `login` is SOCKS's.
    `local_dns`: names of targets may be resolved here for it. `rotating`: every connection may have another exit, so that
    none is kept unless it belongs to a session. `parameterised`: the credentials say more than who we are. `telling`: it
    says something that holds for one answer only.

    `lanes` are the ways through it that share nothing but the proxy: one per target where every connection is a tunnel,
    one per exit that is asked for.
    """

    __slots__ = (
        "_via",
        "answer_lines",
        "carried",
        "closing_lines",
        "endpoint",
        "fingerprint",
        "host",
        "idle",
        "label",
        "lanes",
        "local_dns",
        "login",
        "parameterised",
        "pooled",
        "port",
        "request_lines",
        "retired",
        "rotating",
        "seen",
        "socks",
        "telling",
        "tls",
        "tunnel_lines",
    )

    def __init__(self, endpoint: Endpoint, fingerprint: Fingerprint, via: str | None, named: bool) -> None:
        self._via = via
        self.endpoint = endpoint
        self.seen = -1
        """At which count of the fleet's edits the proxy was last seen to be this endpoint."""
        self.host = endpoint.host
        self.port = endpoint.port
        self.local_dns = endpoint.scheme in (Scheme.SOCKS4, Scheme.SOCKS5)
        self.tls = endpoint.scheme is Scheme.HTTPS
        self.socks = SOCKS.get(endpoint.scheme, 0)
        self.rotating = endpoint.rotating is not None
        self.pooled = not self.rotating
        self.parameterised = False
        self.telling = False
        self.fingerprint = fingerprint
        self.idle: list[UpstreamConnection] = []
        self.lanes: dict[bytes, Route] = {}
        self.retired = False
        self.carried = 0
        """Requests and tunnels that took this way."""
        self.label = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        name = self.label if named else None
        self._log_in(_login(endpoint))
        self.answer_lines = own_lines(via, name)
        self.closing_lines = self.answer_lines + b"Connection: close\r\n"
        self.tunnel_lines = own_lines(None, name)

    def _log_in(self, login: tuple[str, str] | None) -> None:
        self.login = login
        credentials = b"" if self.socks or login is None else basic_field(*login)
        self.request_lines = own_lines(self._via, None) + credentials

    def exit(self, wanted: Exit) -> "Route":
        """The way through a rotating endpoint to that exit; connections are kept for a session only."""
        labels = self.endpoint.rotating
        if labels is None or wanted == ANY_EXIT:
            return self
        key = repr(wanted).encode()
        known = self.lanes.get(key)
        if known is not None:
            return known
        lane = self.lane(key)
        lane.pooled = bool(wanted.session)
        dialect, plain = dialect_of(labels.provider), Login(*(self.login or ("", "")))
        told = plain if dialect is None else dialect.write(plain, _untold(wanted, labels))
        if told != plain:
            lane.parameterised = True
            lane._log_in(told)
        return lane

    def saying(self, lines: bytes) -> "Route":
        """The same way, with more to tell the client; for one answer."""
        told = copy(self)
        told.telling = True
        told.answer_lines, told.closing_lines = lines + self.answer_lines, lines + self.closing_lines
        told.tunnel_lines = lines + self.tunnel_lines
        return told

    @property
    def in_use(self) -> bool:
        """Whether idle connections are kept."""
        return bool(self.idle) or any(lane.in_use for lane in self.lanes.values())

    def lane(self, key: bytes) -> "Route":
        """The same way for `key` alone, with idle connections of its own."""
        lane = self.lanes.get(key)
        if lane is None:
            if len(self.lanes) >= MOST_LANES:
                self.lanes = {one: kept for one, kept in self.lanes.items() if kept.idle}
            lane = self.lanes[key] = copy(self)
            lane.idle, lane.lanes = [], {}
        return lane


class Routes:
    """Finds the route of a proxy and keeps idle connections, so many in all and for so long as the settings say."""

    def __init__(self, pseudonym: str, *, key: bytes) -> None:
        self._pseudonym = pseudonym
        self._key = key
        self._via: str | None = pseudonym
        self._named = True
        self._most_idle = 0
        self._lifetime = 0.0
        self._by_proxy: dict[int, Route] = {}
        self._idle: dict[UpstreamConnection, float] = {}

    def keep_to(self, settings: GatewaySettings) -> None:
        """What is told to proxies and clients, and how much is kept; connections stay as far as that allows."""
        told = (self._pseudonym if settings.via else None, settings.name_proxy)
        if told != (self._via, self._named):
            self._via, self._named = told
            for route in self._by_proxy.values():
                self._retire(route)
            self._by_proxy.clear()
        self._most_idle = settings.limits.idle_upstreams
        self._lifetime = settings.timers.upstream_idle

    def __len__(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    def all(self) -> Iterable[tuple[int, Route]]:
        """Every route with the id of its proxy."""
        return self._by_proxy.items()

    def of(self, proxy_id: int) -> Route | None:
        """The route to a proxy as it was used last."""
        return self._by_proxy.get(proxy_id)

    def known(self, proxy_id: int, edits: int) -> Route | None:
        """The route to a proxy, if it was found at this very count of edits."""
        route = self._by_proxy.get(proxy_id)
        return route if route is not None and route.seen == edits else None

    def to(self, proxy_id: int, endpoint: Endpoint, edits: int = 0) -> Route:
        """The route for `endpoint` as it is now, after so many edits."""
        route = self._by_proxy.get(proxy_id)
        if route is None or route.endpoint != endpoint:
            if route is not None:
                self._retire(route)
            elif len(self._by_proxy) >= MOST_ROUTES:
                self._forget_unused()
            route = Route(endpoint, self._fingerprint(endpoint), self._via, self._named)
            self._by_proxy[proxy_id] = route
        route.seen = edits
        return route

    def take(self, route: Route) -> "UpstreamConnection | None":
        """The connection that was used last, which is the least likely to have been closed over there."""
        while route.idle:
            upstream = route.idle.pop()
            del self._idle[upstream]
            if not upstream.transport.is_closing():
                return upstream
        return None

    def park(self, upstream: "UpstreamConnection", now: float) -> None:
        """Keep a connection that has nothing left to say, unless its route is no longer valid or the pool is full."""
        route = upstream.route
        if route.retired or len(self._idle) >= self._most_idle:
            upstream.close()
            return
        route.idle.append(upstream)
        self._idle[upstream] = now + self._lifetime

    def lost(self, upstream: "UpstreamConnection") -> None:
        """An idle connection ended."""
        if self._idle.pop(upstream, None) is not None:
            upstream.route.idle.remove(upstream)

    def sweep(self, now: float) -> None:
        """Close what was idle for too long; parked in order of time, so this touches nothing else."""
        while self._idle:
            upstream, until = next(iter(self._idle.items()))
            if until > now:
                return
            self._close(upstream)

    def close(self) -> None:
        """Close every idle connection."""
        for upstream in list(self._idle):
            self._close(upstream)

    def _close(self, upstream: "UpstreamConnection") -> None:
        self.lost(upstream)
        upstream.close()

    def _retire(self, route: Route) -> None:
        route.retired = True
        for upstream in list(route.idle):
            self._close(upstream)
        for lane in route.lanes.values():
            self._retire(lane)

    def _forget_unused(self) -> None:
        for proxy_id in [i for i, route in self._by_proxy.items() if not route.in_use]:
            del self._by_proxy[proxy_id]

    def _fingerprint(self, endpoint: Endpoint) -> Fingerprint:
        # Written so that no two pairs look alike.
        secret = repr((endpoint.username, endpoint.password and endpoint.password.reveal())).encode()
        digest = hashlib.blake2b(secret, key=self._key, digest_size=16).digest()
        return (endpoint.scheme.value, endpoint.host, endpoint.port, digest)


def _untold(wanted: Exit, labels: Labels) -> Exit:
    """Without the places that the endpoint is sold for: those its stored credentials name already."""
    return wanted._replace(
        country="" if labels.place else wanted.country,
        region="" if labels.region else wanted.region,
        city="" if labels.city else wanted.city,
        asn="" if labels.asn is not None else wanted.asn,
    )


def untaken(endpoint: Endpoint) -> Route:
    """The way to a proxy whose password cannot be read: for the books only, never for a connection."""
    return Route(
        endpoint._replace(password=None), (endpoint.scheme.value, endpoint.host, endpoint.port, b""), None, False
    )


def _login(endpoint: Endpoint) -> tuple[str, str] | None:
    if endpoint.username is None and endpoint.password is None:
        return None
    return endpoint.username or "", "" if endpoint.password is None else endpoint.password.reveal()
