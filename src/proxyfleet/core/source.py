"""What a source of proxies is: the frozen records of its definition and of what has come of it. Nothing is fetched here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Feed:
    """One address of a source. `{page}` (from 1) or `{skip}` (rows before) in it make it one answer of several.

    `scheme` is that of lines which name none. `mirror` is asked when the address fails. `page_size` is how many rows a
    page is asked for, 0 where one answer holds everything. `may_be_absent`: status 404 means "none now".
    """

    url: str = field(repr=False)
    scheme: str = "http"
    mirror: str | None = field(default=None, repr=False)
    page_size: int = 0
    may_be_absent: bool = False

    @property
    def paged(self) -> bool:
        """Whether there may be more than one answer."""
        return "{page}" in self.url or "{skip}" in self.url

    def page(self, number: int, rows: int) -> "Feed":
        """The feed of one page: `number` from 1, after `rows` rows of the pages before it."""
        return replace(
            self, url=_filled(self.url, number, rows), mirror=self.mirror and _filled(self.mirror, number, rows)
        )


def _filled(url: str, number: int, rows: int) -> str:
    return url.replace("{page}", str(number)).replace("{skip}", str(rows))


@dataclass(frozen=True, slots=True)
class Source:
    """Where proxies are found. `format` is one of `wire.text.FORMATS`; `interval` seconds between two looks.

    `trusted`: what it says of protocols can be believed, so it overrules a source that is not. `free`: anybody's proxies,
    known by host and port, to be checked before use, retired when they are of no use (SPEC rules 6 and 16); else they
    are the owner's, and are stored as an import would store them. `on_request`: only looked at when it is named or
    switched on.
    """

    name: str
    kind: str
    feeds: tuple[Feed, ...]
    format: str = "auto"
    trusted: bool = True
    interval: float = 1800.0
    free: bool = True
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """What came of one source. `read`, `valid` and `new` are of the last answer that held a proxy; instants are UTC seconds.

    `total_new` counts over all answers, `alive` the proxies it named that have ever worked, `failures` those in a row.
    `validators` is what conditional requests are made with: ETag and Last-Modified by feed.
    """

    read: int = 0
    valid: int = 0
    new: int = 0
    total_new: int = 0
    alive: int = 0
    attempts: int = 0
    failures: int = 0
    last_attempt: float | None = None
    last_success: float | None = None
    last_error: str | None = None
    next_due: float = 0.0
    validators: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """All that is kept of a source: its definition where it is an own one, its switch, its ledger.

    `switched` None means that nobody has said anything; `because` says why it was switched off by itself.
    """

    name: str
    own: Source | None = None
    switched: bool | None = None
    because: str | None = None
    ledger: Ledger = field(default_factory=Ledger)


class Gathered(NamedTuple):
    """What became of proxies that a free source named."""

    added: int = 0
    updated: int = 0
    duplicate: int = 0
