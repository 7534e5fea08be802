"""One exchange between an inventory and its sheet: read once, take in what people did, write out what the program did.

Everything that is applied may be applied again: a process that dies in the middle leaves nothing that the next exchange
does not finish. Nothing is written, and nothing is taken out, on the strength of a reading that failed.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, Protocol

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.clause import Profile
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Held, Hold, Holder
from proxyfleet.core.mirrored import Identity, Said, key_of, remembered
from proxyfleet.core.orders import GiveBack, Order, Refused, Take, Taken
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.selector import Selector
from proxyfleet.core.uses import SHEET, Use, holder_of, to_write, use_of, written
from proxyfleet.ports import Claims, Inventory
from proxyfleet.ports.sheet import Landing, Sheet, SheetMemory, SheetNote, SheetReading
from proxyfleet.services.mirroring.merge import Conflict
from proxyfleet.services.mirroring.plan import Plan, Sides, Ways, plan_of
from proxyfleet.services.mirroring.records import changed
from proxyfleet.services.mirroring.report import MirrorReport

PIECE: Final = 1_000
"""Proxies that are stored at once, and rows that are appended by one call."""
MOST_CELLS: Final = 20_000
"""Cells of one write; Google advises to stay below 2 MB."""
MOST_ROWS: Final = 1_000
"""Rows that one write changes."""
PEOPLE: Final = Holder(SHEET)


class Finish(Protocol):
    """Settles takes that a dead process had begun, before anything else is concluded from a reading."""

    def __call__(self, reading: SheetReading, node: str, /) -> Awaitable[int]: ...


class Ends(NamedTuple):
    """What is kept in step, and where it is remembered."""

    sheet: Sheet
    memory: SheetMemory
    inventory: Inventory
    claims: Claims


@dataclass(frozen=True, slots=True)
class MirrorRules:
    """`scope` are the proxies that get a row; a proxy that has one is mirrored anyway. `vault` keeps secrets out of the sheet."""

    fleet: str
    scope: Selector
    vault: bool = False


class Mirror:
    """`exchange` within a turn of the sheet, which the caller has to hold. `node` names this process to the store."""

    def __init__(
        self, ends: Ends, rules: MirrorRules, *, finish: Finish, node: str = "", clock: Clock = wall_clock
    ) -> None:
        self._sheet, self._memory, self._inventory, self._claims = ends
        self._rules, self._finish, self._node, self._clock = rules, finish, node, clock

    async def compare(self) -> Plan:
        """What an exchange would do now, both ways."""
        return await self._plan(await self._sheet.read(fresh=True), Ways(removals=True))

    async def exchange(self, ways: Ways) -> MirrorReport:
        """Read, take in, write out. Raises `MassRemoval`, and other errors as long as nothing was done; then they are told in
        the report, which says what was done before."""
        reading = await self._sheet.read(fresh=True)
        await self._finish(reading, self._node)
        plan = await self._plan(reading, ways)
        try:
            await self._carry_out(plan, reading, ways)
        except FleetError as error:
            plan.report.failure = str(error)
        return plan.report

    async def _carry_out(self, plan: Plan, reading: SheetReading, ways: Ways) -> None:
        if ways.into:
            await self._take_in(plan)
            await self._follow_uses(plan)
        self._show_uses(plan, reading, ways)
        await self._memory.note(SheetNote(agreed=plan.agreed))
        if ways.out:
            await self._write_out(plan)

    # comparing ------------------------------------------------------------------------------------------------------

    async def _plan(self, reading: SheetReading, ways: Ways) -> Plan:
        agreed = await self._memory.agreed()
        proxies = await self._mirrored({*reading.rows, *agreed})
        held: dict[int, list[Use]] = {}
        for hold in (await self._claims.standing()).holds:
            if hold.kind is Held.ASSIGNMENT:
                held.setdefault(hold.proxy_id, []).append(use_of(hold))
        sides = Sides(reading, proxies, held, agreed, self._rules.fleet, self._rules.vault)
        return plan_of(sides, ways, self._clock())

    async def _mirrored(self, known: set[str]) -> dict[str, Proxy]:
        found: dict[str, Proxy] = {}
        async for batch in self._inventory.proxies():
            for proxy in batch:
                key = key_of(proxy.identity)
                if key in known or self.wants(proxy):
                    found[key] = proxy
        return found

    def wants(self, proxy: Proxy) -> bool:
        """Whether the proxy is to have a row."""
        return self._rules.scope.matches(Profile(proxy.scheme, proxy.labels))

    # taking in ------------------------------------------------------------------------------------------------------

    async def _take_in(self, plan: Plan) -> None:
        await self._add(plan)
        await self._change(plan)
        if plan.removed:
            proxies = await self._mirrored(set(plan.removed))
            plan.report.into["removed"] = await self._inventory.remove(
                [proxies[key].id for key in plan.removed if key in proxies]
            )
            plan.agreed |= dict.fromkeys(plan.removed)
            self._tell(plan, plan.removed, "was removed, because its row was deleted")

    async def _add(self, plan: Plan) -> None:
        keys = list(plan.added)
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            stored = await self._inventory.put([plan.added[key] for key in piece])
            for key, one in zip(piece, stored, strict=True):
                plan.added[key] = one.proxy
                plan.report.into["added"] += one.verdict == "added"
                plan.agreed[key] = {**(plan.agreed.get(key) or {}), **self._kept(plan.texts[key])}
        self._tell(plan, keys, "was added from the sheet")

    async def _change(self, plan: Plan) -> None:
        """Apply people's edits to the records as they are now; one that is impossible costs only itself."""
        keys = list(plan.changed)
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            fresh = await self._fresh(plan, piece)
            fit = {proxy.id: key for key, proxy in fresh.items() if is_possible(plan, key, proxy)}
            try:
                await self._inventory.amend(list(fit), partial(_edited, plan, fit))
            except FleetError as error:
                plan.report.notes.append(f"{len(fit)} changed rows could not be stored ({error}); they are tried again")
                continue
            for key in fit.values():
                before = plan.known.get(key, {})
                plan.agreed[key] = {**before, **(plan.agreed.get(key) or {}), **self._kept(plan.changed[key])}
                plan.report.into["changed"] += 1
                plan.report.change(f"{key}: {', '.join(sorted(plan.changed[key]))} taken over from the sheet")

    async def _fresh(self, plan: Plan, keys: Sequence[str]) -> dict[str, Proxy]:
        by_id = {plan.proxies[key].id: key for key in keys}
        return {by_id[proxy.id]: proxy for proxy in await self._inventory.some(list(by_id))}

    def _kept(self, texts: Mapping[str, str]) -> Said:
        return remembered(texts, self._rules.fleet)

    def _tell(self, plan: Plan, keys: Sequence[str], what: str) -> None:
        for key in keys:
            plan.report.change(f"{key}: {what}")

    async def _follow_uses(self, plan: Plan) -> None:
        """What people wrote into, and wiped out of, the record of assignments becomes so, as far as the store allows."""
        orders = list(self._orders(plan))
        for start in range(0, len(orders), PIECE):
            piece = orders[start : start + PIECE]
            decided = await self._claims.decide([order for _, _, order in piece], self._node)
            for (key, use, order), answer in zip(piece, decided.answers, strict=True):
                if isinstance(answer, Taken):
                    self._followed(plan, key, answer.hold)
                elif isinstance(answer, Refused) and isinstance(order, Take):
                    by = str(answer.by) if answer.by else answer.code
                    plan.report.conflicts.append(Conflict(key, "used_for", by, f"{use.resource}: {use.by}", "store"))

    def _orders(self, plan: Plan) -> Iterator[tuple[str, Use, Order]]:
        for key, merged in plan.uses.items():
            proxy = plan.added.get(key) or plan.proxies.get(key)
            if proxy is None:
                continue
            for use in merged.take:
                yield key, use, Take(proxy.id, use.resource, holder_of(use.by), use.session)
            for use in merged.end:
                yield key, use, GiveBack(proxy.id, use.resource, PEOPLE, use.session, force=True)

    def _followed(self, plan: Plan, key: str, hold: Hold) -> None:
        taken = hold.kind is Held.ASSIGNMENT
        if taken:
            plan.uses[key].show.append(use_of(hold))
        plan.report.into["taken" if taken else "given_back"] += 1
        what = "is taken for" if taken else "was given back for"
        plan.report.change(f"{key}: {what} {hold.resource}, as the sheet says")

    # writing out ----------------------------------------------------------------------------------------------------

    def _show_uses(self, plan: Plan, reading: SheetReading, ways: Ways) -> None:
        """Edits for rows that do not show what the store has; what both show already is agreed on."""
        for key, merged in plan.uses.items():
            row = reading.rows.get(key)
            if row is None:
                continue
            # What was not taken in yet stays as people have it, and as both sides knew it.
            new, old = ([], []) if ways.into else (merged.take, merged.end)
            wanted = in_order([*merged.show, *new], row.uses)
            if differing := to_write(wanted, row.uses, row.said):
                plan.edits.setdefault(key, {}).update(differing)
            pairs = {use.pair for use in row.uses}
            common = written([use for use in merged.show if use.pair in pairs] + old + merged.wipe)
            plan.shown[key] = written([*merged.show, *old])
            known = plan.known.get(key, {}) | (plan.agreed.get(key) or {})
            if any(known.get(name, "") != text for name, text in common.items()):
                plan.agreed[key] = {**known, **common}

    async def _write_out(self, plan: Plan) -> None:
        blocked = 0
        for edits, rows in pieces(plan.edits, plan.rows):
            landing = await self._sheet.write(edits, rows, {key: plan.shown[key] for key in edits if key in plan.shown})
            self._count(plan, edits, rows, landing)
            plan.report.problems += landing.blocked.values()
            blocked += len(landing.blocked)
        if not plan.edits and not plan.rows:
            await self._sheet.write({})  # what went astray before is put right all the same
        if blocked:
            plan.report.notes.append(f"{blocked} rows could not be written whole; see the problems")

    def _count(
        self, plan: Plan, edits: Mapping[str, Said], rows: Sequence[tuple[Identity, Said]], landing: Landing
    ) -> None:
        out = plan.report.out
        for key, said in edits.items():
            if key not in landing.landed:
                plan.report.unsure += key not in landing.blocked
                continue
            kind = "removed" if "status" in said and key not in plan.proxies else "changed"
            names = said.keys() - {"days_left"}
            if names & {"used_for", "taken_by", "taken_at"}:
                out["assignments"] += 1
            elif names:
                out[kind] += 1
            if names:
                plan.report.change(f"{key}: {', '.join(sorted(names))} written")
        written_rows = [key_of(identity) for identity, _ in rows if key_of(identity) in landing.landed]
        out["added"] += len(written_rows)
        plan.report.unsure += len(rows) - len(written_rows)
        self._tell(plan, written_rows, "has a row now")


