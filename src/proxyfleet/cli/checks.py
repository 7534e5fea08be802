"""`check`: try proxies out now, and see what they really are."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from .commanding import command
from .failing import BadUsage, Ended, ExitCode
from .orders import running_members
from .progressing import counting, telling_how_far
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.core.checks import Finding
    from proxyfleet.core.selector import Selector
    from proxyfleet.ports.checks import Site

WIDTH: Final = 40
MOST_SHOWN: Final = 20
MOST_COUNTRIES: Final = 8
TOLD_AT_ONCE: Final = 500
"""Proxies named in one order to a node, whose line has its limit."""
Which = Annotated[
    str, typer.Argument(metavar="[SELECTOR]", help="Such as 'status=pending' or 'id=7'; every proxy by default.")
]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who judges, and how proxies are asked."""

    judge: Annotated[
        str | None, typer.Option(metavar="URL", help="What proxies are asked to fetch; `proxyfleet judge` runs one.")
    ] = None
    tls_judge: Annotated[
        str | None, typer.Option(metavar="URL", help="An https judge: does TLS come through untouched?")
    ] = None
    site: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Does this site accept those that work? Recorded per proxy and site."),
    ] = None
    site_status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="What the site answers to who is welcome, such as 200,301.")
    ] = None
    site_forbids: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the site's page says to who is not welcome.")
    ] = None
    concurrency: Annotated[int | None, typer.Option(min=1, max=10_000, help="Proxies at a time, at most.")] = None
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="For one question, from the dial on.")] = None
    every_protocol: Annotated[
        bool, typer.Option("--every-protocol", help="Try protocols that are not claimed as well.")
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same and record nothing.")] = False


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "check")(check)


def check(session: Session, asking: Asking, selector: Which = "all") -> None:
    """Check proxies: reachable, latency, exit and its country, anonymity, protocols that really work, a site's welcome."""
    from proxyfleet.services.findings import shown, summed_up

    wanted = {"judge": asking.judge, "tls_judge": asking.tls_judge, "concurrency": asking.concurrency}
    for name, value in (wanted | {"timeout": asking.timeout}).items():
        if value is not None:
            session.flags[f"checks.{name}"] = (f"--{name.replace('_', '-')}", value)
    found = session.run(_checked(session, asking, selector), fast=True)
    told = summed_up(found) | {"countries_by": _atlas(session), "recorded": not asking.dry_run}
    session.show(
        told | {"proxies": [shown(one) for one in found]} if session.common.json else None, lambda: _people(told, found)
    )
    if not any(one.best for one in found):
        if any(one.reachable for one in found):
            session.say(
                "no proxy has reached the judge, so that those which live were not blamed; can it be reached from where they are?"
            )
        raise Ended(ExitCode.FAILED)


def _atlas(session: Session) -> str | None:
    """What countries are known from."""
    from proxyfleet.assembly.checking import atlas_for

    atlas = atlas_for(session.loaded.settings)
    return None if atlas is None else atlas.name


def _statuses(text: str | None) -> list[int]:
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and len(word) == 3 for word in words):
        raise BadUsage(f"{text!r} are no statuses; write --site-status 200 or 200,301")
    return [int(word) for word in words]


async def _checked(session: Session, asking: Asking, selector: str) -> "list[Finding]":
    from proxyfleet.core.selector import Selector

    from .edits import _text

    found = await _stored(session, asking, Selector.parse(_text(selector)), _site(session, asking))
    if not asking.dry_run:
        await _tell_node(session, found)
    return found


def _site(session: Session, asking: Asking) -> "Site | None":
    from proxyfleet.assembly.checking import site_of

    if not asking.site:
        if asking.site is None and (asking.site_status or asking.site_forbids):
            raise BadUsage("what a site answers needs the site: --site https://shop.example/")
        return None
    rules = session.loaded.settings.gateway.answer_rules
    return site_of(asking.site, _statuses(asking.site_status), asking.site_forbids, rules)


