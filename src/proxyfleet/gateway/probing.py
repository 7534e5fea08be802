"""Asks a judge one question through a proxy, by the dialing, the handshakes and the blame of traffic (SPEC C9).

The clock of a question starts when it is dialled: names are resolved before, and whoever waits for a turn waits elsewhere.
Plain TCP to an address goes over the gateway's own transport, by callbacks alone; names and TLS go the loop's slower way.
Decides nothing about the proxy.
"""

import asyncio
import ssl
from functools import partial
from random import Random
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.checks import FORWARDING, Said, Seen, Visit, Way, endpoint_for
from proxyfleet.core.errors import SecretLost
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Endpoint
from proxyfleet.gateway.asking import OUT_OF_TIME, Answer, Asking
from proxyfleet.gateway.blame import ANSWER_CLOSED, DIAL, Blame, of_answer, of_target
from proxyfleet.gateway.handshake import Handshake, NoTunnel, handshake
from proxyfleet.gateway.pulse import Pulse, Turns
from proxyfleet.gateway.routes import Route
from proxyfleet.gateway.visiting import not_there, welcome
from proxyfleet.net.dial import Dialer, DialError
from proxyfleet.net.poller import Poller
from proxyfleet.net.resolve import Unresolved
from proxyfleet.net.trust import Trust
from proxyfleet.ports.checks import Judge, Site
from proxyfleet.tasks import Tasks
from proxyfleet.wire.answer_rules import LOOKED_AT
from proxyfleet.wire.authority import Authority
from proxyfleet.wire.forward import upstream_line
from proxyfleet.wire.http1_head import HeadLimits, response_names
from proxyfleet.wire.judge import read_echo

_BY_STATUS: Final = {403: Category.BANNED, 451: Category.BANNED, 429: Category.RATE_LIMIT}


