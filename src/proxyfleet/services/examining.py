"""What one proxy is asked, in which order, and when it is clear that there is nobody: the questions that its claims deserve.

One after the other, never two at a time through the same proxy. Believes and records nothing; knows no sockets.
"""

from collections.abc import Sequence
from typing import Final

from proxyfleet.core.checks import (
    CLAIMED,
    FORWARDING,
    TURNING_AWAY,
    Answer,
    Finding,
    Said,
    Seen,
    Verdict,
    Visit,
    Way,
    by_address,
    other_ways,
)
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.ports.checks import Judge, Manner, Probe

SILENCES: Final = 2
"""Questions without an answer in time after which a proxy is not asked any more."""


class Examiner:
    """`examine` one proxy after the other, or many at a time: it keeps nothing."""

    def __init__(self, probe: Probe, judge: Judge, manner: Manner) -> None:
        self._probe, self._judge, self._manner = probe, judge, manner

    async def examine(self, proxy: Proxy, direct: Seen) -> Finding:
        """Ask all that is to be asked; `direct` is what the judge sees without a proxy."""
        said: list[Said] = []
        await self._ask_all(proxy, CLAIMED[proxy.scheme.family], said)
        if self._is_over(proxy, said):
            return Finding(proxy, tuple(said), direct)
        works = any(one.worked for one in said)
        refused = not works and Finding(proxy, tuple(said), direct).verdict is Verdict.REFUSED
        names = None if refused else await self._names(proxy, said)
        if self._manner.every_way or not (works or refused or names is False):
            await self._ask_others(proxy, said)
            names = await self._names(proxy, said) if names is None and any(one.worked for one in said) else names
        if self._manner.tls_judge is not None:
            said += await self._through_tls(proxy, said, self._manner.tls_judge)
        return Finding(proxy, tuple(said), direct, names, visit=await self._visit(proxy, said))

    def _is_over(self, proxy: Proxy, said: Sequence[Said]) -> bool:
        """Whether nobody is there. What speaks no TLS may wait for ever for more than our greeting: it gets one more chance."""
        if said[-1].ours or _silent(said):
            return True
        waits = proxy.scheme is Scheme.HTTPS and said[-1].category is Category.TIMEOUT
        return not (waits or any(one.reached for one in said))

    async def _ask_others(self, proxy: Proxy, said: list[Said]) -> None:
        """One family after the other; the first that works will do, unless all are wanted: a wrong one often costs a timeout,
        and TLS nearly always.
        """
        for family, ways in CLAIMED.items():
            if family == "https" and not self._manner.every_way:
                continue
            if set(ways) <= set(other_ways(proxy.scheme)):
                await self._ask_all(proxy, ways, said)
            if _silent(said) or (not self._manner.every_way and any(one.worked for one in said)):
                return

    async def _ask_all(self, proxy: Proxy, ways: Sequence[Way], said: list[Said]) -> None:
        """One after the other, until it is clear that there is nobody."""
        judge = self._as_traffic(self._judge, proxy)
        for way in ways:
            if judge.tls and way in FORWARDING:  # what is forwarded in the open cannot reach it
                continue
            said.append(await self._ask(proxy, way, judge))
            if said[-1].ours or not said[-1].reached or _silent(said):
                return

    async def _ask(self, proxy: Proxy, way: Way, judge: Judge) -> Said:
        return await self._probe.ask(proxy.endpoint, way, judge, self._manner.patience)

    def _as_traffic(self, judge: Judge, proxy: Proxy) -> Judge:
        """Names are resolved on the side where traffic would have them resolved."""
        here = self._manner.local_dns and by_address(proxy.scheme)
        return judge._replace(address=self._manner.addresses.get(judge.host, "")) if here else judge

    async def _names(self, proxy: Proxy, said: Sequence[Said]) -> bool | None:
        """Whether it resolves names by itself, where the judge has a name and this can be told apart from other failures."""
        judge = self._judge
        address = self._manner.addresses.get(judge.host)
        if not address:
            return None
        best = next((one for one in said if one.worked), None)
        if best is not None:
            if not self._as_traffic(judge, proxy).address:
                return True
            told = await self._ask(proxy, best.way, judge)
            return None if told.ours else told.worked
        away = next((one for one in said if one.reached and _may_be_dns(one)), None)
        if away is None or _silent(said):
            return None
        return False if (await self._ask(proxy, away.way, judge._replace(address=address))).worked else None

    async def _through_tls(self, proxy: Proxy, said: Sequence[Said], judge: Judge) -> list[Said]:
        """Through the first kind of tunnel that works, if any does."""
        way = _working(said, tunnel=True)
        return [] if way is None else [await self._ask(proxy, way, self._as_traffic(judge, proxy))]

    async def _visit(self, proxy: Proxy, said: Sequence[Said]) -> Visit | None:
        """What the chosen site makes of one that works as it claims; others have not got so far."""
        site = self._manner.site
        if site is None:
            return None
        claimed = [one for one in said if one.way in CLAIMED[proxy.scheme.family]]
        way = _working(claimed, tunnel=site.judge.tls)
        if way is None:
            return Visit(site.judge.host, Answer.FAILED) if any(one.worked for one in claimed) else None
        told = site._replace(judge=self._as_traffic(site.judge, proxy))
        return await self._probe.visit(proxy.endpoint, way, told, self._manner.patience)


def _working(said: Sequence[Said], *, tunnel: bool) -> Way | None:
    return next((one.way for one in said if one.worked and not (tunnel and one.way in FORWARDING)), None)


def _may_be_dns(one: Said) -> bool:
    if one.ours or one.category in (None, Category.TIMEOUT, Category.CONNECT) or one.category in TURNING_AWAY:
        return False
    return one.phase is not Phase.DIAL


def _silent(said: Sequence[Said]) -> bool:
    return sum(one.category is Category.TIMEOUT for one in said) >= SILENCES
