"""Changes to a record as an operator writes them: `country=DE capacity=10 tag+=fast notes=`. Text in, a new record out.

An empty value unsets a field. Which records are changed, and where they are kept, is decided elsewhere.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from proxyfleet.core.clause import ALIASES, FIELDS
from proxyfleet.core.errors import FleetError
from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.wire.text.cells import claims_of
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.reasons import Refused

_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]+)(\+=|-=|=)(.*)", re.DOTALL)


class BadChange(FleetError):
    """A change that cannot be read; the message names the field and what fits."""

    code = "bad_change"


def _instant(text: str) -> float | None:
    try:
        return expiry(text)
    except Refused:
        raise ValueError(f"{text!r} is no date; write 2026-12-31 or never") from None


def _refresh_url(text: str) -> Secret:
    """Judged as in a list; its text, which may hold a key, is in no message."""
    try:
        claims_of("refresh_url", text)
    except Refused:
        raise ValueError("no http or https address; write it as https://HOST/PATH") from None
    return Secret(text)


def _choice(kind: type[Scheme] | type[Kind] | type[ProxyType] | type[Status], name: str) -> Callable[[str], object]:
    return lambda text: kind(str(FIELDS[name].read(text)))


def _like(name: str) -> Callable[[str], object]:
    return FIELDS[name].read


_SECONDS: Final = FIELDS["min_interval"].read
_MONEY: Final = ("cost_per_month", "cost_per_gb", "currency")
_CLAIMS: Final = ("country", "region", "city", "asn", "provider", "source", "anonymity", *_MONEY)
_LABELS: Final[dict[str, Callable[[str], object]]] = {
    "kind": _choice(Kind, "kind"),
    "type": _choice(ProxyType, "type"),
    **{name: _like(name) for name in _CLAIMS},
}
_DETAILS: Final[dict[str, Callable[[str], object]]] = {
    "max_connections": _like("max_connections"),
    "min_interval": lambda text: float(str(_SECONDS(text))),
    "target_capacity": _like("target_capacity"),
    "refresh_url": _refresh_url,
    "notes": str,
}
_PLAIN: Final[dict[str, Callable[[str], object]]] = {
    "scheme": _choice(Scheme, "scheme"),
    "host": str.lower,
    "port": _like("port"),
    "username": str,
    "password": Secret,
    "capacity": _like("capacity"),
    "expires_at": _instant,
    "status": _choice(Status, "status"),
}
_NEVER_EMPTY: Final = frozenset({"scheme", "host", "port", "status"})
EDITABLE: Final = (*_PLAIN, *_LABELS, "tags", *_DETAILS)
"""Every field that `set` takes; `tags` also with `+=` and `-=`."""


@dataclass(slots=True)
class Change:
    """New values by field; `Any` because each field has a type of its own, which its reader has made."""

    plain: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    more_tags: frozenset[str] = frozenset()
    fewer_tags: frozenset[str] = frozenset()

    def apply(self, proxy: Proxy) -> Proxy:
        """The record after the change; raises `BadProxy` where it would be impossible."""
        labels = replace(proxy.labels, **self.labels)
        labels = replace(labels, tags=(labels.tags | self.more_tags) - self.fewer_tags)
        details = replace(proxy.details or Details(), **self.details) if self.details else proxy.details
        return replace(proxy, labels=labels, details=details, **self.plain)


def change_from(assignments: Iterable[str]) -> Change:
    """Read `field=value`, `tags+=a,b`, `tags-=c`; raises `BadChange`."""
    change = Change()
    for text in assignments:
        found = _ASSIGNMENT.fullmatch(text)
        if found is None:
            raise BadChange(f"{text.partition('=')[0]!r} is no change; write FIELD=VALUE, such as country=DE")
        _take(change, *found.groups())
    return change


def _take(change: Change, written: str, operator: str, value: str) -> None:
    name = "tags" if ALIASES.get(written.lower(), written.lower()) == "tag" else written.lower()
    if name == "tags":
        _take_tags(change, operator, frozenset(part.strip() for part in value.split(",") if part.strip()))
        return
    if operator != "=":
        raise BadChange(f"{written}{operator} cannot be done; only tags are added and taken")
    for readers, values, empty in (
        (_PLAIN, change.plain, Proxy),
        (_LABELS, change.labels, Labels),
        (_DETAILS, change.details, Details),
    ):
        if name in readers:
            values[name] = _read(name, readers[name], value, empty)
            return
    raise BadChange(f"there is no field {written!r} to set; use one of: {', '.join(EDITABLE)}")


def _take_tags(change: Change, operator: str, words: frozenset[str]) -> None:
    if operator == "+=":
        change.more_tags |= words
    elif operator == "-=":
        change.fewer_tags |= words
    else:
        change.labels["tags"] = words


def _read(name: str, read: Callable[[str], object], value: str, record: type[Proxy | Labels | Details]) -> object:
    if not value:
        if name in _NEVER_EMPTY:
            raise BadChange(f"{name} cannot be empty; give a value")
        return next((f.default for f in fields(record) if f.name == name), None)
    try:
        return read(value)
    except ValueError as problem:
        # The text of a secret must not come back in a message.
        raise BadChange(f"{name}: {'cannot be read' if read is Secret else problem}") from None
