"""The sheet of an opened store, put together: Google's client, the sheet, the claims that are recorded on it, the mirror.

Nothing of Google is loaded or called before it is needed. Which sheet it is stands among the run-time settings of the store.
"""

import asyncio
import json
import logging
import secrets
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Final, NamedTuple

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.mirrored import Said
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Journal, Store
from proxyfleet.ports.sheet import SheetMemory, SheetNote
from proxyfleet.services.mirroring.mirror import Ends, Mirror, MirrorRules
from proxyfleet.services.mirroring.plan import Plan, Ways
from proxyfleet.services.mirroring.report import MirrorReport
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.sheets.caller import Caller, Patience
from proxyfleet.stores.sheets.calls import Answer, Call, Send
from proxyfleet.stores.sheets.claims import SheetClaims
from proxyfleet.stores.sheets.connecting import Connected, connect, named
from proxyfleet.stores.sheets.errors import SheetUnusable
from proxyfleet.stores.sheets.fetching import Place
from proxyfleet.stores.sheets.pace import Limits, Pace
from proxyfleet.stores.sheets.sheet import GoogleSheet, Options

if TYPE_CHECKING:
    from proxyfleet.stores.sheets.google import GoogleClient

log = logging.getLogger("proxyfleet.sheets")

PREFIX: Final = "sheet."
NOT_CONNECTED: Final = (
    "no sheet is connected to this fleet; `proxyfleet sheet connect URL --key-file FILE` connects one"
)


class Link(NamedTuple):
    """What `connect` has settled. `vault`: secrets are kept out of the sheet."""

    place: Place
    key_file: str
    vault: bool
    title: str = ""
    tab: str = ""

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"https://docs.google.com/spreadsheets/d/{self.place.spreadsheet}/edit#gid={self.place.tab}"


async def link_of(journal: Journal) -> Link | None:
    """The connected sheet; None when there is none."""
    told = {
        name.removeprefix(PREFIX): value
        for name, value in (await journal.settings()).items()
        if name.startswith(PREFIX)
    }
    if "spreadsheet" not in told:
        return None
    place = Place(told["spreadsheet"], int(told.get("tab", "0")), told.get("fleet", ""))
    return Link(
        place,
        told.get("key_file", ""),
        told.get("secrets") == "vault",
        told.get("title", ""),
        told.get("tab_title", ""),
    )


async def keep_link(journal: Journal, link: Link) -> None:
    """Remember it; the spreadsheet last, so that half of it is nothing."""
    told = {
        "tab": str(link.place.tab),
        "fleet": link.place.fleet,
        "key_file": link.key_file,
        "secrets": "vault" if link.vault else "plain",
        "title": link.title,
        "tab_title": link.tab,
        "spreadsheet": link.place.spreadsheet,
    }
    for name, value in told.items():
        await journal.put_setting(PREFIX + name, value)


async def fleet_id(journal: Journal) -> str:
    """The name of this fleet to the world of sheets, made once."""
    known = (await journal.settings()).get(PREFIX + "fleet")
    if known:
        return known
    made = secrets.token_hex(8)
    await journal.put_setting(PREFIX + "fleet", made)
    return made


def no_library(error: ModuleNotFoundError) -> SheetUnusable:
    """What to say where Google's libraries are not installed."""
    return SheetUnusable(
        f"a sheet needs gspread and google-auth ({error.name} is missing); install: pip install 'proxyfleet[sheets]'"
    )


class LazyGoogle:
    """Loads Google's libraries and the key with the first call. `send` fits `calls.Send`."""

    def __init__(self, key_file: str, section: SheetSection) -> None:
        self._key_file, self._section = key_file, section
        self._client: GoogleClient | None = None
        self.account = ""
        self.open_to_others = False

    async def send(self, call: Call) -> Answer:
        """One call."""
        return await (await self.load()).send(call)

    async def load(self) -> "GoogleClient":
        """The client, made from the key; calls nothing. Raises `BadSheetKey`, and `SheetUnusable` without the libraries."""
        if self._client is None:
            self._client = await asyncio.to_thread(self._made)
        return self._client

    def _made(self) -> "GoogleClient":
        try:
            from proxyfleet.stores.sheets.google import GoogleClient
            from proxyfleet.stores.sheets.keys import key_from
        except ModuleNotFoundError as error:
            raise no_library(error) from None
        key = key_from(Path(self._key_file).expanduser())
        self.account, self.open_to_others = key.account, key.open_to_others
        timeouts = (min(5.0, self._section.timeout), self._section.timeout)
        return GoogleClient(key.credentials, self._section.address, timeouts)

    def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            self._client.close()


def caller_of(section: SheetSection, google: LazyGoogle, send: Send | None = None) -> Caller:
    """Calls in the pace of the settings; `send` stands for Google's client."""
    limits = Limits(section.rate, section.burst, section.reads, section.writes)
    patience = Patience(section.timeout + 5.0, section.timeout + 15.0)
    return Caller(
        send or google.send, pace=Pace(limits), patience=patience, rng=SystemRandom(), account=lambda: google.account
    )


