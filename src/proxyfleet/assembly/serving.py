"""`serve`: one node from start to drain. Tells through a callback and prints nothing."""

import asyncio
import gc
from collections.abc import Callable, Sequence

from proxyfleet.core.errors import FleetError
from proxyfleet.settings.kinds import address_text
from proxyfleet.settings.places import masked_url
from proxyfleet.settings.schema import Settings

from .imports import ImportWish, import_sources
from .loop import stop_on_signals
from .node import Node
from .opening import opened

Tell = Callable[[str, str], None]


class NothingImported(FleetError):
    """A source named at the start held no proxy at all."""

    code = "nothing_imported"


async def serve(settings: Settings, sources: Sequence[str], wish: ImportWish, tell: Tell) -> None:
    """Run a node until SIGTERM or SIGINT; `tell` gets name and value of what is up, last `ready` without a value."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with opened(settings) as found:
        if sources:
            report = await import_sources(found.store, sources, wish)
            tell("imported", f"{report.valid} of {report.read} lines")
            if not report.valid:
                raise NothingImported(f"no valid line in {', '.join(sources)}; `proxyfleet import` tells what is wrong")
        node = Node(settings, found)
        await node.start()
        # What was loaded stays; without this every full collection would walk it.
        gc.freeze()
        announce(node, settings, tell)
        try:
            await stop.wait()
        finally:
            tell("draining", f"at most {settings.gateway.drain:g} s")
            await node.stop()


def announce(node: Node, settings: Settings, tell: Tell) -> None:
    """What is up and where."""
    tell("gateway", f"http://{address_text(node.gateway_address)}")
    if node.address is not None:
        tell("control", node.address.url)
    tell("store", masked_url(settings.store))
    tell("proxies", str(len(node.fleet)))
    if not node.guarded:
        tell("access", "without a user everybody on this machine may use it; `proxyfleet user add NAME` changes that")
    if not len(node.fleet):
        tell("empty", "no proxies yet, requests are answered 503; `proxyfleet import FILE` adds some while this runs")
    tell("ready", "")
