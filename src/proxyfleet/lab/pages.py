"""What a lab target answers on each path. Pure: a request and who forwarded it in, a `Reply` out.

| path | answer |
|---|---|
| `/`, and every other path | JSON: method, path, host, headers, client, tls, proxy, exit, session |
| `/bytes/N`, `/chunked/N` | N bytes with a length / in chunks; at most 64 MiB |
| `/status/CODE` | that status, 200-599 |
| `/delay/SECONDS` | the same JSON after at most 10 s |
| `/echo` | the body that was sent |
| `/headers` | JSON of the headers alone |
| `/redirect`, `/redirect/N` | 302 to `/`, after N hops |
| `/judge` | the same as `proxyfleet judge` answers: client, method, path, headers |
| `/cookies` | sets `visits`, answers the cookies it got |
| `/drop` | closes without an answer |
| `/slow/N` | N bytes, one every 20 ms; at most 10,000 |
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie

from proxyfleet.wire.http1_head import RequestHead
from proxyfleet.wire.judge import echo

from .httpd import Reply, Request, json_reply
from .passages import Passage

MAX_BYTES = 67_108_864
MAX_DELAY = 10.0
MAX_DRIPS = 10_000
DRIP = 0.02
PATTERN = b"0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the target saw it; `proxy` is None for a client that came directly."""

    method: str
    path: str
    host: str
    headers: tuple[tuple[str, str], ...]
    client: str
    tls: bool
    proxy: str | None
    exit: str | None
    session: str | None
    body_size: int

    def header(self, name: str) -> str | None:
        """First value of a header, whatever its case."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), None)


def visit_of(request: Request, passage: Passage | None) -> Visit:
    """What is remembered about `request`."""
    head = request.head
    return Visit(
        method=head.method,
        path=head.target,
        host=head.get("host") or "",
        headers=head.headers,
        client=request.peer[0],
        tls=request.tls,
        proxy=None if passage is None else passage.proxy,
        exit=None if passage is None else passage.exit,
        session=None if passage is None else passage.session,
        body_size=len(request.body),
    )


def page(request: Request, visit: Visit) -> Reply:
    """The answer to `request`; numbers that are none give 400."""
    path = visit.path.partition("?")[0]
    name, _, argument = path.removeprefix("/").partition("/")
    answer = PAGES.get(name)
    if answer is None:
        return Reply(body=report(visit))
    try:
        return answer(argument, request, visit)
    except ValueError:
        return Reply(400, f"{path}: not understood\n".encode(), "text/plain")


def report(visit: Visit) -> bytes:
    """The JSON of `/`."""
    return json.dumps({**asdict(visit), "headers": dict(visit.headers)}).encode() + b"\n"


@lru_cache(maxsize=4)
def pattern(size: int) -> bytes:
    """`size` bytes, the same every time."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def _size(argument: str, limit: int) -> int:
    size = int(argument or "1024")
    if not 0 <= size <= limit:
        raise ValueError(f"at most {limit} bytes")
    return size


def _bytes(argument: str, _: Request, __: Visit) -> Reply:
    return Reply(body=pattern(_size(argument, MAX_BYTES)), kind="application/octet-stream")


def _chunked(argument: str, _: Request, __: Visit) -> Reply:
    return Reply(body=pattern(_size(argument, MAX_BYTES)), kind="application/octet-stream", chunked=True)


def _status(argument: str, _: Request, __: Visit) -> Reply:
    code = int(argument)
    if not 200 <= code <= 599:
        raise ValueError("a final status has three digits, 200 to 599")
    return Reply(code, b'{"status": %d}\n' % code)


def _delay(argument: str, _: Request, visit: Visit) -> Reply:
    return Reply(body=report(visit), delay=max(0.0, min(float(argument), MAX_DELAY)))


def _echo(_: str, request: Request, __: Visit) -> Reply:
    return Reply(body=request.body, kind=request.head.get("content-type") or "application/octet-stream")


def _headers(_: str, __: Request, visit: Visit) -> Reply:
    return json_reply(dict(visit.headers))


def _judge(_: str, request: Request, visit: Visit) -> Reply:
    raw = [f"{name}: {value}".encode("latin-1") for name, value in visit.headers]
    head = RequestHead(visit.method.encode("latin-1"), visit.path.encode("latin-1"), 11, raw, {})
    return Reply(body=echo(head, request.peer[0]))


def _redirect(argument: str, _: Request, __: Visit) -> Reply:
    left = int(argument or "1") - 1
    return Reply(302, headers=(("Location", f"/redirect/{left}" if left > 0 else "/"),))


def _cookies(_: str, request: Request, __: Visit) -> Reply:
    try:
        jar = {name: morsel.value for name, morsel in SimpleCookie(request.head.get("cookie") or "").items()}
    except CookieError:
        jar = {}
    visits = int(jar.get("visits", "0")) + 1
    return Reply(body=json.dumps(jar).encode() + b"\n", headers=(("Set-Cookie", f"visits={visits}; Path=/"),))


def _drop(_: str, __: Request, ___: Visit) -> Reply:
    return Reply(drop=True)


def _slow(argument: str, _: Request, __: Visit) -> Reply:
    return Reply(body=pattern(_size(argument or "20", MAX_DRIPS)), kind="application/octet-stream", drip=DRIP)


PAGES: dict[str, Callable[[str, Request, Visit], Reply]] = {
    "bytes": _bytes,
    "chunked": _chunked,
    "status": _status,
    "delay": _delay,
    "echo": _echo,
    "headers": _headers,
    "judge": _judge,
    "redirect": _redirect,
    "cookies": _cookies,
    "drop": _drop,
    "slow": _slow,
}
