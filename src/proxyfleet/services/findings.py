"""What becomes of the findings of checks: health learns as from traffic, proven proxies become active, what was measured is kept
beside what was claimed. Also how findings are shown. Asks nobody anything.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Protocol

from proxyfleet.clock import Clock
from proxyfleet.core.checks import NOWHERE, Anonymity, Answer, Finding, Verdict
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Details, Kind, Measured, Proxy, Status

BATCH: Final = 500
PLAIN: Final = Details()
UNMEASURED: Final = Measured()
MOST_SITES: Final = 8
"""Whose answers are remembered of one proxy."""
Shown = dict[str, object]


class Book(Protocol):
    """The part of the store that findings need."""

    async def some(self, ids: Sequence[int]) -> list[Proxy]: ...
    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int: ...
    async def worked(self, stamps: Mapping[int, float]) -> None: ...


class Findings:
    """`keep` them, as often as there are some."""

    def __init__(self, fleet: FleetState, book: Book, clock: Clock) -> None:
        self._fleet, self._book, self._clock = fleet, book, clock

    async def keep(self, findings: Sequence[Finding]) -> None:
        """Book what was found. A proxy that was changed meanwhile, or is gone, learns nothing: it is another one now."""
        now = self._clock()
        fresh = [one for one in findings if self._is_same(one)]
        for one in fresh:
            for told in (one.outcome, one.visit and one.visit.outcome):
                if told is not None:
                    self._fleet.record(one.proxy.id, told, now)
        working = [one for one in fresh if one.best is not None]
        telling = (one for one in fresh if one.best is not None or one.names is not None)
        await self._book.worked({one.proxy.id: now for one in working if one.verdict is Verdict.WORKS})
        while batch := list(islice(telling, BATCH)):
            await self._keep_measured(batch)

    def _is_same(self, one: Finding) -> bool:
        proxy_id = one.proxy.id
        return proxy_id in self._fleet and self._fleet.endpoint(proxy_id) == one.proxy.endpoint

    async def _keep_measured(self, findings: Sequence[Finding]) -> None:
        by_id = {one.proxy.id: one for one in findings}
        stored = await self._book.some(sorted(by_id))
        told = [old.id for old in stored if measured(old, by_id[old.id]) != old]
        if told:  # an operator may change them meanwhile, and that must stand
            await self._book.amend(told, lambda old: measured(old, by_id[old.id]))


def measured(proxy: Proxy, finding: Finding) -> Proxy:
    """The record with what was measured; one that has proven itself as what it claims to be is active from now on."""
    if proxy.endpoint != finding.proxy.endpoint:
        return proxy
    details = replace(proxy.details or PLAIN, measured=_measured(proxy, finding))
    level = finding.anonymity.value if finding.anonymity else proxy.labels.measured_anonymity
    country = proxy.labels.measured_country
    if proxy.labels.kind is Kind.STATIC:
        country = finding.place.country or (country if _same_exit(proxy, finding) else None)
    proven = finding.verdict is Verdict.WORKS and proxy.status in (Status.PENDING, Status.FAILED)
    return replace(
        proxy,
        status=Status.ACTIVE if proven else proxy.status,
        labels=replace(proxy.labels, measured_anonymity=level, measured_country=country),
        details=None if details == PLAIN else details,
    )


def _measured(proxy: Proxy, finding: Finding) -> Measured:
    """The exit of a rotating one is nobody's for long; where it is now says nothing."""
    known = ((proxy.details or PLAIN).measured) or UNMEASURED
    told = replace(
        known,
        protocols=tuple(way.value for way in finding.protocols),
        tls=known.tls if finding.tls is None else finding.tls,
        names=known.names if finding.names is None else finding.names,
        sites=_sites(known, finding),
    )
    if proxy.labels.kind is not Kind.STATIC or not finding.exit_address:
        return told
    place = finding.place
    if place == NOWHERE and _same_exit(proxy, finding):
        return told
    return replace(told, exit_address=finding.exit_address, asn=place.asn, network=place.network)


def _same_exit(proxy: Proxy, finding: Finding) -> bool:
    known = (proxy.details or PLAIN).measured
    return known is not None and known.exit_address == finding.exit_address


def _sites(known: Measured, finding: Finding) -> tuple[tuple[str, str], ...]:
    """The answers of the sites that were visited last."""
    visit = finding.visit
    if visit is None:
        return known.sites
    others = [one for one in known.sites if one[0] != visit.host]
    return (*others, (visit.host, visit.answer.value))[-MOST_SITES:]


def shown(one: Finding) -> Shown:
    """One finding, claims and measurements apart; seconds to the tenth of a millisecond."""
    labels, details = one.proxy.labels, one.proxy.details or PLAIN
    return {
        "id": one.proxy.id,
        "address": one.proxy.address,
        "verdict": one.verdict.value,
        "category": one.category and one.category.value,
        "reachable": one.reachable,
        "latency": None if one.latency is None else round(one.latency, 4),
        "tls_untouched": one.tls,
        "resolves_names": one.names,
        "site": one.visit and {"host": one.visit.host, "answer": one.visit.answer.value, "status": one.visit.status},
        "measured": {
            "protocols": [way.value for way in one.protocols],
            "anonymity": one.anonymity and one.anonymity.value,
            "exit_address": one.exit_address,
            "country": one.place.country,
            "asn": one.place.asn,
            "network": one.place.network or None,
        },
        "claimed": {
            "scheme": one.proxy.scheme.value,
            "protocols": list(details.protocols),
            "anonymity": labels.anonymity,
            "exit_address": details.exit_address,
            "country": labels.country,
            "asn": labels.asn,
        },
        "disagreements": [
            {"field": name, "claimed": claimed, "measured": told} for name, claimed, told in one.disagreements
        ],
    }


def summed_up(findings: Sequence[Finding]) -> Shown:
    """All of them in numbers."""
    verdicts = Counter(one.verdict for one in findings)
    levels = Counter(one.anonymity for one in findings)
    took = sorted(one.latency for one in findings if one.latency is not None)
    exits = Counter(one.exit_address for one in findings if one.exit_address)
    answers = Counter(one.visit.answer for one in findings if one.visit is not None)
    return {
        "checked": len(findings),
        "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict},
        "anonymity": {level.value: levels[level] for level in Anonymity},
        "latency": {f"p{share}": _quantile(took, share) for share in (50, 95, 99)},
        "countries": dict(Counter(one.place.country for one in findings if one.place.country).most_common()),
        "exits": len(exits),
        "shared_exits": sum(count > 1 for count in exits.values()),
        "tls_touched": sum(one.tls is False for one in findings),
        "names_unresolved": sum(one.names is False for one in findings),
        "site": {answer.value: answers[answer] for answer in Answer} if answers else None,
        "disagreements": sum(bool(one.disagreements) for one in findings),
    }


def _quantile(ordered: Sequence[float], share: int) -> float | None:
    """The value that `share` percent do not exceed."""
    return round(ordered[max(-(-len(ordered) * share // 100) - 1, 0)], 4) if ordered else None
