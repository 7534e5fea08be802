"""`capacity`: how many leases each proxy carries and may carry; changed while everything runs."""

from typing import Annotated, Any

import typer

from .commanding import command
from .failing import Ended, ExitCode
from .leases import embedded
from .session import Session

Told = dict[str, Any]
"""What is shown; `Any` because the values are of several types."""
COLUMNS = ("id", "address", "current", "capacity", "free")


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "capacity")(capacity)


def capacity(
    session: Session,
    selector: Annotated[str, typer.Argument(metavar="[SELECTOR]", help="Such as id=7; all proxies by default.")] = "",
    to: Annotated[
        int | None, typer.Option("--set", metavar="N", help="Change it to so many; running leases are never broken.")
    ] = None,
) -> None:
    """Show current and free slots, or change the capacity of proxies."""
    told: Told = session.run(_capacity(session, "" if selector == "all" else selector, to))
    rows = told["proxies"]

    def people() -> None:
        from .tables import table

        table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])

    session.show(told, people)
    session.say("current {current} of {total_capacity}, {available_capacity} free".format(**told))
    if not rows:
        raise Ended(ExitCode.FAILED)


async def _capacity(session: Session, selector: str, to: int | None) -> Told:
    from proxyfleet.clock import wall_clock
    from proxyfleet.core.selector import Selector
    from proxyfleet.services.inventory import edit
    from proxyfleet.services.read_models import matching

    wanted = Selector.parse(selector)
    async with embedded(session) as fleet:
        state = fleet.leasing.fleet
        ids = list(matching(state, wanted, wall_clock()))
        if to is not None:
            from proxyfleet.services.editing import change_from

            await edit(fleet.store, ids, change_from([f"capacity={to}"]))
            await fleet.follow()
        rows = [_row(state, one) for one in ids]
    return {
        "proxies": rows,
        "current": sum(row["current"] for row in rows),
        "total_capacity": sum(row["capacity"] for row in rows),
        "available_capacity": sum(row["free"] for row in rows),
    }


def _row(state: Any, proxy_id: int) -> Told:
    """Any: a `FleetState`, imported only when the command runs."""
    proxy = state.get(proxy_id)
    return {
        "id": proxy_id,
        "address": proxy.address,
        "current": state.leases(proxy_id),
        "capacity": proxy.slots,
        "free": state.free(proxy_id),
    }
