"""Checks many proxies: so many at a time as this machine bears, and nothing said in haste.

Before a round and after it the judge is asked directly: while it does not answer, nothing that was found is believed. Who
failed is asked once more in a calmer second turn, so that a healthy proxy is not called dead for a crowd of our own making.
Knows neither sockets nor stores.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from proxyfleet.core.checks import Finding, Said, Seen, Verdict, Way
from proxyfleet.core.errors import FleetError
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports.checks import Judge, Manner, Probe
from proxyfleet.services.crowding import Crowd, crowded
from proxyfleet.services.examining import Examiner

ROUND: Final = 2_000
"""Proxies between two looks at the judge."""
CALM: Final = 4
"""By this the crowd of the second turn is smaller."""
SURE: Final = (Verdict.WORKS, Verdict.REFUSED, Verdict.OTHER_PROTOCOL)
"""Not for a crowd of ours did the proxy say this: it has answered."""
JUDGE_TRIES: Final = 3

Keep = Callable[[Sequence[Finding]], Awaitable[None]]
Tell = Callable[[int], None]
"""Hears how many proxies have been seen to."""


class JudgeFailed(FleetError):
    """The judge does not answer without a proxy, so that nothing can be said about any."""

    code = "judge_failed"


@dataclass(slots=True)
class Summary:
    """How many of each verdict; `judged` is how many have been believed."""

    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))

    @property
    def judged(self) -> int:
        """All together."""
        return sum(self.verdicts.values())


class Checking:
    """`run` once. `keep` gets the findings of a round once the judge has been seen to live after it."""

    def __init__(self, probe: Probe, judge: Judge, manner: Manner, *, keep: Keep, tell: Tell = lambda _: None) -> None:
        self._probe, self._judge, self._manner = probe, judge, manner
        self._keep, self._tell = keep, tell
        self._examiner, self.crowd = Examiner(probe, judge, manner), Crowd(manner.crowd)
        self._direct = Seen("", {})
        self._done = 0

    async def run(self, proxies: Iterable[Proxy]) -> Summary:
        """Check them all, in order. Raises `JudgeFailed`, and what `keep` raises."""
        summary, left = Summary(), iter(proxies)
        await self._face_judges()
        while batch := list(islice(left, ROUND)):
            findings = await self._round(batch)
            await self._face_judges()
            await self._keep(findings)
            for finding in findings:
                summary.verdicts[finding.verdict] += 1
        return summary

    async def _face_judges(self) -> None:
        self._direct = await self._direct_look(self._judge)
        if self._manner.tls_judge is not None:
            await self._direct_look(self._manner.tls_judge)

    async def _direct_look(self, judge: Judge) -> Seen:
        said = Said(Way.HTTP, ours=True)
        for _ in range(JUDGE_TRIES):
            said = await self._probe.ask(None, Way.HTTP, judge, self._manner.patience)
            if said.worked and said.seen is not None:
                return said.seen
        why = said.category.value if said.category is not None else "this machine is short of sockets"
        raise JudgeFailed(
            f"the judge at {judge.host}:{judge.port} does not answer without a proxy ({why}); nothing was recorded of "
            "what it was asked; name one that echoes requests, `proxyfleet judge` runs one"
        )

    async def _round(self, proxies: Sequence[Proxy]) -> list[Finding]:
        """One finding each, in order."""
        found = await self._turn(proxies, 1, SURE)
        doubtful = [nth for nth, finding in enumerate(found) if finding.verdict not in SURE]
        again = await self._turn([proxies[nth] for nth in doubtful], CALM, Verdict)
        for nth, finding in zip(doubtful, again, strict=True):
            found[nth] = better(found[nth], finding)
        return found

    async def _turn(self, proxies: Sequence[Proxy], calm: int, final: Iterable[Verdict]) -> list[Finding]:
        """As many at a time as the crowd allows, divided by `calm`; those with a `final` verdict are told as done."""
        found: dict[int, Finding] = {}

        async def work(item: tuple[int, Proxy]) -> None:
            nth, proxy = item
            found[nth] = one = await self._examiner.examine(proxy, self._direct)
            self.crowd.note(one.latency, ours=any(said.ours for said in one.said))
            if one.verdict in final:
                self._done += 1
                self._tell(self._done)

        await crowded(enumerate(proxies), work, lambda: max(self.crowd.limit // calm, 1))
        return [found[nth] for nth in range(len(proxies))]


def believable(findings: Sequence[Finding], *, proven: bool) -> list[Finding]:
    """What may be recorded. Until it is `proven` that some proxy can reach the judge at all, those that were reached and got nobody
    there prove nothing: the judge may answer to us alone.
    """
    if proven or any(one.best for one in findings):
        return list(findings)
    return [one for one in findings if not one.reachable or one.verdict is Verdict.REFUSED]


def better(first: Finding, second: Finding) -> Finding:
    """The kinder one of two looks at the same proxy: what worked once, or was not known to fail."""
    order = (
        Verdict.WORKS,
        Verdict.OTHER_PROTOCOL,
        Verdict.REFUSED,
        Verdict.UNKNOWN,
        Verdict.FAILED,
        Verdict.DEAD,
    )
    return min(first, second, key=lambda finding: order.index(finding.verdict))
