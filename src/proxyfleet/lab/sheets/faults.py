"""What can go wrong at Google, on request or by chance: errors as JSON and as HTML, answers that are lost, empty or late.

`lost` (cut off) and `stall` (silent) happen after the call has been carried out, `cut` and `hang` before. Decides which
fault a call meets; the server acts.
"""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from .spreadsheet import Json

HTML = (
    b"<!DOCTYPE html><html><head><title>Error 503 (Server Error)!!1</title></head><body>That is an error.</body></html>"
)
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "401": (401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "403": (403, "PERMISSION_DENIED", "The caller does not have permission"),
    "404": (404, "NOT_FOUND", "Requested entity was not found."),
    "429": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "500": (500, "INTERNAL", "Internal error encountered."),
    "503": (503, "UNAVAILABLE", "The service is currently unavailable."),
}
KINDS = (*ERRORS, "502-html", "503-html", "lost", "stall", "cut", "hang", "empty", "not-json")


@dataclass(slots=True)
class Faults:
    """`queue` faults for the next calls, or give each kind a `chance`; `on` is `read`, `write` or None for both."""

    rng: Random = field(default_factory=lambda: Random(1))
    _queued: deque[tuple[str, str | None]] = field(default_factory=deque)
    _chances: list[tuple[str, float, str | None]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    """Every fault that happened, in order."""

    def queue(self, kind: str, count: int = 1, *, on: str | None = None) -> None:
        """The next `count` such calls meet it."""
        self._queued.extend((_known(kind), on) for _ in range(count))

    def chance(self, kind: str, share: float, *, on: str | None = None) -> None:
        """From now on this share of the calls meets it; 0 ends that."""
        self._chances = [one for one in self._chances if (one[0], one[2]) != (kind, on)]
        if share:
            self._chances.append((_known(kind), share, on))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._queued.clear()
        self._chances.clear()

    def next(self, call: str) -> str | None:
        """What happens to a `read` or `write`."""
        found = self._from_queue(call) or self._by_chance(call)
        if found is not None:
            self.met.append(found)
        return found

    def _from_queue(self, call: str) -> str | None:
        for at, (kind, on) in enumerate(self._queued):
            if on in (None, call):
                del self._queued[at]
                return kind
        return None

    def _by_chance(self, call: str) -> str | None:
        for kind, share, on in self._chances:
            if on in (None, call) and self.rng.random() < share:
                return kind
        return None


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; use one of: {', '.join(KINDS)}")
    return kind


def error_body(code: int, status: str, message: str) -> Json:
    """Google's error JSON."""
    return {"error": {"code": code, "message": message, "status": status}}
