"""`lease`, `renew`, `release`, `reassign`, `leases`: slots of proxies for a while, exactly as many as there are.

Claims are decided by the store, so these commands need no running node; whoever may open the store acts as `local`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command
from .durations import METAVAR, duration
from .failing import BadUsage, Ended, ExitCode
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.fleet import Fleet
    from proxyfleet.core.lease import Token

Told = dict[str, Any]
"""What read models give; `Any` because the values are of many types."""
Seconds = Annotated[
    float, typer.Option(parser=duration, metavar=METAVAR, help="How long it lasts: 1 second to 7 days.")
]
Label = Annotated[str, typer.Option("--label", metavar="NAME", help="Who holds it, besides being local.")]
TokenText = Annotated[str, typer.Argument(metavar="TOKEN", help="Such as 17x3.42, as `lease` prints it.")]
COLUMNS = ("token", "proxy_id", "principal", "label", "resource", "seconds_left")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted, and how it is to be shown."""

    selector: Annotated[str, typer.Option(help="Which proxies, such as 'country=US tag=premium'.")] = ""
    count: Annotated[int, typer.Option(help="How many slots, of different proxies as far as possible.", min=1)] = 1
    ttl: Seconds = 60.0
    wait: Annotated[
        float, typer.Option(parser=duration, metavar=METAVAR, help="Stand in line so long for a free slot.")
    ] = 0.0
    label: Label = ""
    key: Annotated[str | None, typer.Option(help="The same key gives the same leases again.")] = None
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing", help="Fewer are no use.")] = False
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="How one of the eligible is picked.")] = None
    target: Annotated[str | None, typer.Option(metavar="HOST", help="The site it is for: its own memory counts.")] = (
        None
    )
    with_passwords: Annotated[bool, typer.Option("--with-passwords", help="Put credentials into the URLs.")] = False


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "lease")(lease)
    command(app, "renew")(renew)
    command(app, "release")(release)
    command(app, "reassign")(reassign)
    command(app, "leases")(leases)


@asynccontextmanager
async def embedded(session: Session) -> "AsyncIterator[Fleet]":
    """The fleet of the session's store inside this process."""
    from proxyfleet.assembly.fleet import Fleet

    async with Fleet.open(settings=session.loaded.settings, missing="refuse") as fleet:
        yield fleet


def lease(session: Session, wish: Wish) -> None:
    """Lease proxies: nobody else gets the same slot until it is released or expires."""
    told: Told = session.run(_lease(session, wish))
    urls = ["token", "url", *(["gateway_url"] if wish.with_passwords else [])]
    session.show(told, lambda: session.lines("  ".join(str(one[name]) for name in urls) for one in told["leases"]))
    if told["refusal"] is not None:
        session.fault(f"{told['missing']} missing: {told['refusal']['reason']}")
    if not told["leases"]:
        raise Ended(ExitCode.FAILED)


async def _lease(session: Session, wish: Wish) -> Told:
    from proxyfleet.assembly.fleet import LOCAL
    from proxyfleet.core.lease import Holder
    from proxyfleet.core.selector import Selector
    from proxyfleet.services.leasing import Wanted

    wanted = Wanted(
        Holder(LOCAL, wish.label),
        Selector.parse(wish.selector),
        wish.count,
        wish.ttl,
        wish.wait,
        wish.key,
        wish.all_or_nothing,
        strategy=wish.strategy,
        target=wish.target,
    )
    async with embedded(session) as fleet:
        return shown_grant(fleet, await fleet.leasing.acquire(wanted), passwords=wish.with_passwords)


def shown_grant(fleet: "Fleet", grant: Any, *, passwords: bool) -> Told:
    """Leases with their URLs, and why there are no more; `Any`: a `Grant`, whose module costs a start to import."""
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.exporting import url_of
    from proxyfleet.services.read_models import shown_lease

    shown = []
    for handout in grant.handouts:
        leased = fleet.leased(handout)
        urls = {"url": url_of(leased.proxy, passwords=passwords)}
        if passwords:
            urls["gateway_url"] = leased.gateway_url or ""
        shown.append(shown_lease(handout.lease, wall_clock()) | urls)
    refusal = grant.refusal
    why = None
    if refusal is not None:
        why = {"code": refusal.code, "reason": str(refusal), "retry_after": refusal.retry_after}
    return {"leases": shown, "missing": grant.missing, "refusal": why}