class Prober:
    """`async with`. `trust` judges proxies that are reached by TLS, `target_trust` a judge behind a tunnel."""

    def __init__(
        self, *, trust: Trust, target_trust: Trust, timer: Clock, rng: Random, limits: HeadLimits | None = None
    ) -> None:
        self._trust, self._target_trust = trust, target_trust
        self._timer, self._rng = timer, rng
        self._limits = limits or HeadLimits()
        self._names = response_names()
        self._dialer, self._quick = Dialer(timer), Dialer(timer)
        self._pulse = Pulse(timer)
        self._tasks = Tasks()
        self._turns: Turns

    async def __aenter__(self) -> "Prober":
        self._turns = Turns()
        if Poller.here:
            self._quick.poller = Poller(asyncio.get_running_loop())
        self._tasks.spawn(self._pulse.run(), name="check pulse")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        if self._quick.poller is not None:
            self._quick.poller.close()

    async def ask(self, endpoint: Endpoint | None, way: Way, judge: Judge, patience: float) -> Said:
        """See `ports.checks.Probe`. Raises `BadTrust` for a file of authorities that cannot be used."""
        token = f"{self._rng.getrandbits(64):016x}"
        path = f"{judge.path}{'&' if '?' in judge.path else '?'}check={token}"
        told, start = await self._exchange(endpoint, way, judge._replace(path=path), patience, None)
        return told if isinstance(told, Said) else self._said(way, told, token, start, tls=judge.tls)

    async def visit(self, endpoint: Endpoint, way: Way, site: Site, patience: float) -> Visit:
        """See `ports.checks.Probe`."""
        told, start = await self._exchange(endpoint, way, site.judge, patience, LOOKED_AT)
        return welcome(site, told, way, max(told.first - start, 0.0)) if isinstance(told, Answer) else not_there(site)

    async def _exchange(
        self, endpoint: Endpoint | None, way: Way, judge: Judge, patience: float, enough: int | None
    ) -> tuple[Said | Answer | Blame, float]:
        """What came of it, and when it was dialled."""
        try:
            route = None if endpoint is None else _route(endpoint_for(endpoint, way))
            place = judge if route is None else route
            await self._resolved(place.host, patience)
            asking = self._asking(route, way, judge, enough)
        except SecretLost:
            return Said(way, ours=True), 0.0
        except NoTunnel as no:
            return Said(way, no.blame.category, no.blame.phase), 0.0
        except Unresolved:
            return Said(way, Category.CONNECT, Phase.DIAL), 0.0
        self._get_ready(route, judge)
        await self._turns.take()
        start = self._timer()
        return await self._timed(asking, route, way, judge, patience), start

    def _get_ready(self, route: Route | None, judge: Judge) -> None:
        """Read the files of authorities, the first time, before the clock starts. Raises `BadTrust`."""
        if route is not None and route.tls:
            self._trust.context()
        if judge.tls:
            self._target_trust.context()

    async def _resolved(self, host: str, patience: float) -> None:
        """So that the dial finds the answer remembered: resolvers queue, and that is nobody's latency."""
        if self._dialer.is_address(host):
            return
        try:
            async with asyncio.timeout(patience):
                await self._dialer.addresses(host)
        except TimeoutError:
            raise Unresolved("the resolver says nothing") from None

    def _asking(self, route: Route | None, way: Way, judge: Judge, enough: int | None) -> Asking:
        authority = Authority(judge.address or judge.host, judge.port)
        request = _request(judge, authority, route if way in FORWARDING else None)
        shaking = None
        if route is not None and way not in FORWARDING:
            shaking = handshake(route, authority, authority.host, self._names, self._limits)
        tunnelled = judge.tls and route is not None
        return self._question(request, shaking, until_open=tunnelled, enough=enough)

    def _question(
        self, request: bytes, shaking: Handshake | None, *, until_open: bool = False, enough: int | None = None
    ) -> Asking:
        return Asking(request, shaking, self._limits, self._timer, self._names, until_open=until_open, enough=enough)

    async def _timed(
        self, asking: Asking, route: Route | None, way: Way, judge: Judge, patience: float
    ) -> "Said | Answer | Blame":
        """What came of it within `patience`; where nothing did, what that says."""
        place = judge if route is None else route
        secured = judge.tls or (route is not None and route.tls)
        try:
            dial = None if secured else self._quick.begin(asking, place.host, place.port, asking.dialled)
            if dial is None:
                return await self._slowly(asking, route, way, judge, patience)
            self._pulse.begin(asking.run_out, patience)
            try:
                return await asking.ended or ANSWER_CLOSED
            finally:
                self._pulse.end(asking.run_out)
                dial.cancel()
        finally:
            asking.close()

    async def _slowly(
        self, asking: Asking, route: Route | None, way: Way, judge: Judge, patience: float
    ) -> "Said | Answer | Blame":
        try:
            async with asyncio.timeout(None) as limit:
                run_out = partial(limit.reschedule, 0.0)
                self._pulse.begin(run_out, patience)
                try:
                    return await self._talk(asking, route, judge)
                finally:
                    self._pulse.end(run_out)
        except TimeoutError:
            return OUT_OF_TIME[asking.phase]
        except DialError as error:
            return DIAL[error.obstacle]
        except ssl.SSLError:
            return Said(way, Category.PROTOCOL, Phase.EXCHANGE, tls=False)
        except OSError:
            return ANSWER_CLOSED

    async def _talk(self, asking: Asking, route: Route | None, judge: Judge) -> Answer | Blame:
        if route is None:
            tls = self._target_trust.context() if judge.tls else None
            await self._dialer.dial(lambda: asking, judge.host, judge.port, tls)
        else:
            await self._dialer.dial(
                lambda: asking, route.host, route.port, self._trust.context() if route.tls else None
            )
        return await asking.ended or await self._within(asking, judge)

    async def _within(self, asking: Asking, judge: Judge) -> Answer | Blame:
        """Through the open tunnel, TLS with the judge itself."""
        inner = self._question(asking.request, None, enough=asking.enough)
        loop = asyncio.get_running_loop()
        if asking.transport is None:
            return ANSWER_CLOSED
        try:
            secured = await loop.start_tls(
                asking.transport, inner, self._target_trust.context(), server_hostname=judge.host
            )
            if secured is None:
                return ANSWER_CLOSED
            inner.connection_made(secured)
            return await inner.ended or ANSWER_CLOSED
        finally:
            inner.close()

    def _said(self, way: Way, told: Answer | Blame, token: str, start: float, *, tls: bool) -> Said:
        if isinstance(told, Blame):
            return Said(way, told.category, told.phase, self._timer() - start, ours=told.category is None)
        seconds = max(told.first - start, 0.0)
        blame = _unexpected(told, way)
        if blame is not None:
            return Said(way, blame.category, blame.phase, seconds)
        echo = read_echo(told.body)
        if echo is None or token.encode() not in told.body:  # a cache, or who makes answers up, cannot know the token
            return Said(way, Category.PROTOCOL, Phase.EXCHANGE, seconds)
        return Said(way, seconds=seconds, seen=Seen(*echo), tls=tls or None)


def _route(endpoint: Endpoint) -> Route:
    return Route(endpoint, (endpoint.scheme.value, endpoint.host, endpoint.port, b""), None, False)


def _request(judge: Judge, authority: Authority, forwarder: Route | None) -> bytes:
    path = judge.path.encode()
    host = Authority(judge.host, judge.port).encode(443 if judge.tls else 80)
    asked = authority.encode(80)
    fields = b"Host: %b\r\nUser-Agent: proxyfleet\r\nAccept: */*\r\nConnection: close\r\n" % host
    if forwarder is None:
        return b"GET %b HTTP/1.1\r\n%b\r\n" % (path, fields)
    return upstream_line(b"GET", asked, path) + fields + forwarder.request_lines + b"\r\n"


def _unexpected(answer: Answer, way: Way) -> Blame | None:
    """The judge answers 200, as was seen directly: anything else is the proxy's own, by the words of its kind."""
    head = answer.head
    if head.status == 200:
        return None
    known = of_answer(head, answer.body) if way in FORWARDING else of_target(head)
    if known is not None and known.category is not Category.TARGET:
        return known
    usual = Category.NETWORK if head.status >= 500 else Category.PROTOCOL
    return Blame(_BY_STATUS.get(head.status, usual), Phase.EXCHANGE, "proxy_failed")
