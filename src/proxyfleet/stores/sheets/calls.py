"""One call to Google and its answer as plain values; what sends them is a function of this shape. Nothing is sent here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

Json = dict[str, Any]
"""Any: what JSON holds."""
BASE: Final = "/v4/spreadsheets"


@dataclass(frozen=True, slots=True)
class Call:
    """`path` goes behind `/v4/spreadsheets`; `what` says in words what is being done, for messages."""

    method: str
    path: str
    what: str
    query: tuple[tuple[str, str], ...] = ()
    body: Json | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """The quota it counts against: `read` or `write`."""
        return "read" if self.method == "GET" else "write"


class Answer(NamedTuple):
    """`told` is None where the body was no JSON object, for instance an HTML page of an overloaded server."""

    status: int
    told: Json | None


class Lost(Exception):
    """No answer came. `sent` tells whether the call may have reached Google; the text is the cause in a few words."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.sent = sent


Send = Callable[[Call], Awaitable[Answer]]
"""Raises `Lost`, or `SheetError` where no answer can ever come, such as a refused key."""
