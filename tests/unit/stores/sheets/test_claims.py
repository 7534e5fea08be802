"""Assignments that a sheet records: who decides, who is asked first, and what is taken back."""

import pytest

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Granted, Refused, Take, Taken
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.core.uses import Use
from proxyfleet.ports.sheet import Claiming, SheetNote, SheetReading, SheetRow
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.sheets.claims import SheetClaims, after, agreed_after, obstacle

from .conftest import key

ANN, BOB = Holder("ann"), Holder("bob")


class Fleet:
    """Five proxies that stand in the sheet, one that does not and is not to, one that is to get a row."""

    def __init__(self, world):
        self.world = world
        self.store = MemoryStore(world.clock)

    async def start(self):
        sheet = await self.world.connected()
        proxies = [Proxy(Scheme.HTTP, f"20.0.0.{n}", 80, f"u{n}") for n in range(1, 6)]
        proxies += [Proxy(Scheme.HTTP, "40.0.0.1", 80, "list"), Proxy(Scheme.HTTP, "50.0.0.1", 80)]
        await self.store.put(proxies)
        self.claims = SheetClaims(
            self.store,
            sheet,
            self.world.memory,
            self.store,
            lambda proxy: proxy.username != "list",
            clock=self.world.clock,
        )
        return self

    async def ask(self, *orders):
        decided = await self.claims.decide(orders, "n")
        return [answer.code if isinstance(answer, Refused) else type(answer).__name__ for answer in decided.answers]

    async def held(self):
        return {(hold.proxy_id, hold.resource): str(hold.holder) for hold in (await self.store.standing()).holds}

    def shown(self):
        lines = self.world.book.text()
        return {line[0]: tuple(line[5:7]) for line in lines[1:] if len(line) > 5 and line[5]}


@pytest.fixture
async def fleet(world):
    return await Fleet(world).start()


async def test_a_batch_is_one_read_and_one_write(fleet):
    orders = [Take(n, "shop", ANN if n < 3 else BOB) for n in range(1, 6)]
    assert await fleet.ask(*orders) == ["Taken"] * 5
    assert [verb for verb in fleet.world.verbs() if verb != "get"] == ["values.batchGet", "batchUpdate"]
    assert fleet.shown() == {f"20.0.0.{n}": ("shop", "ann" if n < 3 else "bob") for n in range(1, 6)}
    assert await fleet.held() == {(n, "shop"): "ann" if n < 3 else "bob" for n in range(1, 6)}
    assert await fleet.world.memory.claiming() == []
    assert (await fleet.world.memory.agreed())[key(1)]["used_for"] == "shop"


async def test_other_orders_pass_through_without_a_call(fleet):
    fleet.world.google.faults.chance("cut", 1.0)
    claim = Claim(ANN, (Candidate(1, 0, 1, 5, FOREVER),), 60.0)
    decided = await fleet.claims.decide([claim, Take(6, "shop", ANN), Take(99, "shop", ANN)], "n")
    assert isinstance(decided.answers[0], Granted)
    assert isinstance(decided.answers[1], Taken)
    assert decided.answers[2] == Refused("unknown_proxy")
    assert fleet.world.verbs() == []
    standing = await fleet.claims.standing()
    assert len(standing.leases) == 1
    assert (await fleet.claims.claim_news(standing.position, "m")).complete


async def test_a_mixed_batch_keeps_its_order_and_costs_only_takes_when_google_is_away(fleet):
    fleet.world.google.faults.chance("cut", 1.0)
    claim = Claim(ANN, (Candidate(1, 0, 1, 5, FOREVER),), 60.0)
    assert await fleet.ask(Take(1, "shop", ANN), claim, GiveBack(2, "shop", ANN)) == [
        "sheet_away",
        "Granted",
        "not_assigned",
    ]


async def test_taking_again_is_no_error_and_writes_what_is_missing(fleet):
    await fleet.ask(Take(1, "shop", ANN))
    fleet.world.verbs()
    assert await fleet.ask(Take(1, "shop", ANN), Take(1, "shop", BOB)) == ["Taken", "resource_taken"]
    assert fleet.world.verbs() == ["values.batchGet"]
    fleet.world.people.type(1, "Used for", "")
    assert await fleet.ask(Take(1, "shop", ANN)) == ["Taken"]
    assert fleet.shown() == {"20.0.0.1": ("shop", "ann")}


