"""One server that stands in for every free source, and does to whoever asks what such servers do on bad days.

    site = lab.add_sources(some_listed(1000))
    site.fault("*geonode*", "html")
    site.fault("api.proxyscrape.com/v2/*", "429", times=2, retry_after=1)
    ... proxyfleet sources fetch --base-url {site.url} --allow-private

A fault holds for addresses that fit a pattern, as `host/path`, for the next `times` requests or until `heal`.
"""

import gzip
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache, partial

from proxyfleet.tasks import Tasks

from .httpd import Conversation, Reply, Request
from .listener import Admission, Listener
from .lists import Listed, Rows
from .source_pages import HTML, JSON, TEXT, answer

REMEMBERED = 10_000
BOMB_SIZE = 256 << 20
DRIP = 0.02


@dataclass(slots=True)
class Fault:
    """`left` None: until healed."""

    pattern: str
    kind: str
    left: int | None = None
    retry_after: str | None = None


class SourceSite:
    """Listens from the start; `requests` are the addresses that were asked for, oldest first."""

    def __init__(self, listed: Rows, tasks: Tasks, port: int = 0) -> None:
        self.requests: deque[str] = deque(maxlen=REMEMBERED)
        self._listed: list[tuple[str, Rows]] = [("*", list(listed))]
        self._faults: list[Fault] = []
        self._listener = Listener("127.0.0.1", port, self._admit, tasks)

    @property
    def url(self) -> str:
        """What `--base-url` takes."""
        return f"http://{self._listener.host}:{self._listener.port}"

    def list(self, pattern: str, listed: Rows) -> None:
        """What addresses that fit the pattern list from now on; the latest pattern that fits counts."""
        self._listed.insert(0, (pattern, list(listed)))

    def fault(self, pattern: str, kind: str, *, times: int | None = None, retry_after: object = None) -> None:
        """Have a fault of FAULTS; ValueError for an unknown one. `retry_after` is for `429` and `503`."""
        if kind not in FAULTS:
            raise ValueError(f"there is no fault {kind!r}; use one of: {', '.join(FAULTS)}")
        self._faults.insert(0, Fault(pattern, kind, times, None if retry_after is None else str(retry_after)))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def close(self) -> None:
        """End for good."""
        self._listener.close()

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._listener.live)

    def _admit(self) -> Admission:
        return Admission(partial(Conversation, self._handle, self._listener.live))

    def _handle(self, _: Conversation, request: Request) -> Reply:
        target = request.head.target
        address = target.removeprefix("/")
        self.requests.append(address)
        listed = next((rows for pattern, rows in self._listed if fnmatchcase(address, pattern)), [])
        fault = next((one for one in self._faults if one.left != 0 and fnmatchcase(address, one.pattern)), None)
        if fault is None:
            return answer(target, listed, request.head.get("if-none-match"))
        if fault.left is not None:
            fault.left -= 1
        reply = FAULTS[fault.kind](target, listed, len(self.requests))
        if fault.retry_after is None:
            return reply
        return replace(reply, headers=(*reply.headers, ("Retry-After", fault.retry_after)))


Misbehave = Callable[[str, Rows, int], Reply]
"""(target, what is listed, number of the request) -> reply."""


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A quarter of a gigabyte of zeros in a quarter of a megabyte."""
    return gzip.compress(bytes(BOMB_SIZE), 9)


def _half(target: str, listed: Rows, _: int) -> Reply:
    """The connection breaks in the middle of the body."""
    reply = answer(target, listed)
    return replace(reply, cut=len(reply.body) // 2)


def _short(target: str, listed: Rows, _: int) -> Reply:
    """Half of the body, as if that were all of it."""
    reply = answer(target, listed)
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _types(_: str, listed: Rows, __: int) -> Reply:
    """JSON in which nothing has the type that it should have."""
    rows = [{"ip": 17, "port": [one.port], "protocols": "?", "country": None, "host": {"a": 1}} for one in listed]
    return Reply(body=json.dumps({"data": rows, "proxies": rows, "total": "many", "page": None}).encode(), kind=JSON)


def _drift(_: str, listed: Rows, __: int) -> Reply:
    """JSON of a new version of the API, with other names."""
    rows = [{"addr": one.host, "prt": one.port, "kind_of": one.scheme} for one in listed]
    return Reply(body=json.dumps({"payload": {"entries": rows}, "version": 9}).encode(), kind=JSON)


def _shift(target: str, listed: Rows, number: int) -> Reply:
    """Pages that change while they are read: with each request a third of a page has moved to the front."""
    moved = number * 150 % max(1, len(listed))
    return answer(target, [*listed[moved:], *listed[:moved]])


def _for_ever(target: str, listed: Rows, number: int) -> Reply:
    """Every page is full, and brings others than the one before."""
    first = number * len(listed)
    fresh = [
        Listed("http", f"198.19.{(first + n) >> 8 & 255}.{(first + n) & 255}", 2000 + number)
        for n in range(len(listed))
    ]
    head, _, query = target.partition("?")
    kept = "&".join(part for part in query.split("&") if not part.startswith(("page=", "skip=")))
    return answer(f"{head}?{kept}", fresh)


def _loop(target: str, _: Rows, __: int) -> Reply:
    return Reply(302, headers=(("Location", target),))


def _always(reply: Reply) -> Misbehave:
    return lambda _target, _listed, _number: reply


FAULTS: dict[str, Misbehave] = {
    "silent": _always(Reply(silent=True)),
    "drop": _always(Reply(drop=True)),
    "drip": lambda target, listed, _: replace(answer(target, listed), drip=DRIP),
    "429": _always(Reply(429, b"rate limit exceeded", TEXT)),
    "500": _always(Reply(500, b"oops", TEXT)),
    "503": _always(Reply(503, b"<html>we are down</html>", HTML)),
    "404": _always(Reply(404, b"404: Not Found", TEXT)),
    "403": _always(Reply(403, b"<html>checking your browser</html>", HTML)),
    "html": _always(Reply(body=b"<!DOCTYPE html><html><body><h1>Just a moment...</h1></body></html>", kind=HTML)),
    "empty": _always(Reply(body=b"", kind=TEXT)),
    "array": _always(Reply(body=b"Array\n" * 1323, kind=TEXT)),
    "half": _half,
    "short": _short,
    "types": _types,
    "drift": _drift,
    "shift": _shift,
    "for ever": _for_ever,
    "loop": _loop,
    "away": _always(Reply(302, headers=(("Location", "http://169.254.169.254/latest/meta-data/"),))),
    "bomb": lambda _target, _listed, _number: Reply(body=bomb(), kind=TEXT, headers=(("Content-Encoding", "gzip"),)),
    "endless": _always(Reply(body=b"198.18.0.1:80\n" * 4_000, kind=TEXT, endless=True)),
    "no newline": _always(Reply(body=b"9" * 65_536, kind=TEXT, endless=True)),
    "binary": _always(Reply(body=bytes(range(256)) * 64, kind="application/octet-stream")),
}
"""What can be wrong with an answer, by name."""
