"""A sheet under many hands, with a book of who did what last to which cell: what must be there in the end, or be told."""

from dataclasses import dataclass, field, replace
from random import Random

from proxyfleet.assembly.sheeting import Link, SheetSide
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Holder
from proxyfleet.core.orders import GiveBack, Take, Taken
from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret
from proxyfleet.lab.clock import HandClock
from proxyfleet.lab.sheets import GoogleSheets, People, Spreadsheet
from proxyfleet.lab.sheets import Limits as Quota
from proxyfleet.lab.sheets.direct import direct
from proxyfleet.services.mirroring.plan import Ways
from proxyfleet.services.mirroring.report import MirrorReport
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.sheets.caller import Caller
from proxyfleet.stores.sheets.connecting import connect, named
from proxyfleet.stores.sheets.pace import Limits, Pace

TEXTS = {"City": "city", "Provider": "provider", "Notes": "notes", "Password": "password"}
HEADINGS = (
    "Mine",
    "Host",
    "Port",
    "Username",
    "Scheme",
    *TEXTS,
    "Used for",
    "Taken by",
    "Taken at",
    "Status",
    "Days left",
)
FAULTS = ("429", "500", "503", "503-html", "502-html", "lost", "cut", "empty", "not-json")


@dataclass
class Doing:
    """The last thing that was done to a cell or a pair: by whom, and what must be there since."""

    by: str
    value: str
    at: int


