"""`reserve`, `take`, `give-back`, `exchange`, `assignments`: which proxy is used for what, by whom."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from .commanding import command
from .durations import METAVAR, duration
from .failing import BadUsage, Ended, ExitCode
from .leases import embedded, shown_grant
from .session import Session

Told = dict[str, Any]
"""What read models give; `Any` because the values are of many types."""
Resource = Annotated[
    str, typer.Argument(metavar="RESOURCE", help="What they are used for: a site, a project, accounts.")
]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID...]", help="These very proxies.")]
Holder = Annotated[str, typer.Option("--label", metavar="NAME", help="Who takes them.")]
COLUMNS = ("proxy_id", "address", "resource", "label", "since", "session")


@dataclass(frozen=True, slots=True)
class Some:
    """Which proxies, where none were named."""

    selector: Annotated[str, typer.Option(help="Which proxies, such as 'country=US tag=premium'.")] = ""
    count: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 1


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "reserve")(reserve)
    command(app, "take")(take)
    command(app, "give-back")(give_back)
    command(app, "exchange")(exchange)
    command(app, "assignments")(assignments)


def _holder(label: str) -> Any:
    """Any: a `Holder`, imported only when a command runs."""
    from proxyfleet.assembly.fleet import LOCAL
    from proxyfleet.core.lease import Holder as Who

    return Who(LOCAL, label)


def _selector(text: str) -> Any:
    """Any: a `Selector`, imported only when a command runs."""
    from proxyfleet.core.selector import Selector

    return Selector.parse(text)


def reserve(
    session: Session,
    resource: Resource,
    ids: Ids = None,
    some: Some = Some(),
    label: Holder = "",
    ttl: Annotated[float, typer.Option(parser=duration, metavar=METAVAR, help="How long.")] = 300.0,
) -> None:
    """Hold proxies for a resource while you decide: nobody else can take them for it."""

    async def work() -> Told:
        async with embedded(session) as fleet:
            grant = await fleet.assigning.reserve(
                _holder(label),
                resource,
                proxies=ids or (),
                count=some.count,
                selector=_selector(some.selector),
                ttl=ttl,
            )
            return shown_grant(fleet, grant, passwords=False)

    told = session.run(work())
    session.show(
        told, lambda: session.lines(f"{one['token']}  {one['proxy_id']}  {one['url']}" for one in told["leases"])
    )
    if told["refusal"] is not None:
        session.fault(f"{told['missing']} missing: {told['refusal']['reason']}")
    if not told["leases"]:
        raise Ended(ExitCode.FAILED)


def take(
    session: Session,
    resource: Resource,
    ids: Ids = None,
    some: Some = Some(),
    label: Holder = "",
) -> None:
    """Assign proxies to a resource for good, until they are given back."""

    async def work() -> Told:
        async with embedded(session) as fleet:
            who = _holder(label)
            if ids:
                return _shown(fleet, await fleet.assigning.take(who, resource, ids), "taken")
            batch = await fleet.assigning.take_some(who, resource, some.count, _selector(some.selector))
            return _shown(fleet, batch, "taken") | {"missing": some.count - len(batch.done)}

    _tell(session, session.run(work()), "taken")


def give_back(
    session: Session,
    resource: Resource,
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Which proxies.")],
    label: Holder = "",
    force: Annotated[bool, typer.Option("--force", help="As the operator: whoever has them.")] = False,
    reuse_after: Annotated[
        float, typer.Option(parser=duration, metavar=METAVAR, help="Let nobody use them for this again until then.")
    ] = 0.0,
) -> None:
    """End assignments."""

    async def work() -> Told:
        async with embedded(session) as fleet:
            batch = await fleet.assigning.give_back(_holder(label), resource, ids, force=force, reuse_after=reuse_after)
            return _shown(fleet, batch, "given_back")

    _tell(session, session.run(work()), "given_back")


def exchange(
    session: Session,
    resource: Resource,
    proxy: Annotated[int, typer.Argument(metavar="ID", help="The proxy that is given back.")],
    selector: Annotated[str, typer.Option(help="What the other one has to be.")] = "",
    label: Holder = "",
) -> None:
    """Take another proxy for the resource and give this one back."""

    async def work() -> Told:
        from proxyfleet.services.assigning import Batch

        async with embedded(session) as fleet:
            hold = await fleet.assigning.exchange(_holder(label), resource, proxy, _selector(selector))
            return _shown(fleet, Batch([hold], []), "taken")

    _tell(session, session.run(work()), "taken")


def _shown(fleet: Any, batch: Any, verb: str) -> Told:
    """Any: a `Fleet` and a `Batch`, imported only when a command runs."""
    return {
        verb: [_with_address(fleet, hold) for hold in batch.done],
        "failed": [
            {"proxy_id": one.proxy_id, "code": one.refusal.code, "reason": str(one.refusal)} for one in batch.failed
        ],
    }


def _with_address(fleet: Any, hold: Any) -> Told:
    """Any: see `_shown`."""
    from proxyfleet.services.read_models import shown_hold

    known = hold.proxy_id in fleet.leasing.fleet
    return shown_hold(hold) | {"address": fleet.leasing.fleet.get(hold.proxy_id).address if known else None}


def _tell(session: Session, told: Told, verb: str) -> None:
    session.show(told, lambda: session.lines(f"{one['proxy_id']}  {one['address']}" for one in told[verb]))
    for one in told["failed"]:
        session.fault(f"{one['proxy_id']}: {one['reason']}")
    if told.get("missing"):
        session.fault(f"{told['missing']} missing: no proxy fits that nobody holds for this resource")
    if not told[verb]:
        raise Ended(ExitCode.FAILED)


def assignments(
    session: Session,
    resource: Annotated[str | None, typer.Argument(metavar="[RESOURCE]", help="Only of this one.")] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="NAME", help="Only of this holder.")] = None,
) -> None:
    """List who uses which proxy for what, oldest first."""
    if resource is not None and not resource.strip():
        raise BadUsage("the resource is empty; leave it out to see all assignments")

    async def work() -> list[Told]:
        async with embedded(session) as fleet:
            found = fleet.assigning.assignments(resource)
            return [_with_address(fleet, hold) for hold in found if label in (None, hold.holder.label)]

    rows = session.run(work())

    def people() -> None:
        from .tables import table

        table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])

    session.show(rows, people)
    session.say(f"{len(rows)} assignments")
