"""`set`, `enable`, `disable`, `remove`: changes to many proxies at once, by selector."""

from typing import Annotated, Any

import typer

from .commanding import command
from .confirming import confirm
from .failing import BadUsage, Ended, ExitCode
from .session import Session
from .telling import keep

Which = Annotated[str, typer.Argument(metavar="SELECTOR", help="Such as 'id=7' or 'tag=old'; 'all' means every proxy.")]
EVERY = "all"


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "set")(set_)
    command(app, "enable")(enable)
    command(app, "disable")(disable)
    command(app, "remove")(remove)


def set_(
    session: Session,
    selector: Which,
    changes: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="Such as country=DE tags+=fast notes=")
    ],
) -> None:
    """Change fields; an empty value unsets one, `tags+=` and `tags-=` add and take tags."""
    _edit(session, selector, changes, "changed")


def enable(session: Session, selector: Which) -> None:
    """Let disabled proxies be picked again."""
    _edit(session, selector, ["status=pending"], "enabled", only="status=disabled")


def disable(session: Session, selector: Which) -> None:
    """Keep proxies from being picked."""
    _edit(session, selector, ["status=disabled"], "disabled")


def remove(
    session: Session,
    selector: Which,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove proxies from the store."""
    found = session.run(_ids(session, _text(selector)))
    if found and not yes:
        confirm(f"remove {len(found)} proxies?")

    async def work() -> int:
        from proxyfleet.core.events import Happened

        async with session.opened("refuse") as opened:
            gone = await opened.store.remove(found)
            await keep(opened.store, Happened.PROXIES_REMOVED, gone, selector)
            return gone

    _done(session, session.run(work()) if found else 0, "removed")


def _text(selector: str) -> str:
    if not selector.strip():
        raise BadUsage("an empty selector would mean every proxy; write 'all' if that is wanted")
    return "" if selector.strip() == EVERY else selector


def _edit(session: Session, selector: str, changes: list[str], verb: str, only: str = "") -> None:
    from proxyfleet.services.editing import change_from
    from proxyfleet.services.inventory import edit

    change = change_from(changes)
    wanted = f"{_text(selector)} {only}"

    async def work() -> int:
        found = await _ids(session, wanted)
        async with session.opened("refuse") as opened:
            return await edit(opened.store, found, change)

    _done(session, session.run(work()), verb)


async def _ids(session: Session, selector: str) -> list[int]:
    """What is meant, as the store holds it; a running node is not asked, so that the answer is what will be changed."""
    from random import SystemRandom

    from proxyfleet.clock import wall_clock
    from proxyfleet.core.fleet import FleetState
    from proxyfleet.core.selector import Selector
    from proxyfleet.services.inventory import fill
    from proxyfleet.services.read_models import matching

    wanted = Selector.parse(selector)
    async with session.opened("refuse") as opened:
        fleet = FleetState(rng=SystemRandom())
        await fill(fleet, opened.store, wall_clock())
    return list(matching(fleet, wanted, wall_clock()))


def _done(session: Session, count: int, verb: str) -> None:
    told: dict[str, Any] = {verb: count}
    session.show(told, lambda: print(f"{count} proxies {verb}"))
    if not count:
        raise Ended(ExitCode.FAILED)
