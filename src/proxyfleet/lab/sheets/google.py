"""A stand-in for sheets.googleapis.com and its token endpoint on loopback: the real REST, quotas, latency and faults.

`answer` takes one request without any socket, for programs in virtual time; `start` serves it over HTTP. `before` hooks
run ahead of each call, so that a test can let people sort the rows exactly between a read and a write.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.lab.httpd import Conversation, Reply, Request
from proxyfleet.lab.listener import Admission, Listener
from proxyfleet.tasks import Tasks

from . import values
from .accounts import Accounts
from .changes import batch_update
from .faults import ERRORS, HTML, Faults, error_body
from .masks import mask, masked, wants
from .quota import Limits, Quota
from .resource import resource
from .spreadsheet import Json, Refusal, Spreadsheet, invalid

_PATH = re.compile(r"/v4/spreadsheets/([^/:?]+)(?:/values(?:/([^?]*?))?)?(?::(\w+))?")
VERBS = {
    ("GET", False, None): "get",
    ("POST", False, "batchUpdate"): "batchUpdate",
    ("GET", True, "batchGet"): "values.batchGet",
    ("POST", True, "batchUpdate"): "values.batchUpdate",
    ("POST", True, "batchClear"): "values.batchClear",
    ("GET", True, None): "values.get",
    ("PUT", True, None): "values.update",
    ("POST", True, "append"): "values.append",
    ("POST", True, "clear"): "values.clear",
}
READS = frozenset({"get", "values.get", "values.batchGet"})


class Call(NamedTuple):
    """One call as it came in; `kind` is the quota it counts against."""

    verb: str
    spreadsheet: str
    place: str
    user: str
    at: float

    @property
    def kind(self) -> str:
        """`read` or `write`."""
        return "read" if self.verb in READS else "write"


Hook = Callable[[Call], None]


class GoogleSheets:
    """`latency` is seconds per call. Without `guarded` everybody is `anonymous` and may write."""

    def __init__(
        self,
        *books: Spreadsheet,
        limits: Limits | None = None,
        latency: float = 0.0,
        clock: Clock = wall_clock,
        guarded: bool = True,
    ) -> None:
        self.books = {book.id: book for book in books or (Spreadsheet(clock=clock),)}
        self.accounts, self.faults, self.quota = Accounts(), Faults(), Quota(limits or Limits())
        self.latency, self.guarded = latency, guarded
        self.writers: set[str] | None = None
        """Accounts that the spreadsheets are shared with as editors; None means everybody known."""
        self.readers: set[str] = set()
        self.before: list[Hook] = []
        self.calls: list[Call] = []
        """Every call that was carried out, in order."""
        self.refused: list[tuple[Call, int]] = []
        self._clock = clock
        self._tasks = Tasks()
        self._listener: Listener | None = None

    @property
    def book(self) -> Spreadsheet:
        """The first spreadsheet."""
        return next(iter(self.books.values()))

    # serving --------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> "GoogleSheets":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self, port: int = 0) -> None:
        """Listen on loopback; needs a running loop."""
        self._listener = Listener("127.0.0.1", port, self._admit, self._tasks)

    async def close(self) -> None:
        """Stop for good."""
        if self._listener is not None:
            self._listener.close()
        await self._tasks.close()

    @property
    def address(self) -> str:
        """What stands for https://sheets.googleapis.com, without a slash at the end."""
        return f"http://127.0.0.1:{self._running().port}"

    def go_away(self) -> None:
        """The network is gone: connections are refused, running ones cut."""
        self._running().shut()

    def come_back(self) -> None:
        """The network is there again, on the same port."""
        self._running().reopen()

    def key_file(self, email: str = "fleet@lab.iam.gserviceaccount.com") -> Json:
        """The key file of a service account here."""
        return self.accounts.service_account(email, self.address)

    def _running(self) -> Listener:
        if self._listener is None:
            raise RuntimeError("the stand-in is not listening; use it inside `async with`")
        return self._listener

    def _admit(self) -> Admission:
        return Admission(partial(Conversation, self._handle, self._running().live))

    def _handle(self, _: Conversation, request: Request) -> Reply:
        head = request.head
        return self.answer(head.method, head.target, request.body, head.get("authorization"))

    # answering ------------------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, body: bytes = b"", authorization: str | None = None) -> Reply:
        """One request; the reply may be one that never comes (`silent`) or a cut connection (`drop`)."""
        path, _, query = target.partition("?")
        if path == "/token":
            return self.accounts.token(body, self._clock())
        if path == "/o/oauth2/auth":
            return self.accounts.agree(query)
        try:
            call = self._call(method, path, authorization)
            return self._met(call, body, query)
        except Refusal as refusal:
            told = error_body(refusal.code, refusal.status, refusal.message)
            return Reply(refusal.code, json.dumps(told).encode(), delay=self.latency)

    def _call(self, method: str, path: str, authorization: str | None) -> Call:
        found = _PATH.fullmatch(path)
        if found is None:
            raise Refusal(404, "NOT_FOUND", "Requested entity was not found.")
        spreadsheet, place, action = found.groups()
        verb = VERBS.get((method.upper(), "/values" in path, action))
        if verb is None:
            raise Refusal(404, "NOT_FOUND", "Requested entity was not found.")
        user = self.accounts.holder(authorization, self._clock()) if self.guarded else "anonymous"
        if user is None:
            raise Refusal(*ERRORS["401"])
        return Call(verb, spreadsheet, unquote(place or ""), user, self._clock())

    def _met(self, call: Call, body: bytes, query: str) -> Reply:
        """The call under whatever goes wrong with it."""
        over = self.quota.broken(call.kind, call.user, call.at)
        if over is not None:
            self.refused.append((call, 429))
            return Reply(429, json.dumps(over).encode(), delay=self.latency)
        fault = self.faults.next(call.kind)
        if fault in ERRORS:
            raise Refusal(*ERRORS[fault])
        if fault in ("502-html", "503-html"):
            return Reply(int(fault[:3]), HTML, "text/html; charset=UTF-8", delay=self.latency)
        if fault in ("cut", "hang"):
            return Reply(drop=fault == "cut", silent=fault == "hang")
        told = self._carried_out(call, body, query)
        if fault in ("lost", "stall"):
            return Reply(drop=fault == "lost", silent=fault == "stall")
        if fault in ("empty", "not-json"):
            return Reply(200, b"" if fault == "not-json" else _emptied(told), delay=self.latency)
        return Reply(200, json.dumps(told).encode(), "application/json; charset=UTF-8", delay=self.latency)

    def _carried_out(self, call: Call, body: bytes, query: str) -> Json:
        book = self._permitted(call)
        for hook in list(self.before):
            hook(call)
        parsed = parse_qs(query, keep_blank_values=True)
        asked = {name: found[0] for name, found in parsed.items()}
        told = _done(book, call, _json(body), asked, parsed.get("ranges", []))
        self.calls.append(call)
        return told

    def _permitted(self, call: Call) -> Spreadsheet:
        book = self.books.get(call.spreadsheet)
        if book is None:
            raise Refusal(*ERRORS["404"])
        may_write = self.writers is None or call.user in self.writers
        if not may_write and (call.kind == "write" or call.user not in self.readers):
            raise Refusal(*ERRORS["403"])
        return book


