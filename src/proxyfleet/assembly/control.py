"""The control port of a node: `/livez`, `/readyz`, a judge at `/judge`, and `/fleet/...` for the command line of this machine.

Internal until there is a REST API. GET, and POST for what changes something; one request per connection. `/fleet/` asks
for the node's token and is answered to loopback only; it never changes the inventory and holds passwords only where
`passwords=1` asks for them.
"""

import asyncio
import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast
from urllib.parse import parse_qs

from proxyfleet.core.errors import FleetError
from proxyfleet.services.questions import Questions
from proxyfleet.tasks import Tasks
from proxyfleet.wire.http1_head import HeadError, HeadLimits, HeadReader, RequestHead, parse_request, request_names
from proxyfleet.wire.judge import echo

from .judging import client_of

LIMITS: Final = HeadLimits(line=8192, block=16_384, fields=50)
PATIENCE: Final = 10.0
"""Seconds for a head to arrive."""
MOST_CONNECTIONS: Final = 64
CHANGING: Final = frozenset({"/fleet/order"})
"""Asked by POST, whose body is not read; a page that a browser was made to open changes nothing."""
REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}

JUDGE: Final = b"/judge"
"""Answered to everybody, because it says nothing but what was asked."""

Query = Mapping[str, str]
Answer = tuple[int, bytes, str]
"""Status, body, media type."""


class Control:
    """What the connections share. `ready` says whether the gateway accepts connections."""

    def __init__(
        self,
        questions: Questions,
        token: str,
        ready: Callable[[], bool],
        flows: Callable[[], object] = dict,
    ) -> None:
        self.token = token
        self.ready = ready
        self.tasks = Tasks()
        self.open = 0
        self._routes: dict[str, Callable[[Query], Awaitable[object]]] = {
            "/fleet/node": lambda _: _now(questions.node()),
            "/fleet/report": lambda _: questions.report(),
            "/fleet/flows": lambda _: _now(flows()),
            "/fleet/health": lambda query: questions.health(query.get("selector", "")),
            "/fleet/explain": lambda query: questions.explain(query.get("selector", ""), query.get("target")),
            "/fleet/pick": lambda query: questions.pick(
                query.get("selector", ""),
                strategy=query.get("strategy"),
                count=_count(query.get("count", "1")),
                target=query.get("target"),
                passwords=query.get("passwords") == "1",
            ),
            "/fleet/order": lambda query: questions.order(
                query.get("verb", ""),
                query.get("selector", ""),
                target=query.get("target"),
                seconds=_seconds(query.get("seconds")),
            ),
        }

    async def answer(self, head: RequestHead, *, local: bool) -> Answer:
        """Every answer there is; never raises for what a client has sent."""
        path, _, written = head.target.decode("ascii", "replace").partition("?")
        if head.method not in ((b"POST",) if path in CHANGING else (b"GET", b"HEAD")):
            return _text(405, "only POST" if path in CHANGING else "only GET")
        if path in ("/livez", "/readyz"):
            ready = path == "/livez" or self.ready()
            return _text(200, path[1:-1]) if ready else _text(503, "draining")
        if path not in self._routes:
            return _text(404, "no such page")
        if not local:
            return _text(403, "answered on loopback only")
        if not hmac.compare_digest(_bearer(head), self.token.encode()):
            return _text(401, "the token of this node is missing or wrong")
        try:
            query = {name: values[-1] for name, values in parse_qs(written, strict_parsing=bool(written)).items()}
            return 200, json.dumps(await self._routes[path](query)).encode(), "application/json"
        except (FleetError, ValueError) as problem:
            return 400, json.dumps({"error": str(problem)}).encode(), "application/json"


async def _now(answer: object) -> object:
    return answer


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 10_000):
        raise ValueError(f"count {text[:20]!r} is not a number from 1 to 10000")
    return int(text)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = float(text)
    if not 0.0 < seconds <= 31_536_000.0:
        raise ValueError(f"{text[:20]!r} seconds are out of range; use more than 0 and up to a year")
    return seconds


def _text(status: int, text: str) -> Answer:
    return status, f"{text}\n".encode(), "text/plain"


def _bearer(head: RequestHead) -> bytes:
    for line in head.lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"authorization":
            return value.strip().removeprefix(b"Bearer ")
    return b""


class ControlConnection(asyncio.Protocol):
    """One request, one answer, closed."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._reader: HeadReader | None = HeadReader(LIMITS)
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle | None = None
        self._answering: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody asks."""
        self._transport = cast(asyncio.Transport, transport)
        self._control.open += 1
        self._deadline = asyncio.get_running_loop().call_later(PATIENCE, transport.close)
        if self._control.open > MOST_CONNECTIONS:
            transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Nobody waits for the answer any more."""
        self._control.open -= 1
        if self._deadline is not None:
            self._deadline.cancel()
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer a complete head; whatever follows is not read."""
        if self._reader is None:
            return
        try:
            raw = self._reader.feed(data)
            if raw is None:
                return
            head = parse_request(raw, request_names(), LIMITS)
        except HeadError as error:
            self._reader = None
            self._send((400, f"{error.code}\n".encode(), "text/plain"), bodiless=False)
            return
        self._reader = None
        self._answering = self._control.tasks.spawn(self._answer(head), name="control answer")

    async def _answer(self, head: RequestHead) -> None:
        if head.target.partition(b"?")[0] == JUDGE and head.method in (b"GET", b"HEAD"):
            answer: Answer = (200, echo(head, client_of(self._transport)), "application/json")
            self._send(answer, bodiless=head.method == b"HEAD")
            return
        answer = await self._control.answer(head, local=_is_loopback(self._transport.get_extra_info("peername")))
        self._send(answer, bodiless=head.method == b"HEAD")

    def _send(self, answer: Answer, *, bodiless: bool) -> None:
        status, body, media = answer
        fields = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close"
        self._transport.write(
            f"HTTP/1.1 {status} {REASONS[status]}\r\n{fields}\r\n\r\n".encode() + body * (not bodiless)
        )
        self._transport.close()


def _is_loopback(peer: object) -> bool:
    host = str(peer[0]).partition("%")[0] if isinstance(peer, tuple) and peer else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
