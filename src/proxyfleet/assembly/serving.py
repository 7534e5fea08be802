"""`serve`: one node from start to drain. Tells through a callback and prints nothing."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace

from proxyfleet.clock import wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Happened
from proxyfleet.services.recording import record_count
from proxyfleet.settings.kinds import address_text
from proxyfleet.settings.places import masked_url
from proxyfleet.settings.schema import Settings

from .imports import ImportWish, import_sources
from .logs import start_logging
from .loop import stop_on_signals, stop_with_parent
from .node import Node
from .opening import Opened, opened
from .processes import check, supervise
from .sources import named

log = logging.getLogger("proxyfleet.node")

Tell = Callable[[str, str], None]
Again = Callable[[], Settings]


class NothingImported(FleetError):
    """A source named at the start held no proxy at all."""

    code = "nothing_imported"


async def serve(
    settings: Settings,
    sources: Sequence[str],
    wish: ImportWish,
    tell: Tell,
    *,
    again: Again | None = None,
    member: int | None = None,
) -> None:
    """Run a node until SIGTERM or SIGINT; `tell` gets name and value of what is up, last `ready` without a value.

    On SIGHUP the settings are read `again` and taken over. `member` is the number of one of several processes on a port.
    """
    stop = asyncio.Event()
    if member is None:
        stop_on_signals(stop)
    else:
        stop_with_parent(stop)
        settings = as_member(settings)
    async with opened(settings) as found:
        if member is None:
            await take_in(found, sources, wish, tell)
        node = Node(settings, found, member=member or 0)
        await node.start()
        if again is not None:
            reading = again if member is None else lambda: as_member(again())
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload, node, reading)
        # What was loaded stays; without this every full collection would walk it.
        gc.freeze()
        announce(node, settings, tell, found.promise)
        try:
            await stop.wait()
        finally:
            tell("draining", f"at most {settings.gateway.drain:g} s")
            await node.stop()


async def take_in(found: Opened, sources: Sequence[str], wish: ImportWish, tell: Tell) -> None:
    """Import what was named at the start. Raises `NothingImported`."""
    if not sources:
        return
    report = await import_sources(found.store, sources, wish)
    subject = ", ".join(map(named, sources))
    await record_count(found.store, Happened.PROXIES_ADDED, wall_clock(), report.added, subject)
    tell("imported", f"{report.valid} of {report.read} lines")
    if not report.valid:
        raise NothingImported(f"no valid line in {', '.join(sources)}; `proxyfleet import` tells what is wrong")


async def serve_together(
    settings: Settings, sources: Sequence[str], wish: ImportWish, tell: Tell, *, count: int, arguments: Sequence[str]
) -> None:
    """Run so many nodes on one port, supervised. `arguments` are those that this program was called with."""
    check(settings, count)
    if sources:
        async with opened(settings) as found:
            await take_in(found, sources, wish, tell)
    await supervise(settings, count, arguments, tell)


def as_member(settings: Settings) -> Settings:
    """The settings of one of several processes on a port."""
    return replace(settings, gateway=replace(settings.gateway, reuse_port=True))


def reload(node: Node, again: Again) -> None:
    """Read the settings again and take over what can be; with anything wrong everything stays as it is."""
    try:
        settings = again()
        waiting = node.apply(settings)
        start_logging(settings.log)
    except FleetError as error:
        for line in str(error).splitlines():
            log.error("action=reload nothing changed: %s", line)
        return
    if waiting:
        log.warning("action=reload waits for a restart: %s", ", ".join(waiting))
    log.info("action=reload done")


def announce(node: Node, settings: Settings, tell: Tell, promise: str = "") -> None:
    """What is up and where; `promise`: how durably the claims are kept, where they are not in the store."""
    tell("gateway", f"http://{address_text(node.gateway_address)}")
    if node.address is not None:
        tell("control", node.address.url)
    tell("store", masked_url(settings.store))
    if promise:
        tell("claims", f"{masked_url(settings.claims)}; {promise}")
    tell("proxies", str(len(node.fleet)))
    if not node.guarded:
        tell("access", "without a user everybody on this machine may use it; `proxyfleet user add NAME` changes that")
    if not len(node.fleet):
        tell("empty", "no proxies yet, requests are answered 503; `proxyfleet import FILE` adds some while this runs")
    tell("ready", "")
