"""What operators see of sources, and their switch. Plain values that become JSON or tables; addresses without their secrets."""

from dataclasses import replace
from typing import Any

from proxyfleet.core.source import Source, SourceEntry
from proxyfleet.ports import SourceBook
from proxyfleet.services.looking import Look
from proxyfleet.services.read_models import instant
from proxyfleet.services.refreshing import Round

Shown = dict[str, Any]
"""Any: fields of many types."""


async def switch(book: SourceBook, entry: SourceEntry, on: bool) -> None:
    """Switch a source on or off. One that is switched on is due at once and begins with a clean sheet of failures."""
    await book.switch_source(entry.name, on)
    if on and (entry.ledger.failures or entry.ledger.next_due):
        await book.put_ledger(entry.name, replace(entry.ledger, failures=0, next_due=0.0))


def looked_at(source: Source, entry: SourceEntry, *, on: bool) -> str:
    """Who looks at it: nodes by themselves, somebody by hand, or nobody unless it is named."""
    if on:
        return "by itself"
    if entry.switched is False:
        return "off"
    return "on request" if source.on_request else "by hand"


def described(source: Source, entry: SourceEntry, *, on: bool) -> Shown:
    """A source as it is defined."""
    return {
        "name": source.name,
        "kind": source.kind,
        "looked_at": looked_at(source, entry, on=on),
        "feeds": len(source.feeds),
        "format": source.format,
        "every": source.interval,
        "free": source.free,
        "trusted": source.trusted,
        "because": entry.because,
    }


def ledger(source: Source, entry: SourceEntry, *, on: bool) -> Shown:
    """What has come of a source."""
    told = entry.ledger
    return {
        "name": source.name,
        "looked_at": looked_at(source, entry, on=on),
        "read": told.read,
        "valid": told.valid,
        "new": told.new,
        "total_new": told.total_new,
        "alive": told.alive,
        "attempts": told.attempts,
        "failures": told.failures,
        "last_attempt": instant(told.last_attempt),
        "last_success": instant(told.last_success),
        "last_error": told.last_error,
        "next_due": instant(told.next_due or None),
        "because": entry.because,
    }


def looked(look: Look) -> Shown:
    """What came of one look."""
    return {
        "source": look.source,
        "outcome": look.outcome,
        "read": look.read,
        "valid": look.valid,
        "added": look.added,
        "updated": look.updated,
        "duplicate": look.duplicate,
        "rejected": sum(look.rejected.values()),
        "reasons": dict(sorted(look.rejected.items())),
        "seconds": round(look.seconds, 3),
        "problem": look.problems[0] if look.problems else None,
        "problems": look.problems,
    }


def totals(told: Round) -> Shown:
    """A whole round in numbers."""
    fields = ("read", "valid", "added", "updated", "duplicate")
    sums = {name: sum(getattr(look, name) for look in told.looks) for name in fields}
    rejected = sum(sum(look.rejected.values()) for look in told.looks)
    return {"sources": len(told.looks), "failed": len(told.failed), **sums, "rejected": rejected}
