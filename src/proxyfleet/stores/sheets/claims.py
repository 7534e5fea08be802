"""Assignments on a sheet: the store beside decides, the sheet is read before and written after, then it is answered.

A batch of any size costs one read and one write. What was decided but cannot be written is taken back before anybody is
told, so that a refusal is a refusal; what a dead process left half done is settled by the next read. Leases pass through.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.lease import Held, Hold, Holder
from proxyfleet.core.mirrored import REMOVED, Identity, Said, instant, key_of, outgoing
from proxyfleet.core.orders import Answer, Decided, GiveBack, Order, Refused, Take, Taken
from proxyfleet.core.proxy import Proxy, Status
from proxyfleet.core.uses import SHEET, Use, shown_holder, to_write, use_of, used_before, written
from proxyfleet.ports import ClaimNews, Claims, Inventory, Standing
from proxyfleet.ports.sheet import Claiming, Landing, SheetMemory, SheetNote, SheetReading, SheetRow

from .errors import SheetError, SheetRefused, SheetUnavailable
from .sheet import GoogleSheet

log = logging.getLogger("proxyfleet.sheets")

PATIENCE: Final = 20.0
"""Seconds from the first write of a batch until what is still not on the sheet is taken back."""
ATTEMPTS: Final = 5
"""Writes of one batch, each after a read of its own, while rows keep moving under it."""
PairOrder: TypeAlias = Take | GiveBack


@dataclass(slots=True)
class _Batch:
    """One batch on its way. `takes` are orders by their place in the batch, as far as the sheet allows them."""

    orders: Sequence[Order]
    keys: Mapping[int, str]
    answers: dict[int, Answer] = field(default_factory=dict)
    holds: dict[tuple[int, str, str], Hold] = field(default_factory=dict)
    now: float = 0.0

    def pairs(self) -> list[tuple[int, PairOrder]]:
        """The orders that concern rows of the sheet, by their place."""
        found = ((at, one) for at, one in enumerate(self.orders) if isinstance(one, Take | GiveBack))
        return [(at, one) for at, one in found if one.proxy_id in self.keys]


class SheetClaims:
    """`ports.Claims` over another one. `mirrored` tells which proxies have a row, or are to have one."""

    def __init__(
        self,
        inner: Claims,
        sheet: GoogleSheet,
        memory: SheetMemory,
        inventory: Inventory,
        mirrored: Callable[[Proxy], bool],
        *,
        vault: bool = False,
        clock: Clock = wall_clock,
    ) -> None:
        self._inner, self._sheet, self._memory, self._inventory = inner, sheet, memory, inventory
        self._mirrored, self._vault, self._clock = mirrored, vault, clock

    async def standing(self) -> Standing:
        """Everything that is claimed; see `ports.Claims`."""
        return await self._inner.standing()

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """What other nodes have changed since."""
        return await self._inner.claim_news(after, node)

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see `ports.Wakes`
        """Until somebody may have changed something."""
        await self._inner.wait_for_news(timeout)

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """Decide a batch; see `ports.Claims`. Takes of mirrored proxies are refused while the sheet cannot be used."""
        ids = {one.proxy_id for one in orders if isinstance(one, Take | GiveBack)}
        proxies = {one.id: one for one in await self._inventory.some(list(ids)) if self._mirrored(one)} if ids else {}
        if not proxies:
            return await self._inner.decide(orders, node)
        batch = _Batch(orders, {one.id: key_of(one.identity) for one in proxies.values()})
        try:
            async with self._sheet.turn():
                reading = await self._sheet.read(fresh=True)
                await self.finish(reading, node)
                await self._decide(batch, proxies, reading, node)
        except SheetError as error:
            log.warning("action=take error=%s", error)
            if not batch.now:  # nothing was decided yet
                self._refuse_takes(batch, "sheet_away")
                await self._ask(batch, node)
        answers = [batch.answers[at] for at in range(len(orders))]
        return Decided(batch.now, answers, list(batch.holds.values()))

    def _refuse_takes(self, batch: _Batch, code: str) -> None:
        for at, order in batch.pairs():
            if isinstance(order, Take):
                batch.answers.setdefault(at, Refused(code))

    async def _ask(self, batch: _Batch, node: str) -> None:
        """Have the store decide about what was not answered yet."""
        places = [at for at in range(len(batch.orders)) if at not in batch.answers]
        decided = await self._inner.decide([batch.orders[at] for at in places], node)
        batch.now = decided.now
        batch.answers.update(zip(places, decided.answers, strict=True))
        batch.holds.update((hold.pair, hold) for hold in decided.holds)

    # one batch ------------------------------------------------------------------------------------------------------

    async def _decide(self, batch: _Batch, proxies: Mapping[int, Proxy], reading: SheetReading, node: str) -> None:
        agreed = await self._memory.agreed(set(batch.keys.values()))
        for at, order in batch.pairs():
            if isinstance(order, Take):
                key = batch.keys[order.proxy_id]
                code = obstacle(order, reading, reading.rows.get(key), agreed.get(key), instant(self._clock()))
                if code is not None:
                    batch.answers[at] = code
        wanted = [one for at, one in batch.pairs() if isinstance(one, Take) and at not in batch.answers]
        claiming = [Claiming(one.proxy_id, one.resource, one.session, one.holder) for one in wanted]
        if claiming:
            await self._memory.note(SheetNote(claiming=claiming))
        await self._ask(batch, node)
        changes = self._changes(batch)
        unwritten = dict.fromkeys(batch.keys.values(), "sheet_away")
        try:
            unwritten = await self._record(changes, proxies, reading)
        finally:
            # Also when this is cancelled: what is not on the sheet must not stay taken, and nobody was told of it.
            await self._take_back(batch, changes, unwritten, node)
            if claiming:
                await self._memory.note(SheetNote(settled=claiming))

    def _changes(self, batch: _Batch) -> dict[int, list[tuple[int, PairOrder, Hold]]]:
        """By proxy: the orders that have changed a pair, each with its place and the pair as it is now."""
        found: dict[int, list[tuple[int, PairOrder, Hold]]] = {}
        for at, order in batch.pairs():
            answer = batch.answers[at]
            if isinstance(answer, Taken):
                found.setdefault(order.proxy_id, []).append((at, order, answer.hold))
        return found

    async def _record(
        self,
        changes: Mapping[int, list[tuple[int, PairOrder, Hold]]],
        proxies: Mapping[int, Proxy],
        reading: SheetReading,
    ) -> dict[str, str]:
        """Write until every row shows what was decided; the keys that do not, with a code why."""
        wanted = {key_of(proxies[one].identity): (proxies[one], changes[one]) for one in changes}
        agreed = await self._memory.agreed(wanted)
        known = {key: agreed_after(agreed.get(key), [hold for _, _, hold in wanted[key][1]]) for key in wanted}
        deadline, pending, failed = self._clock() + PATIENCE, set(wanted), dict[str, str]()
        for _ in range(ATTEMPTS):
            edits, rows = self._edits({key: wanted[key] for key in pending}, reading)
            pending &= {*edits, *(key_of(identity) for identity, _ in rows)}  # the others show it already
            landing = await self._try(edits, rows, known) if pending else None
            if landing is not None:
                failed |= dict.fromkeys(pending & landing.blocked.keys(), "sheet_blocked")
                pending -= landing.landed | failed.keys()
            if not pending or self._clock() > deadline:
                break
            try:
                reading = await self._sheet.read(fresh=True)
            except SheetError as error:
                log.warning("action=take error=%s", error)
                break
        return failed | dict.fromkeys(pending, "sheet_away")

    async def _try(
        self, edits: Mapping[str, Said], rows: Sequence[tuple[Identity, Said]], known: Mapping[str, Said]
    ) -> Landing | None:
        """One write; None when it is not known what became of it, or nothing did."""
        try:
            return await self._sheet.write(edits, rows, known)
        except (SheetUnavailable, SheetRefused) as error:
            log.warning("action=take error=%s", error)
            return None

    def _edits(
        self, wanted: Mapping[str, tuple[Proxy, list[tuple[int, PairOrder, Hold]]]], reading: SheetReading
    ) -> tuple[dict[str, Said], list[tuple[Identity, Said]]]:
        """The cells that have to change so that the rows show these pairs; new rows for proxies that have none."""
        edits: dict[str, Said] = {}
        rows: list[tuple[Identity, Said]] = []
        for key, (proxy, changes) in wanted.items():
            row = reading.rows.get(key)
            uses = after(() if row is None else row.uses, [hold for _, _, hold in changes])
            if row is None:
                if any(hold.kind is Held.ASSIGNMENT for _, _, hold in changes):
                    rows.append((proxy.identity, outgoing(proxy, vault=self._vault) | written(uses)))
            elif changed := to_write(uses, row.uses, row.said):
                edits[key] = changed
        return edits, rows

    async def _take_back(
        self,
        batch: _Batch,
        changes: Mapping[int, list[tuple[int, PairOrder, Hold]]],
        unwritten: Mapping[str, str],
        node: str,
    ) -> None:
        """Undo what was taken just now and is not on the sheet, and refuse it."""
        undo: list[Order] = []
        for proxy_id, found in changes.items():
            code = unwritten.get(batch.keys[proxy_id])
            for at, order, hold in found if code is not None else ():
                if isinstance(order, Take) and hold.since == batch.now:
                    undo.append(GiveBack(order.proxy_id, order.resource, order.holder, order.session, force=True))
                    batch.answers[at] = Refused(code or "sheet_away")
        if undo:
            decided = await self._inner.decide(undo, node)
            batch.holds.update((hold.pair, hold) for hold in decided.holds)

    # after a crash --------------------------------------------------------------------------------------------------

    async def finish(self, reading: SheetReading, node: str) -> int:
        """Settle what a process that died had begun: what the sheet shows was taken, the rest is given back; how many.

        Only within a turn, so that nobody living is in the middle of it.
        """
        begun = await self._memory.claiming()
        if not begun:
            return 0
        proxies = {one.id: one for one in await self._inventory.some([one.proxy_id for one in begun])}
        undo = [one for one in begun if not _shown(one, proxies.get(one.proxy_id), reading)]
        if undo:
            orders = [GiveBack(one.proxy_id, one.resource, one.holder, one.session) for one in undo]
            await self._inner.decide(orders, node)
        await self._memory.note(SheetNote(settled=begun))
        log.warning("action=settle taken=%d given_back=%d", len(begun) - len(undo), len(undo))
        return len(begun)


def _shown(one: Claiming, proxy: Proxy | None, reading: SheetReading) -> bool:
    row = None if proxy is None else reading.rows.get(key_of(proxy.identity))
    by = shown_holder(one.holder)
    return row is not None and any(use.pair == (one.resource, one.session) and use.by == by for use in row.uses)


def obstacle(order: Take, reading: SheetReading, row: SheetRow | None, agreed: Said | None, now: str) -> Refused | None:
    """Why the sheet forbids a take: people have written something there that the store does not know yet."""
    if "used_for" not in reading.fields:
        return Refused("sheet_blocked")
    if row is None:
        return None if agreed is None else Refused("row_removed")
    if "used_for" in row.unread:
        return Refused("sheet_blocked")
    if row.said.get("status") in (Status.DISABLED.value, REMOVED):
        return Refused("disabled")
    expires = row.said.get("expires_at", "")
    if expires and _end(expires) < now:
        return Refused("expired_proxy")
    known = used_before(agreed or {})
    for use in row.uses:
        if use.pair == (order.resource, order.session) and use.by != shown_holder(order.holder):
            # What both sides knew and the store has ended since is only not wiped off yet.
            return (
                None
                if any(one.pair == use.pair for one in known)
                else Refused("resource_taken", 0.0, Holder(SHEET, use.by))
            )
    return None


def _end(text: str) -> str:
    return text if " " in text else f"{text} 23:59:59"


def after(uses: Sequence[Use], holds: Sequence[Hold]) -> list[Use]:
    """The uses of a row after these pairs have changed; the others stay as people have them, in their order."""
    found = {use.pair: use for use in uses}
    for hold in holds:
        if hold.kind is Held.ASSIGNMENT:
            found[hold.resource, hold.session] = use_of(hold)
        else:
            found.pop((hold.resource, hold.session), None)
    return list(found.values())


def agreed_after(agreed: Said | None, holds: Sequence[Hold]) -> Said:
    """What both sides know of the uses of a row once these pairs stand in it; what people have added there is not yet among it."""
    return written(after(used_before(agreed or {}), holds))