def _edited(plan: Plan, keys: Mapping[int, str], proxy: Proxy) -> Proxy:
    """The record after people's edits; `keys` by id."""
    return changed(proxy, plan.changed[keys[proxy.id]])


def is_possible(plan: Plan, key: str, proxy: Proxy) -> bool:
    """Whether people's edits can be taken over; if not, with a line in the report."""
    try:
        changed(proxy, plan.changed[key])
    except FleetError as error:
        plan.report.notes.append(f"{key}: the change cannot be taken over ({error})")
        return False
    return True


def in_order(uses: Sequence[Use], row: Sequence[Use]) -> list[Use]:
    """What a row is to show, in the order in which people have it; what they do not have comes last."""
    places = {use.pair: at for at, use in enumerate(row)}
    return sorted(uses, key=lambda use: places.get(use.pair, len(places)))


def pieces(
    edits: Mapping[str, Said], rows: Sequence[tuple[Identity, Said]]
) -> Iterator[tuple[dict[str, Said], Sequence[tuple[Identity, Said]]]]:
    """The calls that a plan needs: each within what Google takes at once, the first with as much as fits."""
    left, at = list(edits.items()), 0
    while left or at < len(rows):
        piece: dict[str, Said] = {}
        cells = 0
        while left and cells < MOST_CELLS and len(piece) < MOST_ROWS:
            key, said = left.pop()
            piece[key] = said
            cells += len(said)
        fresh = rows[at : at + PIECE] if not left else []
        at += len(fresh)
        yield piece, fresh