class SheetSide:
    """Everything about the connected sheet. `claims` records assignments on it; `exchange` is one round of the mirror."""

    def __init__(
        self, link: Link, store: Store, section: SheetSection, *, send: Send | None = None, clock: Clock = wall_clock
    ) -> None:
        self.link, self._store, self._section, self._clock = link, store, section, clock
        self.google = LazyGoogle(section.key_file or link.key_file, section)
        self.caller = caller_of(section, self.google, send)
        self.memory = store.sheet_memory
        options = Options(section.cache, section.allow_private, link.vault, max(60.0, 2 * section.timeout))
        self.sheet = GoogleSheet(self.caller, link.place, self.memory, store, options=options, clock=clock)
        self.claims = SheetClaims(store, self.sheet, self.memory, store, self._wants, vault=link.vault, clock=clock)
        rules = MirrorRules(link.place.fleet, section.selector, link.vault)
        ends = Ends(self.sheet, self.memory, store, store)
        self.mirror = Mirror(ends, rules, finish=self.claims.finish, node=secrets.token_hex(6), clock=clock)

    def _wants(self, proxy: Proxy) -> bool:
        return self.mirror.wants(proxy)

    async def exchange(self, ways: Ways) -> MirrorReport:
        """One round, within a turn; how it went is kept for `sheet status`. Raises `SheetError`, `StoreError`, `MassRemoval`."""
        at = self._clock()
        try:
            async with self.sheet.turn():
                report = await self.mirror.exchange(ways)
        except FleetError as error:
            await self._keep({"at": at, "error": str(error)})
            raise
        if report.failure is not None:
            await self._keep({"at": at, "error": report.failure})
            return report
        counts = {"into": report.into, "out": report.out, "unsure": report.unsure, "conflicts": len(report.conflicts)}
        await self._keep({"at": at, "rows": report.rows, "problems": len(report.problems), **counts})
        return report

    async def _keep(self, told: dict[str, object]) -> None:
        await self._store.put_setting(PREFIX + "last", json.dumps(told))

    async def last(self) -> dict[str, object]:
        """How the last round went, whichever process did it; empty before the first."""
        told: dict[str, object] = json.loads((await self._store.settings()).get(PREFIX + "last", "{}"))
        return told

    async def compare(self) -> Plan:
        """What a round would do now."""
        async with self.sheet.turn():
            return await self.mirror.compare()

    async def run(self) -> None:
        """Exchange until cancelled, unless another process of the fleet has just done it."""
        while True:
            last = float(str((await self.last()).get("at", 0.0)))
            wait = last + self._section.every - self._clock()
            if wait > 0:
                await asyncio.sleep(min(wait, self._section.every))
                continue
            try:
                report = await self.exchange(Ways())
                if not report.quiet:
                    log.info(
                        "action=mirror into=%s out=%s conflicts=%d", report.into, report.out, len(report.conflicts)
                    )
                for line in report.lines({}):
                    log.info("action=mirror %s", line)
            except FleetError as error:
                log.warning("action=mirror error=%s", error)
                await asyncio.sleep(self._section.every)

    def close(self) -> None:
        """Let go of Google."""
        self.google.close()


async def sheet_side(store: Store, section: SheetSection, clock: Clock = wall_clock) -> SheetSide | None:
    """The connected sheet of a store; None when there is none."""
    link = await link_of(store)
    return None if link is None else SheetSide(link, store, section, clock=clock)


async def forget(memory: SheetMemory) -> None:
    """What was agreed on with another sheet says nothing about this one: its rows must not count as deleted here."""
    agreed, writes = await memory.agreed(), await memory.open_writes()
    gone: dict[str, Said | None] = dict.fromkeys(agreed)
    await memory.note(SheetNote(gone, closed=[one.id for one in writes], settled=await memory.claiming()))


class ConnectWish(NamedTuple):
    """What `sheet connect` was told."""

    url: str
    tab: str | None
    key_file: str
    vault: bool
    take_over: bool = False


async def connect_sheet(store: Store, section: SheetSection, wish: ConnectWish) -> tuple[Link, Connected]:
    """Make a spreadsheet the sheet of this fleet and remember it. Raises `SheetError` and its kinds."""
    memory, before = store.sheet_memory, await link_of(store)
    google = LazyGoogle(section.key_file or wish.key_file, section)
    try:
        caller = caller_of(section, google)
        fleet = await fleet_id(store)
        found = await connect(caller, named(wish.url, wish.tab), fleet, SystemRandom(), take_over=wish.take_over)
    finally:
        google.close()
    link = Link(found.place, wish.key_file, wish.vault, found.title, found.tab)
    if before is None or before.place != link.place:
        await forget(memory)
    await keep_link(store, link)
    return link, found
