"""Imports sources into an open store: from a name on the command line to the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from proxyfleet.ports import Inventory
from proxyfleet.services.entries import Additions
from proxyfleet.services.importing import Import, ImportReport
from proxyfleet.wire.text.reader import read

from .collecting import seldom_collected
from .sources import SourceError, contents, named


@dataclass(frozen=True, slots=True)
class ImportWish:
    """How sources are to be read and what is said of all proxies in them."""

    format: str = "auto"
    scheme: str = "http"
    tags: tuple[str, ...] = ()
    capacity: int | None = None
    allow_private: bool = False
    dry_run: bool = False


async def import_sources(
    inventory: Inventory,
    sources: Sequence[str],
    wish: ImportWish,
    tell: Callable[[int], None] | None = None,
) -> ImportReport:
    """One report over all sources; of several, one that cannot be read costs only itself. Raises `SourceError`, `StoreError`.

    What earlier batches stored stays stored.
    """
    work = Import(inventory, dry_run=wish.dry_run, tell=tell)
    additions = Additions(wish.tags, wish.capacity)
    for source in sources:
        try:
            data = await contents(source, allow_private=wish.allow_private)
            verdicts = read(data, format=wish.format, scheme=wish.scheme, allow_private=wish.allow_private)
            with seldom_collected():
                await work.take(verdicts, named(source), additions)
        except SourceError as error:
            if len(sources) == 1:
                raise
            work.report.failed_sources.append(str(error))
    return work.report
