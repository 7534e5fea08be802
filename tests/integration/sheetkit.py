"""A fleet with a sheet: the lab's Google, the real client against it, a store beside it, and people at the sheet."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from proxyfleet.assembly.opening import Opened
from proxyfleet.assembly.sheeting import ConnectWish, SheetSide, connect_sheet, sheet_side
from proxyfleet.core.proxy import Proxy
from proxyfleet.lab.sheets import GoogleSheets, Limits, People, Spreadsheet
from proxyfleet.ports import Store
from proxyfleet.services.mirroring.plan import Ways
from proxyfleet.services.mirroring.report import MirrorReport
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

EMAIL = "fleet@lab.iam.gserviceaccount.com"
FAST = {"rate": 1000.0, "burst": 1000, "reads": 100_000, "writes": 100_000, "timeout": 2.0}
HEADINGS = (
    "Name",
    "Host",
    "Port",
    "Password",
    "User",
    "Country",
    "Expires",
    "Used for",
    "Taken by",
    "Taken at",
    "Notes",
)


def some_host(number: int) -> str:
    return f"20.0.{number // 250}.{number % 250 + 1}"


def fill(book: Spreadsheet, count: int, headings=HEADINGS) -> None:
    """A sheet of people's own making: other order, other words, a column of their own in front."""
    for column, heading in enumerate(headings):
        book.tab.put(0, column, heading)
    for number in range(count):
        line = (f"p{number}", some_host(number), 8080, f"pw{number}", f"u{number}", "Germany", "2030-12-31")
        for column, value in enumerate(line):
            book.type(book.tab, number + 1, column, value)


@dataclass
class SheetWorld:
    """Everything of one fleet; `people` edit beside it."""

    google: GoogleSheets
    store: Store
    directory: Path
    section: SheetSection
    side: SheetSide
    people: People
    reports: list[MirrorReport] = field(default_factory=list)

    @property
    def book(self) -> Spreadsheet:
        return self.google.book

    @property
    def opened(self) -> Opened:
        return Opened(self.store, self.store, sheet=self.side)

    async def exchange(self, **ways) -> MirrorReport:
        report = await self.side.exchange(Ways(**ways))
        self.reports.append(report)
        return report

    async def proxies(self) -> dict[str, Proxy]:
        """By host."""
        return {proxy.host: proxy async for batch in self.store.proxies() for proxy in batch}

    async def assigned(self) -> dict[tuple[str, str], str]:
        """(host, resource) -> holder."""
        hosts = {proxy.id: host for host, proxy in (await self.proxies()).items()}
        holds = (await self.store.standing()).holds
        return {(hosts[one.proxy_id], one.resource): str(one.holder) for one in holds if one.kind == "assignment"}

    def shown(self) -> dict[str, tuple[str, str]]:
        """Host -> (used for, taken by) as people see it, rows that are used only."""
        found = {}
        for row in range(1, self.book.tab.filled):
            used = self.people.see(row, "Used for"), self.people.see(row, "Taken by")
            if any(used):
                found[self.people.see(row, "Host")] = used
        return found

    def calls(self) -> list[str]:
        """Verbs of the calls so far; forgets them."""
        found = [call.verb for call in self.google.calls]
        self.google.calls.clear()
        return found


@asynccontextmanager
async def sheet_world(
    directory: Path, count: int = 0, *, url: str = "memory:", vault: bool = False, connected: bool = True, **changes
) -> AsyncIterator[SheetWorld]:
    """A fleet that is connected to a sheet with that many proxies of people; nothing was exchanged yet."""
    book = Spreadsheet("Our proxies", "Proxies")
    if count:
        fill(book, count)
    async with GoogleSheets(book, limits=Limits(100_000, 100_000)) as google:
        key_file = directory / "key.json"
        key_file.write_text(json.dumps(google.key_file(EMAIL)))
        store = await open_store(
            url if url == "memory:" else f"sqlite:{directory}/fleet.db",
            keys=KeySource(default=directory / "keys" / "key"),
        )
        section = SheetSection(address=google.address, **(FAST | changes))
        wish = ConnectWish("https://docs.google.com/spreadsheets/d/lab-sheet/edit#gid=0", None, str(key_file), vault)
        side = None
        try:
            if connected:
                await connect_sheet(store, replace(section, timeout=30.0), wish)  # nothing is tested yet
                side = await sheet_side(store, section)
            google.calls.clear()
            yield SheetWorld(google, store, directory, section, side, People(book, Random(1)))
        finally:
            if side is not None:
                side.close()
            await store.close()