def _done(book: Spreadsheet, call: Call, body: Json, asked: dict[str, str], ranges: list[str]) -> Json:
    try:
        tree = mask(asked.get("fields", "*"))
    except ValueError as error:
        raise invalid(str(error)) from None
    if call.verb == "get":
        data = asked.get("includeGridData") == "true" if "fields" not in asked else wants(tree, "sheets", "data")
        told = resource(book, ranges, data=data, user=call.user)
    elif call.verb == "batchUpdate":
        if "fields" in asked:
            body["responseIncludeGridData"] = wants(tree, "updatedSpreadsheet", "sheets", "data")
        told = batch_update(book, body, call.user)
    else:
        told = _values(book, call, body, asked, ranges)
    found: Json = masked(told, tree)
    return found


def _values(book: Spreadsheet, call: Call, body: Json, asked: dict[str, str], ranges: list[str]) -> Json:
    match call.verb:
        case "values.get":
            return values.get(book, call.place, asked)
        case "values.batchGet":
            return values.batch_get(book, ranges, asked)
        case "values.update":
            return values.update(book, call.place, asked, body, call.user)
        case "values.batchUpdate":
            return values.batch_update(book, body, call.user)
        case "values.append":
            return values.append(book, call.place, asked, body, call.user)
        case "values.clear":
            return values.clear(book, call.place, call.user)
    return values.batch_clear(book, body, call.user)


def _json(body: bytes) -> Json:
    try:
        told: object = json.loads(body) if body.strip() else {}
    except ValueError:
        raise invalid("Invalid JSON payload received.") from None
    if not isinstance(told, dict):
        raise invalid("Invalid JSON payload received.")
    return told


def _emptied(told: Json) -> bytes:
    """An answer that looks fine and holds nothing, as has been seen when Google struggles."""
    ranges = told.get("valueRanges")
    if isinstance(ranges, list):
        told = told | {"valueRanges": [{key: one[key] for key in one if key != "values"} for one in ranges]}
    return json.dumps({name: value for name, value in told.items() if name != "values"}).encode()
