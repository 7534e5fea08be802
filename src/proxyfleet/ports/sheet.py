"""What a sheet that mirrors an inventory offers, and what a store keeps of it, as Protocols: no code."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from proxyfleet.core.lease import Holder
from proxyfleet.core.mirrored import Identity, Said
from proxyfleet.core.uses import Use


class CellProblem(NamedTuple):
    """Something wrong in a sheet: `row` counts from 1 as people see it, 0 is the whole tab; `column` is its heading.

    `code` is one of `stores.sheets.problems`; no value of a cell is ever in it.
    """

    row: int
    column: str
    code: str

    @property
    def place(self) -> str:
        """For people."""
        column = f"column {self.column!r}" if self.column else ""
        return ", ".join(part for part in (f"row {self.row}" if self.row else "", column) if part) or "the sheet"


class SheetRow(NamedTuple):
    """One proxy of a sheet. `rows` are where it stands, several where it was duplicated; `said` are the texts of its cells.

    A field in `unread` has a cell that cannot be used now, so nothing is said about it and nothing may be concluded.
    """

    identity: Identity
    rows: tuple[int, ...]
    said: Said
    uses: tuple[Use, ...] = ()
    unread: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"SheetRow({self.rows}, {self.identity[1]!r})"  # never what its cells hold


class Repair(NamedTuple):
    """A cell that gets back what people had in it: a write for the row `meant` had hit it, because rows were moved meanwhile.

    Where both are the same row, people had just edited the very cell that was written.
    """

    meant: str
    found: str
    column: str


class SheetReading(NamedTuple):
    """A sheet as people have left it at `at`: rows by `mirrored.key_of`, the fields that have a column, what is wrong."""

    at: float
    rows: Mapping[str, SheetRow]
    fields: frozenset[str]
    problems: tuple[CellProblem, ...] = ()
    repairs: tuple[Repair, ...] = ()


class Landing(NamedTuple):
    """What became of a write: keys of rows that show it now, and why others do not; what is in neither is not known yet."""

    landed: frozenset[str]
    blocked: Mapping[str, CellProblem]


class Sheet(Protocol):
    """A spreadsheet that people edit at the same time. Raises `stores.sheets.errors.SheetError` and its kinds.

    Rows are found by identity in every read; where a row has moved between a read and a write, the next read finds out.
    """

    async def read(self, *, fresh: bool = False) -> SheetReading:
        """The sheet, at most a cache period old, or read now. An empty answer is an error and never a reading."""
        ...

    async def write(
        self,
        edits: Mapping[str, Said],
        rows: Sequence[tuple[Identity, Said]] = (),
        agreed: Mapping[str, Said] = {},
    ) -> Landing:
        """Change cells of the rows last read, by key, and append rows: one call. Only the cells named are touched.

        `agreed` is what both sides know once a row is written, where that is not what stands in its cells.
        """
        ...


class OpenWrite(NamedTuple):
    """Cells that were sent to a sheet and not seen there yet: of the row `key`, at `row` (0: a new row).

    `said` is what both sides agree on once they are seen, secrets as marks (`mirrored.remembered`).
    """

    id: str
    key: str
    row: int
    said: Said
    at: float


class Claiming(NamedTuple):
    """A pair that is being taken: decided here, but not yet seen on the sheet, so not acknowledged."""

    proxy_id: int
    resource: str
    session: str
    holder: Holder


class SheetNote(NamedTuple):
    """What is to be remembered of a sheet, in one commit. `agreed` replaces rows, None forgets one."""

    agreed: Mapping[str, Said | None] = {}
    opened: Sequence[OpenWrite] = ()
    closed: Sequence[str] = ()
    claiming: Sequence[Claiming] = ()
    settled: Sequence[Claiming] = ()


class SheetMemory(Protocol):
    """What a store keeps of the sheet that mirrors its inventory: what both sides agreed on last, and what is open.

    Every method may raise `stores.errors.StoreError`.
    """

    async def agreed(self, keys: Collection[str] | None = None) -> dict[str, Said]:
        """The rows, all or these, that sheet and inventory agreed on last; secrets as marks (`mirrored.remembered`)."""
        ...

    async def open_writes(self) -> list[OpenWrite]:
        """Writes that were not seen on the sheet yet, oldest first."""
        ...

    async def claiming(self) -> list[Claiming]:
        """Pairs whose taking was not finished."""
        ...

    async def note(self, note: SheetNote) -> None:
        """Remember, durably and at once."""
        ...


class Locks(Protocol):
    """The part of `ports.Journal` by which processes of one fleet take turns at the sheet."""

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool:
        """Have the lock for so long; False while somebody else has it."""
        ...

    async def release_lock(self, name: str, holder: str) -> None:
        """Give it back."""
        ...
