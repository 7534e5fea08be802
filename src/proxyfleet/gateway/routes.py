"""The way to each proxy: its credentials as bytes, the lines that name it, and its pooled idle connections.

A route belongs to one identity and one fingerprint of credentials; when either changes it is retired and its
connections are closed, so that a connection is never used again under other credentials (CVE-2026-3784).
"""

import hashlib
from typing import TYPE_CHECKING

from proxyfleet.core.proxy import Endpoint
from proxyfleet.wire.forward import own_lines
from proxyfleet.wire.proxy_auth import basic_field

if TYPE_CHECKING:
    from proxyfleet.gateway.upstream import UpstreamConnection

MOST_ROUTES = 16_384
Fingerprint = tuple[str, str, int, bytes]


class Route:
    """`request_lines` go to the proxy, `answer_lines` and `closing_lines` to the client of a plain request,
    `tunnel_lines` to that of a CONNECT.
    """

    __slots__ = (
        "answer_lines",
        "closing_lines",
        "fingerprint",
        "host",
        "idle",
        "port",
        "request_lines",
        "retired",
        "tunnel_lines",
    )

    def __init__(self, endpoint: Endpoint, fingerprint: Fingerprint, via: str | None, named: bool) -> None:
        self.host = endpoint.host
        self.port = endpoint.port
        self.fingerprint = fingerprint
        self.idle: list[UpstreamConnection] = []
        self.retired = False
        label = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        name = label if named else None
        self.request_lines = own_lines(via, None) + _credentials(endpoint)
        self.answer_lines = own_lines(via, name)
        self.closing_lines = self.answer_lines + b"Connection: close\r\n"
        self.tunnel_lines = own_lines(None, name)


class Routes:
    """Finds the route of a proxy and keeps idle connections, at most `most_idle` in all and `lifetime` seconds each."""

    def __init__(self, via: str | None, *, named: bool, key: bytes, most_idle: int, lifetime: float) -> None:
        self._via = via
        self._named = named
        self._key = key
        self._most_idle = most_idle
        self._lifetime = lifetime
        self._by_proxy: dict[int, tuple[Endpoint, Route]] = {}
        self._idle: dict[UpstreamConnection, float] = {}

    def __len__(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    def to(self, proxy_id: int, endpoint: Endpoint) -> Route:
        """The route for `endpoint` as it is now."""
        known = self._by_proxy.get(proxy_id)
        if known is not None:
            if known[0] == endpoint:
                return known[1]
            self._retire(known[1])
        elif len(self._by_proxy) >= MOST_ROUTES:
            self._forget_unused()
        route = Route(endpoint, self._fingerprint(endpoint), self._via, self._named)
        self._by_proxy[proxy_id] = (endpoint, route)
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

    def _forget_unused(self) -> None:
        for proxy_id in [i for i, (_, route) in self._by_proxy.items() if not route.idle]:
            del self._by_proxy[proxy_id]

    def _fingerprint(self, endpoint: Endpoint) -> Fingerprint:
        secret = _credentials(endpoint)
        digest = hashlib.blake2b(secret, key=self._key, digest_size=16).digest()
        return (endpoint.scheme.family, endpoint.host, endpoint.port, digest)


def _credentials(endpoint: Endpoint) -> bytes:
    if endpoint.username is None and endpoint.password is None:
        return b""
    return basic_field(endpoint.username or "", "" if endpoint.password is None else endpoint.password.reveal())
