"""The server under every stand-in of a seller: listens on loopback, remembers what it was asked, and meets faults on request."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote

from proxyfleet.lab.httpd import Conversation, Reply, Request
from proxyfleet.lab.listener import Admission, Listener
from proxyfleet.tasks import Tasks

from .faults import AFTER, BEFORE, KINDS
from .shop import Shop

REMEMBERED = 10_000


class Called(NamedTuple):
    """A call as a stand-in sees it; `body` is what JSON held, an empty object without any."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]  # Any: whatever JSON holds
    token: str


@dataclass(slots=True)
class Fault:
    """`left` None: until healed."""

    kind: str
    on: str
    left: int | None
    retry_after: str | None


class ProviderSite(ABC):
    """`shop` is behind it. `before` hooks run ahead of each call with its name, so that a test can change what is listed
    between two pages. What a subclass adds is `prefix`, `named` and `carried_out`.
    """

    prefix = "/"

    def __init__(self, shop: Shop, *, key: str = "lab-key", port: int = 0) -> None:
        self.shop, self.key = shop, key
        self.calls: list[str] = []
        """The name of each call that came in, oldest first."""
        self.requests: deque[Called] = deque(maxlen=REMEMBERED)
        self.before: list[Callable[[str], None]] = []
        self._faults: list[Fault] = []
        self._port = port
        self._tasks = Tasks()
        self._listener: Listener | None = None

    async def __aenter__(self) -> Self:
        self._listener = Listener("127.0.0.1", self._port, self._admit, self._tasks)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.close()
        await self._tasks.close()
        await asyncio.sleep(0)

    @property
    def url(self) -> str:
        """What stands for the API's address."""
        return f"{self._origin}{self.prefix}"

    @property
    def _origin(self) -> str:
        if self._listener is None:
            raise RuntimeError("the stand-in is not running; use it inside `async with`")
        return f"http://127.0.0.1:{self._listener.port}"

    def go_away(self) -> None:
        """Refuse connections."""
        if self._listener is not None:
            self._listener.shut()

    def come_back(self) -> None:
        """On the same port."""
        if self._listener is not None:
            self._listener.reopen()

    def fault(self, kind: str, *, on: str = "*", times: int | None = None, retry_after: object = None) -> None:
        """Have a fault of `faults.KINDS` in calls whose name fits `on`; ValueError for an unknown one."""
        if kind not in KINDS:
            raise ValueError(f"there is no fault {kind!r}; use one of: {', '.join(KINDS)}")
        self._faults.insert(0, Fault(kind, on, times, None if retry_after is None else str(retry_after)))

    @property
    def faults(self) -> list[str]:
        """Those that still wait for calls to meet them."""
        return [one.kind for one in self._faults if one.left != 0]

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    @abstractmethod
    def named(self, call: Called) -> str:
        """What the call is about: `list`, `buy`, ..."""

    @abstractmethod
    def carried_out(self, name: str, call: Called) -> Reply:
        """Do it, and say so in the seller's format."""

    def _admit(self) -> Admission:
        live = self._listener.live if self._listener is not None else set()
        return Admission(partial(Conversation, self._handle, live))

    def _handle(self, _: Conversation, request: Request) -> Reply:
        call = _called(request, self.prefix)
        if call is None:
            return Reply(404, b"not here", "text/plain")
        name = self.named(call)
        self.calls.append(name)
        self.requests.append(call)
        for hook in list(self.before):
            hook(name)
        fault = next((one for one in self._faults if one.left != 0 and fnmatchcase(name, one.on)), None)
        if fault is None:
            return self.carried_out(name, call)
        if fault.left is not None:
            fault.left -= 1
        spoiled = BEFORE.get(fault.kind)
        reply = AFTER[fault.kind](self.carried_out(name, call)) if spoiled is None else spoiled
        if fault.retry_after is None:
            return reply
        return replace(reply, headers=(*reply.headers, ("Retry-After", fault.retry_after)))


def _called(request: Request, prefix: str) -> Called | None:
    path, _, query = request.head.target.partition("?")
    if not path.startswith(prefix):
        return None
    try:
        body = json.loads(request.body) if request.body.strip() else {}
    except ValueError:
        body = {}
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    token = (request.head.get("authorization") or "").partition(" ")[2]
    inside = body if isinstance(body, dict) else {}
    return Called(request.head.method, unquote(path.removeprefix(prefix)), pairs, inside, token)


def told(value: object, status: int = 200) -> Reply:
    """A JSON answer; decimals as numbers."""
    return Reply(status, json.dumps(value, default=_plain).encode())


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
