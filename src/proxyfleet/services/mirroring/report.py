"""What one exchange with the sheet did, and what it could not do: counts, and a line for everything that needs a look.

No text of a cell that holds a secret is ever in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from proxyfleet.ports.sheet import CellProblem, Repair
from proxyfleet.services.mirroring.merge import Conflict

KEPT: Final = 1_000
"""Lines of one kind that a report keeps; the counts are always complete."""
INTO: Final = ("added", "changed", "removed", "taken", "given_back")
OUT: Final = ("added", "changed", "removed", "assignments")


@dataclass(slots=True)
class MirrorReport:
    """`read_at` is when the sheet was read. `into` counts what came in, `out` what went out."""

    read_at: float = 0.0
    rows: int = 0
    into: dict[str, int] = field(default_factory=lambda: dict.fromkeys(INTO, 0))
    out: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUT, 0))
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    """One line for each change, with names of fields only."""
    notes: list[str] = field(default_factory=list)
    """What was left as it is, and why."""
    unsure: int = 0
    """Rows of which it is not known yet whether they were written; the next exchange tells."""
    failure: str | None = None
    """Why it ended early; what is told besides has happened all the same."""

    @property
    def quiet(self) -> bool:
        """Whether there was nothing to do and nothing to say."""
        counts = (*self.into.values(), *self.out.values(), self.unsure)
        return not any(counts) and not (self.conflicts or self.repairs or self.notes or self.failure)

    def change(self, text: str) -> None:
        """Tell one change."""
        if len(self.changes) < KEPT:
            self.changes.append(text)

    def as_json(self) -> dict[str, object]:
        """What programs get."""
        return {
            "rows": self.rows,
            "into": self.into,
            "out": self.out,
            "unsure": self.unsure,
            "failure": self.failure,
            "changes": self.changes,
            "conflicts": [one._asdict() for one in self.conflicts[:KEPT]],
            "problems": [one._asdict() for one in self.problems[:KEPT]],
            "repairs": [one._asdict() for one in self.repairs[:KEPT]],
            "notes": self.notes[:KEPT],
        }

    def lines(self, meaning: Mapping[str, str]) -> list[str]:
        """For people: what needs a look, most urgent first; `meaning` says what the code of a problem means."""
        told = [f"failed: {self.failure}"] if self.failure else []
        told += [f"moved: {_moved(one)}" for one in self.repairs]
        told += [
            f"conflict: {one.key} {one.field}: {one.kept!r} ({one.winner}) counts, not {one.dropped!r}"
            for one in self.conflicts
        ]
        told += [f"note: {note}" for note in self.notes]
        told += [f"{one.place}: {meaning.get(one.code, one.code)}" for one in self.problems]
        return told


def _moved(one: Repair) -> str:
    if one.meant == one.found:
        return f"{one.meant}, column {one.column!r}, was edited while it was being written; the edit counts"
    return f"a write for {one.meant} had hit {one.found}, column {one.column!r}; what stood there is back"