async def _stored(session: Session, asking: Asking, wanted: "Selector", site: "Site | None") -> "list[Finding]":
    """Check, record, and count."""
    from proxyfleet.assembly.checking import check_stored

    settings, dry_run, recorded = session.loaded.settings, asking.dry_run, 0

    def stays(tried: int) -> str:
        return "" if dry_run else f"{tried} proxies were tried, {recorded} are recorded; check again for the others"

    def tell(tried: int, kept: int) -> None:
        nonlocal recorded
        recorded = kept
        count(tried)

    with counting(session, "proxies checked") as shown, telling_how_far(session, shown, stays) as count:
        async with session.opened("refuse") as opened:
            every_way = asking.every_protocol
            return await check_stored(
                settings, opened, wanted, dry_run=dry_run, every_way=every_way, site=site, tell=tell
            )


async def _tell_node(session: Session, found: "list[Finding]") -> None:
    """What a site makes of a proxy is kept by nodes: those that run let the pair rest."""
    from proxyfleet.core.checks import Answer

    shut = [one.visit for one in found if one.visit and one.visit.answer in (Answer.BANNED, Answer.RATE_LIMITED)]
    ids = [one.proxy.id for one in found if one.visit in shut]
    members = await running_members(session) if ids else None
    if members is None:
        return
    seconds = session.loaded.settings.checks.again_after
    for first in range(0, len(ids), TOLD_AT_ONCE):
        named = ",".join(map(str, ids[first : first + TOLD_AT_ONCE]))
        await members.order("block", f"id={named}", target=shut[0].host, seconds=seconds)


def _people(told: dict[str, Any], found: "list[Finding]") -> None:
    from .tables import table

    _bars(told["verdicts"], told["checked"])
    took = "  ".join(f"{name} {value:.3f} s" for name, value in told["latency"].items() if value is not None)
    levels = "  ".join(f"{name} {count}" for name, count in told["anonymity"].items() if count)
    shared = f", {told['shared_exits']} of them of several proxies" if told["shared_exits"] else ""
    exits = f"{told['exits']}{shared}" if told["exits"] else ""
    lines = {"latency": took, "anonymity": levels, "exits": exits, "countries": _countries(told)}
    if told["tls_touched"]:
        lines["TLS touched"] = str(told["tls_touched"])
    if told["names_unresolved"]:
        lines["names"] = (
            f"{told['names_unresolved']} work with addresses only; gateway.local_dns serves socks4 and socks5"
        )
    if told["site"]:
        lines["site"] = "  ".join(f"{name} {count}" for name, count in told["site"].items() if count)
    for name, text in lines.items():
        if text:
            print(f"{name:<15} {text}")
    rows = [[one.proxy.id, one.proxy.address, *what] for one in found for what in one.disagreements]
    if rows:
        print(f"\n{told['disagreements']} proxies are not what they claim to be")
        table(("id", "address", "field", "claimed", "measured"), rows[:MOST_SHOWN])
    if len(rows) > MOST_SHOWN:
        print(f"... and {len(rows) - MOST_SHOWN} more; --json has them all")
    if not told["recorded"]:
        print("dry run: nothing was recorded", file=sys.stderr)


def _countries(told: dict[str, Any]) -> str:
    """The most frequent ones and what says so, or the remedy where nothing does."""
    from proxyfleet.probes.atlas import MISSING

    if told["countries_by"] is None:
        return MISSING if told["exits"] else ""
    named = list(told["countries"].items())
    more = f"  and {len(named) - MOST_COUNTRIES} more" if len(named) > MOST_COUNTRIES else ""
    shown = "  ".join(f"{name} {count}" for name, count in named[:MOST_COUNTRIES])
    return f"{shown}{more}, by {told['countries_by']}" if named else ""


def _bars(counts: dict[str, int], total: int) -> None:
    """One bar per verdict, as long as its share; what there is any of is at least a sliver."""
    full, sliver = ("█", "▏") if (sys.stdout.encoding or "").lower().startswith("utf") else ("#", "|")
    for name, count in counts.items():
        if count:
            print(f"{name:<15} {count:>6}  {full * (WIDTH * count // max(total, 1)) or sliver}")
    print(f"{'checked':<15} {total:>6}")
