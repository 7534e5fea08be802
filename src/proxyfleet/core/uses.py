"""Who uses a proxy for what since when, as three texts that stand in the cells of a row: read tolerantly, written in one form.

`shop-a, "shop, b"` in the first, `ann, bob` in the second and times in the third, in the same order. A session of a rotating
proxy stands behind its resource in brackets. Pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from proxyfleet.core.lease import Hold, Holder
from proxyfleet.core.mirrored import instant

CELLS: Final = ("used_for", "taken_by", "taken_at")
SHEET: Final = "sheet"
"""The principal of assignments that people wrote into the sheet: nobody has proved who they are."""
LOCAL: Final = "local"
"""The principal of whoever may open the store's file, as `assembly.fleet` has it."""
NOBODY: Final = "-"
"""Stands for an empty name between others."""
_TO_QUOTE: Final = re.compile(r'[,;\n"\[\]]|^\s|\s$')
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,;\n"\[][^,;\n\[]*))?\s*(?:\[([^\]\n]*)\])?\s*(?:[,;\n]|$)')


class Use(NamedTuple):
    """One assignment as a row shows it: `by` and `at` are text, empty where nobody wrote them."""

    resource: str
    session: str = ""
    by: str = ""
    at: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """What is held of the row's proxy."""
        return self.resource, self.session


def items(text: str) -> list[tuple[str, str]]:
    """(name, what stands in brackets) of each item of a list; empty items count only between others."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None or match.end() == at:  # an odd quote: what is left is one name
            found.append((text[at:].strip(), ""))
            break
        quoted, bare, inside = match.groups()
        name = quoted.replace('""', '"') if quoted is not None else (bare or "").strip()
        name = "" if name == NOBODY and quoted is None else name
        found.append((name, inside or ""))
        at = match.end()
    return found


def uses_of(used_for: str, taken_by: str = "", taken_at: str = "") -> tuple[tuple[Use, ...], bool]:
    """The uses of a row, and whether who and when can be told: False where there are more of them than uses."""
    wanted = [one for one in items(used_for) if one[0]]
    names = [name for name, _ in items(taken_by)]
    times = [taken_at] if len(wanted) == 1 and taken_at else [name for name, _ in items(taken_at)]
    clear = len(names) in (0, 1, len(wanted)) and len(times) in (0, 1, len(wanted))
    people = names * len(wanted) if len(names) == 1 else names
    found: dict[tuple[str, str], Use] = {}
    for at, (resource, session) in enumerate(wanted):
        by = people[at] if clear and at < len(people) else ""
        when = times[at if len(times) == len(wanted) else 0] if clear and times else ""
        found.setdefault((resource, session), Use(resource, session, by, when))
    return tuple(found.values()), clear


def use_of(hold: Hold) -> Use:
    """An assignment as a row shows it."""
    return Use(hold.resource, hold.session, shown_holder(hold.holder), instant(hold.since))


def shown_holder(holder: Holder) -> str:
    """A holder as the cell names it: by the label alone where the principal says nothing about who it is."""
    if holder.principal == SHEET or (holder.principal == LOCAL and holder.label):
        return holder.label
    return str(holder)


def holder_of(text: str) -> Holder:
    """Whom a person meant who wrote this into `taken_by`: proved by nobody, so it is a label of the sheet."""
    return Holder(SHEET, text)


def written(uses: Iterable[Use]) -> dict[str, str]:
    """The texts of the three cells."""
    found = list(uses)
    return {
        "used_for": ", ".join(_quoted(use.resource) + (f" [{use.session}]" if use.session else "") for use in found),
        "taken_by": _joined([use.by for use in found]),
        "taken_at": _joined([use.at for use in found]),
    }


def used_before(cells: Mapping[str, str]) -> tuple[Use, ...]:
    """The uses that three texts by name tell of."""
    return uses_of(*(cells.get(name, "") for name in CELLS))[0]


def to_write(wanted: Sequence[Use], row: Sequence[Use], cells: Mapping[str, str]) -> dict[str, str]:
    """The cells that have to change so that a row shows these uses; none where it says the same in words of its own.

    `row` are the uses that were read from `cells`.
    """
    left_over = not wanted and any(cells.get(name) for name in CELLS)
    if list(wanted) == list(row) and not left_over:
        return {}
    return {name: text for name, text in written(wanted).items() if text != cells.get(name, "")}


def _joined(texts: Sequence[str]) -> str:
    return ", ".join(map(_quoted, texts)) if any(texts) else ""


def _quoted(text: str) -> str:
    if not text:
        return NOBODY
    return '"' + text.replace('"', '""') + '"' if text == NOBODY or _TO_QUOTE.search(text) else text
