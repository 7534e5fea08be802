"""A node's own checks: new proxies are tried before anybody asks for them, idle ones now and then. One of the fleet's jobs."""

from collections import Counter
from dataclasses import replace
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.checks import Verdict
from proxyfleet.core.fleet import FleetState
from proxyfleet.ports import Store
from proxyfleet.services.findings import Findings
from proxyfleet.services.warming import Warmth, due
from proxyfleet.settings.schema import Settings

CROWD: Final = 50
"""Proxies at a time at most: traffic goes first."""


class Warming:
    """`warm` every `every` seconds, one at a time. Remembers whom it has tried, in memory: another node may try again."""

    def __init__(self, settings: Settings, store: Store, fleet: FleetState, clock: Clock) -> None:
        told = settings.checks
        crowd = min(told.concurrency, CROWD)
        self._settings = replace(settings, checks=replace(told, concurrency=crowd))
        self._warmth = Warmth(told.warm_most, told.idle_after, told.again_after)
        self._fleet = fleet
        self._findings = Findings(fleet, store, clock)
        self._tried: dict[int, float] = {}
        self.every = told.warm_every

    async def warm(self, now: float) -> str:
        """Try who is due; a line about it. Raises `JudgeFailed`, `BadJudge` and the store's errors."""
        told = self._settings.checks
        if not told.warm:
            return "switched off (checks.warm)"
        if not told.judge:
            return "no judge is named (checks.judge)"
        proxies = await due(self._fleet, self._tried, self._warmth, now)
        if not proxies:
            return "none due"
        from .checking import check_all  # only who checks pays for loading it

        found = await check_all(self._settings, proxies, self._findings.keep)
        counts = Counter(one.verdict for one in found)
        self._tried.update((one.proxy.id, now) for one in found)
        self._tried = {one: at for one, at in self._tried.items() if one in self._fleet}
        shown = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
        return f"{len(proxies)} tried: {shown}"
