"""What one exchange has to do, row by row: a reading, the inventory, the assignments and what was agreed on in; a plan out.

Pure. A row that is missing was deleted by people if both sides knew it; one that the inventory lacks was taken out by the
program. More than half of the rows gone at once is an accident until somebody says otherwise.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from proxyfleet.core.errors import FleetError
from proxyfleet.core.mirrored import (
    FIELDS,
    PLACEHOLDER,
    REMOVED,
    SECRETS,
    Identity,
    Said,
    key_of,
    outgoing,
    remembered,
    said,
)
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.uses import Use, used_before, written
from proxyfleet.ports.sheet import SheetReading, SheetRow
from proxyfleet.services.mirroring.merge import MergedUses, merge_fields, merge_uses
from proxyfleet.services.mirroring.records import new_proxy, waits
from proxyfleet.services.mirroring.report import MirrorReport

FEW: Final = 10
"""So many rows may always go."""
SHARE: Final = 0.5


class MassRemoval(FleetError):
    """Many rows or assignments are gone at once, as after an accident; nothing is done before somebody says so."""

    code = "sheet_suspicious"


class Ways(NamedTuple):
    """Which way things go: `into` the inventory, `out` to the sheet. `removals`: also where much is gone at once."""

    into: bool = True
    out: bool = True
    removals: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """Everything that is compared; `uses` are the assignments by proxy id."""

    reading: SheetReading
    proxies: Mapping[str, Proxy]
    uses: Mapping[int, Sequence[Use]]
    agreed: Mapping[str, Said]
    fleet: str
    vault: bool = False

    @property
    def hidden(self) -> frozenset[str]:
        """The secrets that have a column of their own and are to be kept out of it."""
        return SECRETS & self.reading.fields if self.vault else frozenset()


@dataclass(slots=True)
class Plan:
    """`added`, `changed` and `removed` concern the inventory, `edits` and `rows` the sheet; all by key.

    `proxies` and `known` are what was compared, `texts` what new rows say, `shown` what is agreed on once `edits` are written.
    """

    report: MirrorReport
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    known: Mapping[str, Said] = field(default_factory=dict)
    texts: dict[str, Said] = field(default_factory=dict)
    shown: dict[str, Said] = field(default_factory=dict)
    added: dict[str, Proxy] = field(default_factory=dict)
    changed: dict[str, Said] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    uses: dict[str, MergedUses] = field(default_factory=dict)
    edits: dict[str, Said] = field(default_factory=dict)
    rows: list[tuple[Identity, Said]] = field(default_factory=list)
    agreed: dict[str, Said | None] = field(default_factory=dict)


def plan_of(sides: Sides, ways: Ways, now: float) -> Plan:
    """Compare both sides. Raises `MassRemoval`."""
    reading = sides.reading
    report = MirrorReport(reading.at, len(reading.rows), problems=list(reading.problems), repairs=list(reading.repairs))
    plan = Plan(report, sides.proxies, sides.agreed)
    for key, row in reading.rows.items():
        proxy = sides.proxies.get(key)
        if proxy is not None:
            _both(plan, sides, key, row, proxy, now)
        elif row.said.get("status") != REMOVED:
            _only_in_sheet(plan, sides, key, row, now)
    for key, proxy in sides.proxies.items():
        if key not in reading.rows and fits(proxy, reading.fields):
            _only_in_inventory(plan, sides, key, proxy, now)
        elif key not in reading.rows:
            plan.report.notes.append(
                f"{key}: the sheet has no column that could tell it from others; "
                "run `proxyfleet sheet connect` again: it adds scheme and username"
            )
    for key in sides.agreed.keys() - reading.rows.keys() - sides.proxies.keys():
        plan.agreed[key] = None
    if ways.into and not ways.removals:
        _check_removals(plan, sides)
    return plan


def fits(proxy: Proxy, fields: Collection[str]) -> bool:
    """Whether a row with these columns can say which proxy it is, so that its absence means something."""
    spoken = proxy.scheme.family == "http" or "scheme" in fields
    return "proxy" in fields or (spoken and (proxy.username is None or "username" in fields))


def _both(plan: Plan, sides: Sides, key: str, row: SheetRow, proxy: Proxy, now: float) -> None:
    agreed = sides.agreed.get(key, {})
    if row.said.get("status") == REMOVED:  # it was taken out once and has come back by another way
        row = row._replace(said={name: text for name, text in row.said.items() if name != "status"})
        plan.edits.setdefault(key, {})["status"] = said(proxy)["status"]
    merged = merge_fields(key, row.said, said(proxy), agreed, sides.fleet, hidden=sides.hidden)
    plan.report.conflicts += merged.conflicts
    if merged.take:
        plan.changed[key] = merged.take
    if merged.give:
        plan.edits.setdefault(key, {}).update(merged.give)
    kept = remembered(merged.agreed, sides.fleet)
    if any(agreed.get(name) != text for name, text in kept.items()):
        plan.agreed[key] = {**agreed, **kept}
    if "used_for" in sides.reading.fields and "used_for" not in row.unread:
        plan.uses[key] = merge_uses(key, row.uses, sides.uses.get(proxy.id, ()), used_before(agreed))
        plan.report.conflicts += plan.uses[key].conflicts
    _show_days(plan, key, row, proxy, now)


def _show_days(plan: Plan, key: str, row: SheetRow, proxy: Proxy, now: float) -> None:
    left = days_left(proxy, now)
    if row.said.get("days_left", left) != left:
        plan.edits.setdefault(key, {})["days_left"] = left


def days_left(proxy: Proxy, now: float) -> str:
    """What the column of that name shows; empty where there is no end."""
    left = proxy.days_left(now)
    return "" if left is None else str(left)


def _only_in_sheet(plan: Plan, sides: Sides, key: str, row: SheetRow, now: float) -> None:
    if key in sides.agreed and sides.agreed[key].get("status") != REMOVED:
        _taken_out(plan, sides, key, row)
        return
    if waits(row):
        plan.report.notes.append(f"{key}: waits, because a cell of it cannot be read")
        return
    try:
        plan.added[key] = new_proxy(row)
    except FleetError as error:
        plan.report.notes.append(f"{key}: cannot be added ({error})")
        return
    plan.texts[key] = {name: row.said[name] for name in FIELDS if name in row.said}
    plan.uses[key] = merge_uses(key, row.uses, (), ())
    _show_days(plan, key, row, plan.added[key], now)
    hidden = [name for name in sides.hidden if row.said.get(name) not in (None, "", PLACEHOLDER)]
    if hidden:
        plan.edits.setdefault(key, {}).update(dict.fromkeys(hidden, PLACEHOLDER))


def _taken_out(plan: Plan, sides: Sides, key: str, row: SheetRow) -> None:
    """The program has removed it: the row stays the people's and says so; another status there adds it again."""
    if "status" not in sides.reading.fields:
        plan.report.notes.append(f"{key}: is not in the fleet any more, and there is no column 'status' to say so")
        return
    plan.edits[key] = {"status": REMOVED, **(written(()) if row.uses else {})}