@dataclass
class ManyHands:
    """People, the program, and a Google that fails; `step` does one thing, `end` settles and judges."""

    rng: Random
    steps: int = 0
    cells: dict[tuple[str, str], Doing] = field(default_factory=dict)
    rows: dict[str, Doing] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Doing] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)
    made: int = 0

    async def start(self, count: int) -> None:
        self.clock = HandClock(1_800_000_000.0)
        book = Spreadsheet(clock=self.clock)
        for column, heading in enumerate(HEADINGS):
            book.tab.put(0, column, heading)
        self.google = GoogleSheets(book, limits=Quota(10**9, 10**9), clock=self.clock, guarded=False)
        self.people = People(book, self.rng)
        self.store = MemoryStore(self.clock)
        await self.connect()
        for _ in range(count):
            self.person_adds()
        await self.exchange()
        self.google.before.append(self.meddle)

    async def connect(self) -> None:
        section = SheetSection(allow_private=True)
        caller = Caller(direct(self.google), rng=Random(1))
        found = await connect(caller, named("lab-sheet"), "fleet-1", Random(1))
        self.side = SheetSide(
            Link(found.place, "", False), self.store, section, send=direct(self.google), clock=self.clock
        )
        self.tame()

    def tame(self) -> None:
        """No pace, no chance and no time but ours, so that a seed tells everything."""
        caller = self.side.caller
        caller._pace = Pace(Limits(10**9, 10**9, 10**9, 10**9))
        caller._sleep = self.side.sheet._sleep = self.sleep
        caller._rng = caller.circuit.rng = Random(2)
        caller._clock = self.clock

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(max(seconds, 0.0))

    def trouble(self, share: float) -> None:
        """This share of the calls goes wrong."""
        for fault in FAULTS:
            self.google.faults.chance(fault, share / len(FAULTS))

    def meddle(self, call) -> None:
        """People go on while the program is between two calls, or in one."""
        if self.rng.random() < 0.15:
            self.person()

    # people ---------------------------------------------------------------------------------------------------------

    def fresh(self) -> str:
        self.made += 1
        return f"v{self.made}"

    def key(self, host: str) -> str:
        return f"http://{host}:80"

    def hosts(self) -> list[str]:
        tab, column = self.people.book.tab, self.people.column("Host")
        found = (self.people.book.formatted(tab, row, column) for row in range(1, tab.filled))
        return [host for host in found if host]

    def person(self) -> None:
        actions = [self.person_edits] * 6 + [self.people.shuffle] * 4
        actions += [self.person_adds, self.person_deletes, self.person_uses, self.person_frees, self.person_duplicates]
        self.rng.choice(actions)()

    def person_adds(self) -> None:
        host = f"20.1.{self.made // 250}.{self.made % 250 + 1}"
        self.made += 1
        cells = {name: self.fresh() for name in TEXTS if name != "Password"}
        self.people.add({"Host": host, "Port": "80", "Mine": f"mine-{host}", **cells})
        self.did_row(host, "people", "there")
        for name, text in cells.items():
            self.did(host, TEXTS[name], "people", text)

    def person_edits(self) -> None:
        if not (hosts := self.hosts()):
            return
        host, name = self.rng.choice(hosts), self.rng.choice(list(TEXTS))
        text = self.fresh() if self.rng.random() < 0.9 else ""
        for row in self.rows_of(host):
            self.people.type(row, name, text)
        self.did(host, TEXTS[name], "people", text)

    def rows_of(self, host: str) -> list[int]:
        tab = self.people.book.tab
        return [row for row in range(1, tab.filled) if self.people.see(row, "Host") == host]

    def person_deletes(self) -> None:
        hosts = self.hosts()
        if len(hosts) > 15:
            host = self.rng.choice(hosts)
            for row in reversed(self.rows_of(host)):
                self.people.delete(row)
            self.did_row(host, "people", "gone")

    def person_duplicates(self) -> None:
        if (hosts := self.hosts()) and len(hosts) < 60:
            self.people.duplicate(self.rows_of(self.rng.choice(hosts))[0])

    def person_uses(self) -> None:
        if not (hosts := self.hosts()):
            return
        host, resource = self.rng.choice(hosts), self.fresh()
        for row in self.rows_of(host):
            had = self.people.see(row, "Used for")
            self.people.type(row, "Used for", f"{had}, {resource}" if had else resource)
        self.did_pair(host, resource, "people", "held")

    def person_frees(self) -> None:
        used = [host for host in self.hosts() if self.people.see(self.rows_of(host)[0], "Used for")]
        if not used:
            return
        host = self.rng.choice(used)
        shown = self.people.see(self.rows_of(host)[0], "Used for").split(", ")
        gone = self.rng.choice(shown)
        for row in self.rows_of(host):
            kept = [one for one in self.people.see(row, "Used for").split(", ") if one and one != gone]
            self.people.type(row, "Used for", ", ".join(kept))
            if not kept:
                self.people.type(row, "Taken by", "")
                self.people.type(row, "Taken at", "")
        self.did_pair(host, gone, "people", "free")

    # the program ----------------------------------------------------------------------------------------------------

    async def program(self) -> None:
        actions = [self.program_changes] * 3 + [self.program_takes] * 4
        actions += [self.program_gives_back] * 2 + [self.program_adds, self.program_removes]
        await self.rng.choice(actions)()

    async def inventory(self) -> dict[str, Proxy]:
        return {proxy.host: proxy async for batch in self.store.proxies() for proxy in batch}

    async def program_changes(self) -> None:
        proxies = await self.inventory()
        if not proxies:
            return
        host, name = self.rng.choice(list(proxies)), self.rng.choice(list(TEXTS.values()))
        text, proxy = self.fresh(), proxies[host]
        if name == "notes":
            after = replace(proxy, details=replace(proxy.details or Details(), notes=text))
        elif name == "password":
            after = replace(proxy, password=Secret(text))
        else:
            after = replace(proxy, labels=replace(proxy.labels, **{name: text}))
        await self.store.change([after])
        self.did(host, name, "program", text)

    async def program_adds(self) -> None:
        host = f"20.2.{self.made // 250}.{self.made % 250 + 1}"
        city = self.fresh()
        await self.store.put([Proxy(Scheme.HTTP, host, 80, labels=Labels(city=city))])
        self.did_row(host, "program", "there")
        self.did(host, "city", "program", city)

    async def program_removes(self) -> None:
        proxies = await self.inventory()
        if len(proxies) > 15:
            host = self.rng.choice(list(proxies))
            await self.store.remove([proxies[host].id])
            self.did_row(host, "program", "gone")

    async def program_takes(self) -> None:
        proxies = await self.inventory()
        hosts = self.rng.sample(sorted(proxies), min(3, len(proxies)))
        resource = self.fresh()
        orders = [Take(proxies[host].id, resource, Holder(self.rng.choice(("ann", "bob")))) for host in hosts]
        decided = await self.side.claims.decide(orders, "n")
        for host, answer in zip(hosts, decided.answers, strict=True):
            # People may have wiped it off already, while the other rows were still being written.
            if isinstance(answer, Taken) and (self.key(host), resource) not in self.pairs:
                self.did_pair(host, resource, "program", "held")

    async def program_gives_back(self) -> None:
        held = [hold for hold in (await self.store.standing()).holds if hold.kind == "assignment"]
        if not held:
            return
        hold = self.rng.choice(held)
        hosts = {proxy.id: host for host, proxy in (await self.inventory()).items()}
        order = GiveBack(hold.proxy_id, hold.resource, hold.holder, hold.session)
        (answer,) = (await self.side.claims.decide([order], "n")).answers
        if isinstance(answer, Taken):
            self.did_pair(hosts[hold.proxy_id], hold.resource, "program", "free")

    # the book -------------------------------------------------------------------------------------------------------

    def did(self, host: str, name: str, by: str, value: str) -> None:
        self.cells[self.key(host), name] = Doing(by, value, self.steps)

    def did_row(self, host: str, by: str, value: str) -> None:
        key = self.key(host)
        self.rows[key] = Doing(by, value, self.steps)
        for book in (self.cells, self.pairs):
            for place in [place for place in book if place[0] == key]:
                del book[place]

    def did_pair(self, host: str, resource: str, by: str, value: str) -> None:
        self.pairs[self.key(host), resource] = Doing(by, value, self.steps)

    async def exchange(self) -> MirrorReport | None:
        try:
            report = await self.side.exchange(Ways(removals=True))
        except FleetError:
            return None
        lines = [*report.lines({}), *(f"{one.meant} {one.found}" for one in report.repairs)]
        self.told += [(self.steps, line) for line in lines]
        return report

    async def step(self) -> None:
        self.steps += 1
        self.clock.advance(self.rng.random() * 5)
        self.side.caller.circuit.succeeded()
        kind = self.rng.random()
        if kind < 0.5:
            self.person()
        elif kind < 0.8:
            await self.program()
        else:
            await self.exchange()
        if self.rng.random() < 0.01:
            self.crash()

    def crash(self) -> None:
        """Another process goes on with what the store remembers."""
        section = SheetSection(allow_private=True)
        self.side = SheetSide(self.side.link, self.store, section, send=direct(self.google), clock=self.clock)
        self.tame()

    async def end(self) -> None:
        """No more faults and hands; exchange until both sides are quiet."""
        self.google.faults.clear()
        self.google.before.clear()
        self.side.caller.circuit.succeeded()
        for host in set(self.hosts()):
            for row in reversed(self.rows_of(host)[1:]):
                self.people.delete(row)
        for _ in range(6):
            report = await self.exchange()
            if report is not None and report.quiet:
                return
        raise AssertionError(f"never quiet: {report}")

    def was_told(self, key: str, since: int) -> bool:
        """Whether a report has named that proxy since then."""
        return any(at >= since and key in line for at, line in self.told)