async def test_what_people_have_there_stays(fleet):
    fleet.world.people.type(1, "Used for", "theirs")
    fleet.world.people.type(1, "Taken by", "Carol")
    assert await fleet.ask(Take(1, "shop", ANN)) == ["Taken"]
    assert fleet.shown() == {"20.0.0.1": ("theirs, shop", "Carol, ann")}
    assert (await fleet.world.memory.agreed([key(1)]))[key(1)]["used_for"] == "shop"
    assert await fleet.ask(GiveBack(1, "shop", ANN)) == ["Taken"]
    assert fleet.shown() == {"20.0.0.1": ("theirs", "Carol")}


async def test_a_proxy_without_a_row_gets_one(fleet):
    assert await fleet.ask(Take(7, "shop", ANN)) == ["Taken"]
    assert fleet.world.book.text()[6] == ["50.0.0.1", "80", "", "", "", "shop", "ann", "2027-01-15 08:00:00", "http"]


async def test_a_refused_write_takes_everything_back(fleet):
    fleet.world.google.faults.chance("400", 1.0, on="write")
    assert await fleet.ask(Take(1, "shop", ANN), Take(2, "shop", BOB)) == ["sheet_away"] * 2
    assert (await fleet.held(), await fleet.world.memory.claiming()) == ({}, [])


async def test_an_assignment_of_before_is_not_taken_back(fleet):
    await fleet.ask(Take(1, "shop", ANN))
    fleet.world.people.type(1, "Used for", "")
    fleet.world.clock.advance(10.0)
    fleet.world.google.faults.chance("cut", 1.0, on="write")
    await fleet.ask(Take(1, "shop", ANN))
    assert await fleet.held() == {(1, "shop"): "ann"}


async def test_a_cancelled_batch_leaves_nothing_taken(fleet):
    import asyncio

    fleet.world.google.latency = 0.01
    task = asyncio.ensure_future(fleet.ask(Take(1, "shop", ANN)))
    fleet.world.between(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await fleet.held(), await fleet.world.memory.claiming()) == ({}, [])


async def test_what_a_dead_process_had_begun(fleet):
    for n, resource in ((1, "seen"), (2, "unseen")):
        await fleet.store.decide([Take(n, resource, ANN)], "n")
    begun = [Claiming(1, "seen", "", ANN), Claiming(2, "unseen", "", ANN), Claiming(99, "gone", "", ANN)]
    await fleet.world.memory.note(SheetNote(claiming=begun))
    fleet.world.people.type(1, "Used for", "seen")
    fleet.world.people.type(1, "Taken by", "ann")
    assert await fleet.ask(Take(3, "shop", BOB)) == ["Taken"]
    assert await fleet.held() == {(1, "seen"): "ann", (3, "shop"): "bob"}
    assert await fleet.world.memory.claiming() == []


ROW = SheetRow(("http", "h", 80, None), (2,), {"status": "", "expires_at": ""})
TAKE, NOW = Take(1, "shop", ANN), "2027-01-15 08:00:00"


def told(row=ROW, agreed=None, fields=("used_for",)):
    found = obstacle(TAKE, SheetReading(0.0, {}, frozenset(fields)), row, agreed, NOW)
    return None if found is None else found.code


def test_why_a_sheet_forbids_a_take():
    theirs = replace_uses(Use("shop", "", "Carol"))
    assert told() is None
    assert told(fields=()) == "sheet_blocked"
    assert told(None) is None
    assert told(None, {}) == "row_removed"
    assert told(ROW._replace(unread=frozenset({"used_for"}))) == "sheet_blocked"
    assert (
        told(ROW._replace(said={"status": "disabled"})) == told(ROW._replace(said={"status": "removed"})) == "disabled"
    )
    assert told(ROW._replace(said={"expires_at": "2027-01-14"})) == "expired_proxy"
    assert told(ROW._replace(said={"expires_at": "2027-01-15"})) is None
    assert told(ROW._replace(said={"expires_at": "2027-01-15 07:00:00"})) == "expired_proxy"
    assert told(theirs) == "resource_taken"
    assert told(theirs, {"used_for": "shop"}) is None, "the store has ended it, it is only not wiped off yet"
    assert told(replace_uses(Use("shop", "", "ann"))) is None
    assert told(replace_uses(Use("other", "", "Carol"))) is None


def replace_uses(*uses):
    return ROW._replace(uses=uses)


def test_uses_after_a_change():
    hold = Hold(1, "shop", "", Held.ASSIGNMENT, ANN, 0.0, FOREVER, 1)
    theirs = Use("x", "", "Carol")
    taken = after([theirs], [hold])
    assert taken == [theirs, Use("shop", "", "ann", "1970-01-01 00:00:00")]
    assert after(taken, [hold._replace(kind=Held.FREE)]) == [theirs]
    assert agreed_after(None, [hold])["used_for"] == "shop"
    assert agreed_after({"used_for": "shop"}, [hold._replace(kind=Held.FREE)])["used_for"] == ""