def renew(session: Session, token: TokenText, ttl: Seconds = 60.0) -> None:
    """Let a lease run at least so long from now; refused once it has expired."""
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.read_models import shown_lease

    async def work() -> Told:
        from proxyfleet.assembly.fleet import LOCAL

        async with embedded(session) as fleet:
            handout = await fleet.leasing.renew(parsed(token), LOCAL, ttl)
            return shown_lease(handout.lease, wall_clock())

    told = session.run(work())
    session.show(told, lambda: print(f"{told['token']} runs for another {told['seconds_left']:.0f} s"))


def parsed(text: str) -> "Token":
    """The token that a person wrote."""
    from proxyfleet.core.lease import Token

    token = Token.parse(text)
    if token is None:
        raise BadUsage(f"{text!r} is no lease; write the token as `proxyfleet lease` has printed it, such as 17x3.42")
    return token


@dataclass(frozen=True, slots=True)
class Swept:
    """Which leases are meant, besides tokens."""

    label: Annotated[str | None, typer.Option("--label", metavar="NAME", help="All leases of this label.")] = None
    proxy: Annotated[int | None, typer.Option(metavar="ID", help="All leases of this proxy, whoever holds them.")] = (
        None
    )
    reservations: Annotated[bool, typer.Option("--reservations", help="Of those only reservations.")] = False
    force: Annotated[bool, typer.Option("--force", help="As the operator: whoever holds them.")] = False


def release(
    session: Session,
    tokens: Annotated[list[str] | None, typer.Argument(metavar="[TOKEN...]", help="Such as 17x3.42")] = None,
    which: Swept = Swept(),
) -> None:
    """Free slots at once: of these leases, or all of a label or a proxy."""
    if bool(tokens) == (which.label is not None or which.proxy is not None):
        raise BadUsage("name leases by their tokens, or by --label or --proxy")
    ended, failed = session.run(_release(session, [parsed(one) for one in tokens or []], which))
    session.show({"released": ended, "failed": failed}, lambda: session.lines(ended))
    for one in failed:
        session.fault(f"{one['token']}: {one['reason']}")
    if failed or not ended:
        raise Ended(ExitCode.FAILED)


async def _release(session: Session, tokens: "list[Token]", which: Swept) -> tuple[list[str], list[Told]]:
    from proxyfleet.assembly.fleet import LOCAL
    from proxyfleet.core.orders import Sweep
    from proxyfleet.services.refusing import ClaimRefused

    ended: list[str] = []
    failed: list[Told] = []
    async with embedded(session) as fleet:
        if not tokens:
            principal = None if which.force or which.proxy is not None else LOCAL
            sweep = Sweep(principal, which.label, which.proxy, reservations_only=which.reservations)
            return [one.token for one in await fleet.leasing.sweep(sweep)], []
        for token in tokens:
            try:
                ended.append((await fleet.leasing.release(token, None if which.force else LOCAL)).token)
            except ClaimRefused as refusal:
                failed.append({"token": str(token), "code": refusal.code, "reason": str(refusal)})
    return ended, failed


def reassign(session: Session, token: TokenText, label: Label) -> None:
    """Give a running lease to another holder; the old token is worth nothing from then on."""
    from proxyfleet.assembly.fleet import LOCAL
    from proxyfleet.clock import wall_clock
    from proxyfleet.core.lease import Holder
    from proxyfleet.services.read_models import shown_lease

    async def work() -> Told:
        async with embedded(session) as fleet:
            return shown_lease(await fleet.leasing.reassign(parsed(token), Holder(LOCAL, label)), wall_clock())

    told = session.run(work())
    session.show(told, lambda: print(told["token"]))


def leases(
    session: Session,
    label: Annotated[str | None, typer.Option("--label", metavar="NAME", help="Only those of this label.")] = None,
    proxy: Annotated[int | None, typer.Option(metavar="ID", help="Only those of this proxy.")] = None,
) -> None:
    """List running leases, soonest end first."""
    rows = session.run(_running(session, label, proxy))

    def people() -> None:
        from .tables import table

        table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])

    session.show(rows, people)
    session.say(f"{len(rows)} leases run")


async def _running(session: Session, label: str | None, proxy: int | None) -> list[Told]:
    from proxyfleet.clock import wall_clock
    from proxyfleet.services.read_models import shown_lease

    async with embedded(session) as fleet:
        now = wall_clock()
        found = [
            lease
            for lease in fleet.leasing.table.leases(now)
            if label in (None, lease.holder.label) and proxy in (None, lease.proxy_id)
        ]
        return [shown_lease(lease, now) for lease in sorted(found, key=lambda lease: lease.expires)]