def _only_in_inventory(plan: Plan, sides: Sides, key: str, proxy: Proxy, now: float) -> None:
    used = sides.uses.get(proxy.id, ())
    if key in sides.agreed and not used:
        plan.removed.append(key)
        return
    if key in sides.agreed:
        resources = ", ".join(use.resource for use in used)
        plan.report.notes.append(
            f"{key}: its row was deleted while it is taken for {resources}; the row is written again. "
            "Give it back first, or disable it"
        )
    shown = {"days_left": days_left(proxy, now)} | written(used)
    plan.rows.append((proxy.identity, outgoing(proxy, vault=sides.vault) | shown))


def _check_removals(plan: Plan, sides: Sides) -> None:
    ended = sum(len(merged.end) for merged in plan.uses.values())
    for count, known, what in (
        (len(plan.removed), len(sides.agreed), "proxies"),
        (ended, sum(len(used_before(row)) for row in sides.agreed.values()), "assignments"),
    ):
        if count > FEW and count > SHARE * known:
            raise MassRemoval(
                f"{count} of {known} {what} are gone from the sheet at once; nothing was done. If that is meant, run "
                "`proxyfleet sheet pull --removals`; else restore the sheet by its version history"
            )


def lines_of(plan: Plan) -> list[tuple[str, str, str]]:
    """(side that would change, proxy, what) for people: names of fields, no values."""
    found = [("fleet", key, "added") for key in plan.added]
    found += [("fleet", key, "changed: " + ", ".join(sorted(texts))) for key, texts in plan.changed.items()]
    found += [("fleet", key, "removed") for key in plan.removed]
    for key, merged in plan.uses.items():
        found += [("fleet", key, f"taken for {use.resource}") for use in merged.take]
        found += [("fleet", key, f"given back for {use.resource}") for use in merged.end]
    found += [("sheet", key, "written: " + ", ".join(sorted(said))) for key, said in plan.edits.items()]
    found += [("sheet", key_of(identity), "gets a row") for identity, _ in plan.rows]
    found += [("both", one.key, f"conflict in {one.field}, {one.winner} wins") for one in plan.report.conflicts]
    return found
