"""Which proxies are to be tried out now (SPEC C10): those not proven yet, then those that nobody has used for long. Chooses, and
does nothing else.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Kind, Proxy, Status

SLICE: Final = 250
"""Proxies looked at between two turns of the loop."""
UNPROVEN: Final = (Status.PENDING, Status.FAILED)
NEVER: Final = -1.0
SETTLED: Final = 10.0
"""Seconds that another exit takes to be there."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """At most `most` proxies; seconds: active ones idle for `idle_after`, none sooner than `again_after` once more."""

    most: int = 1_000
    idle_after: float = 6 * 3_600.0
    again_after: float = 3_600.0


async def due(fleet: FleetState, tried: Mapping[int, float], warmth: Warmth, now: float) -> list[Proxy]:
    """New ones before idle ones, and of each those first that were tried longest ago (`tried`: id and when)."""
    wanted: list[tuple[bool, float, int]] = []
    for nth, proxy_id in enumerate(list(fleet)):
        if nth % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        before = tried.get(proxy_id, NEVER)
        if proxy_id not in fleet:
            continue
        turned = turned_at(fleet.get(proxy_id))
        if before == NEVER or now - before >= warmth.again_after or before < turned:
            idle = _idle(fleet, proxy_id, warmth, now)
            if idle is not None:
                wanted.append((idle, before, proxy_id))
    chosen = nsmallest(warmth.most, wanted)
    return [fleet.get(proxy_id) for _, _, proxy_id in chosen if proxy_id in fleet]


def turned_at(proxy: Proxy) -> float:
    """When it was asked for another exit, of one whose exit has not been measured since; else 0."""
    measured = proxy.details.measured if proxy.details and proxy.labels.kind is Kind.STATIC else None
    return measured.rotated_at if measured and measured.exit_address is None else 0.0


def _idle(fleet: FleetState, proxy_id: int, warmth: Warmth, now: float) -> bool | None:
    """False for one that is not proven yet, True for an idle one, None for one that is best left alone."""
    proxy = fleet.get(proxy_id)
    if proxy.expired(now) or proxy.status is Status.DISABLED:
        return None
    if turned_at(proxy):
        return False if now - turned_at(proxy) >= SETTLED else None
    if proxy.status in UNPROVEN:
        return False
    health = fleet.health(proxy_id, now)
    last = max(filter(None, (health.last_used, health.last_success, health.last_failure)), default=0.0)
    return True if now - last >= warmth.idle_after else None
