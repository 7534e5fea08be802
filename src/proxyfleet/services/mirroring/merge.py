"""The rule of the mirror, field by field: three texts in (sheet, ours, what both agreed on last), what to do out. Pure.

Who has changed a field decides. When both have, the sheet wins for what a proxy is, because that is where people work; the
store wins for who uses it, because a sheet cannot decide a race. Either way the other side is told, and nothing is lost unsaid.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxyfleet.core.mirrored import FIELDS, PLACEHOLDER, SECRETS, Said, remembered
from proxyfleet.core.uses import Use


class Conflict(NamedTuple):
    """Both sides have changed something, or nobody knows who has: `kept` is what counts now, `dropped` what does not.

    Secrets are shown as stars.
    """

    key: str
    field: str
    kept: str
    dropped: str
    winner: str


@dataclass(slots=True)
class Merged:
    """`take` goes into the inventory, `give` out to the sheet, `agreed` is what both say already."""

    take: Said = field(default_factory=dict)
    give: Said = field(default_factory=dict)
    agreed: Said = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


def merge_fields(
    key: str, sheet: Said, ours: Said, agreed: Mapping[str, str], fleet: str, *, hidden: Collection[str]
) -> Merged:
    """Merge what a row and a record say; fields that the row says nothing about are left alone.

    Of `hidden` ones the sheet is to hold a placeholder only.
    """
    merged = Merged()
    for name in FIELDS:
        if name not in sheet:
            continue
        text, own, before = sheet[name], ours[name], agreed.get(name)
        if name in hidden:
            _merge_hidden(merged, name, text, own, before)
        elif text == own:
            merged.agreed[name] = own
        elif text == PLACEHOLDER and name in SECRETS:  # secrets are to stand in the sheet again
            merged.give[name] = own
        else:
            _merge_field(merged, Conflict(key, name, text, own, "sheet"), before, fleet)
    return merged


def _merge_field(merged: Merged, differing: Conflict, before: str | None, fleet: str) -> None:
    name, text, own = differing.field, differing.kept, differing.dropped
    if before is None:
        theirs, mine = bool(text), bool(own)
    else:
        theirs = remembered({name: text}, fleet)[name] != before
        mine = remembered({name: own}, fleet)[name] != before
    if mine and not theirs:
        merged.give[name] = own
        return
    merged.take[name] = text
    if theirs == mine:
        merged.conflicts.append(masked(differing))


def _merge_hidden(merged: Merged, name: str, text: str, own: str, before: str | None) -> None:
    """A secret that is kept out of the sheet: the placeholder says that there is one, an emptied cell that it is to go."""
    if text not in ("", PLACEHOLDER):
        merged.give[name] = PLACEHOLDER
        if text != own:
            merged.take[name] = text
    elif bool(text) == bool(own):
        merged.agreed[name] = text
    elif text or not before:
        merged.give[name] = PLACEHOLDER if own else ""
    else:
        merged.take[name] = ""


def masked(conflict: Conflict) -> Conflict:
    """The same without secrets."""
    if conflict.field not in SECRETS:
        return conflict
    kept, dropped = ("***" if text else "" for text in (conflict.kept, conflict.dropped))
    return conflict._replace(kept=kept, dropped=dropped)


@dataclass(slots=True)
class MergedUses:
    """`take` and `end` are what people did and the store is to follow; `show` is what the row is to say of all others.

    `wipe` are uses that the store has ended and the row still shows.
    """

    take: list[Use] = field(default_factory=list)
    end: list[Use] = field(default_factory=list)
    show: list[Use] = field(default_factory=list)
    wipe: list[Use] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def merge_uses(key: str, row: Sequence[Use], held: Sequence[Use], agreed: Sequence[Use]) -> MergedUses:
    """Merge who uses a proxy by its row, by the store, and by what both agreed on last."""
    ours = {use.pair: use for use in held}
    known = {use.pair: use for use in agreed}
    merged = MergedUses()
    for use in row:
        own = ours.pop(use.pair, None)
        if own is not None:
            merged.show.append(own)
            before = known.get(use.pair)
            if before is not None and use[2:] not in (own[2:], before[2:]):
                merged.conflicts.append(Conflict(key, "taken_by", _who(own), _who(use), "store"))
        else:
            (merged.wipe if use.pair in known else merged.take).append(use)
    for pair, own in ours.items():
        if pair in known:
            merged.end.append(own)
        else:
            merged.show.append(own)
    return merged


def _who(use: Use) -> str:
    return f"{use.resource}: {use.by} {use.at}".strip()
