"""What becomes of one proxy that a free source names (SPEC rules 6 and 16): the meaning of `SourceBook.gather`. Pure.

Every store comes to the same; the one with the hot path of its own (`sql.gathering`) is tested against this.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from proxyfleet.core.proxy import Proxy
from proxyfleet.stores.merging import claims, gathered


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept beside a proxy that a free source has named; `sources` are names or whatever stands for them."""

    sources: frozenset[str]
    trusted: bool
    added: float
    worked: float | None = None


class Judged(NamedTuple):
    """`verdict` is added, updated or duplicate; `proxy` and `found` are what is to be stored, None where nothing changes.

    `credit`: the proxy has worked before, which counts for the source that names it only now.
    """

    verdict: str
    proxy: Proxy | None = None
    found: Found | None = None
    credit: bool = False


Known = Sequence[tuple[Proxy, Found | None]]
"""The records at one place (host, port, user name), whatever they speak; None beside those of their owner."""


def judged(new: Proxy, known: Known, source: str, now: float, *, trusted: bool) -> Judged:
    """The id of an added proxy is still to be given."""
    if not known:
        return Judged("added", new, Found(frozenset({source}), trusted, now))
    stored, found = known[0]
    if len(known) > 1 or found is None:
        return Judged("duplicate")
    overrule = trusted and not found.trusted
    told = set(claims(new.scheme, new.details.protocols if new.details else ()))
    named = source in found.sources
    # What one source has said before is heard again for its claims only.
    if (
        named
        and not overrule
        and told <= set(claims(stored.scheme, stored.details.protocols if stored.details else ()))
    ):
        return Judged("duplicate")
    after = gathered(stored, new, overrule=overrule)
    kept = replace(found, sources=found.sources | {source}, trusted=found.trusted or trusted)
    changed = None if after == stored else after
    return Judged("updated" if changed else "duplicate", changed, kept, found.worked is not None and not named)
