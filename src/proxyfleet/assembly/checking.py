"""Brings checks together with what they need: the prober, the judge of the settings, the fleet that learns from them."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from random import SystemRandom
from urllib.parse import urlsplit

from proxyfleet.clock import Clock, monotonic_clock, wall_clock
from proxyfleet.core.checks import Finding
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.selector import Selector
from proxyfleet.gateway.probing import Prober
from proxyfleet.net.resolve import Resolver, Unresolved
from proxyfleet.net.trust import Trust
from proxyfleet.ports import Store
from proxyfleet.ports.checks import Atlas, Judge, Manner, Site
from proxyfleet.probes.atlas import atlas_of
from proxyfleet.services.checking import Checking, Tell, believable
from proxyfleet.services.findings import Findings
from proxyfleet.services.read_models import matching
from proxyfleet.settings.schema import Settings
from proxyfleet.wire.addresses import is_global, is_local_name, number_of
from proxyfleet.wire.authority import parse_authority
from proxyfleet.wire.http1_head import HeadError

from .embedded import EmbeddedNode
from .opening import Opened

TellBoth = Callable[[int, int], object]
"""Hears how many proxies have been seen to, and how many of them are recorded."""


class BadJudge(FleetError):
    """There is no judge, or its address cannot be used."""

    code = "bad_judge"


def judge_of(url: str, what: str = "judge") -> Judge:
    """What an http or https address names. Raises `BadJudge`."""
    try:
        parts = urlsplit(url)
        tls = {"http": False, "https": True}[parts.scheme]
        if "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("credentials or characters that have no place in it")
        place = parse_authority(parts.netloc.encode(), 443 if tls else 80)
    except (HeadError, ValueError, KeyError):
        raise BadJudge(f"the {what}'s address cannot be used; write it like http://{what}.example:8080/") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Judge(place.host, place.port, path, tls)


def judges_of(settings: Settings) -> tuple[Judge, Judge | None]:
    """The judge of the settings, and the one for TLS if there is one. Raises `BadJudge`."""
    told = settings.checks
    if not told.judge:
        raise BadJudge(
            "no judge is named; run `proxyfleet judge` where your proxies can reach it, and name it by --judge or checks.judge"
        )
    tls = judge_of(told.tls_judge) if told.tls_judge else None
    if tls is not None and not tls.tls:
        raise BadJudge("the judge for TLS is not reached by TLS; give an https address, or leave it out")
    return judge_of(told.judge), tls


def refuse_near_judge(judge: Judge, proxies: Iterable[Proxy]) -> None:
    """A judge of this machine or network is beyond the reach of proxies out there: all of them would seem to fail."""
    if _is_public(judge.host):
        return
    far = next((proxy for proxy in proxies if number_of(proxy.host) is not None and _is_public(proxy.host)), None)
    if far is not None:
        raise BadJudge(
            f"{judge.host} is not a public address, and proxies like {far.address} cannot reach it; "
            "name a public one, or select proxies of your own network"
        )


def _is_public(host: str) -> bool:
    return is_global(host) if number_of(host) is not None else not is_local_name(host)


def site_of(url: str, statuses: Iterable[int] = (), forbids: str | None = None, rules: Sequence[str] = ()) -> Site:
    """A site to be visited, judged by the gateway's rules after what is said here. Raises `BadJudge`."""
    told = (f"banned body={shlex.quote(forbids)}", *rules) if forbids else tuple(rules)
    return Site(judge_of(url, "site"), told, frozenset(statuses))


def atlas_for(settings: Settings) -> Atlas | None:
    """What knows where exits are, by the settings. Blocking. Raises `BadAtlas`."""
    return atlas_of(settings.checks.geo_file, settings.checks.asn_file)


async def check_all(
    settings: Settings,
    proxies: Sequence[Proxy],
    keep: Callable[[Sequence[Finding]], Awaitable[None]],
    *,
    every_way: bool = False,
    site: Site | None = None,
    tell: Tell = lambda _: None,
) -> list[Finding]:
    """Check them by the settings; `keep` gets what is to be believed, as it comes. Raises `BadJudge`, `BadAtlas`, `JudgeFailed`."""
    judge, tls_judge = judges_of(settings)
    for place in (judge, site and site.judge):
        if place is not None:
            refuse_near_judge(place, proxies)
    atlas, found = await asyncio.to_thread(atlas_for, settings), list[Finding]()

    async def kept(findings: Sequence[Finding]) -> None:
        located = [_located(one, atlas) for one in findings]
        await keep(believable(located, proven=any(one.best for one in found)))
        found.extend(located)

    told = settings.checks
    trust = Trust(settings.gateway.upstream_ca or None, verify=settings.gateway.upstream_verify)
    manner = Manner(
        told.concurrency,
        told.timeout,
        every_way,
        tls_judge,
        site,
        await _addresses(judge, tls_judge, site and site.judge),
        settings.gateway.local_dns,
    )
    async with Prober(
        trust=trust, target_trust=Trust(told.judge_ca or None), timer=monotonic_clock, rng=SystemRandom()
    ) as probe:
        await Checking(probe, judge, manner, keep=kept, tell=tell).run(proxies)
    return found


def _located(one: Finding, atlas: Atlas | None) -> Finding:
    return one if atlas is None or one.exit_address is None else replace(one, place=atlas.place(one.exit_address))


async def _addresses(*judges: Judge | None) -> dict[str, str]:
    """An address of each judge that has a name, IPv4 where it can be: SOCKS4 knows no other."""
    resolver, found = Resolver(monotonic_clock), dict[str, str]()
    for judge in judges:
        if judge is not None and number_of(judge.host) is None:
            with suppress(Unresolved):
                known = await resolver.addresses(judge.host)
                found[judge.host] = next((one for one in known if ":" not in one), known[0])
    return found


async def check_stored(
    settings: Settings,
    opened: Opened,
    selector: Selector,
    *,
    dry_run: bool = False,
    every_way: bool = False,
    site: Site | None = None,
    tell: TellBoth = lambda _tried, _recorded: None,
) -> list[Finding]:
    """Check what a selector names in the store; running nodes hear of it through the store. A dry run writes nothing."""
    judges_of(settings)
    node = EmbeddedNode(opened, settings.rules)
    await node.start()
    tried = recorded = 0

    def tell_tried(count: int) -> None:
        nonlocal tried
        tried = count
        tell(tried, recorded)

    try:
        proxies = [node.fleet.get(one) for one in matching(node.fleet, selector, wall_clock())]

        async def keep(findings: Sequence[Finding]) -> None:
            nonlocal recorded
            if not dry_run:
                await keep_findings(node.fleet, opened.store, findings, wall_clock)
                await node.sharing.tell_all()
                recorded += len(findings)
                tell(tried, recorded)

        return await check_all(settings, proxies, keep, every_way=every_way, site=site, tell=tell_tried)
    finally:
        await node.stop()


async def keep_findings(fleet: FleetState, store: Store, findings: Sequence[Finding], clock: Clock) -> None:
    """Health, measurements, and what the core has told of it."""
    await Findings(fleet, store, clock).keep(findings)
    told = fleet.take_events()
    if told:
        await store.record_events(told)
