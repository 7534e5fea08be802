"""What is remembered of a mirrored sheet, in dicts of this process: the reference. Decides nothing about rows."""

from collections.abc import Collection

from proxyfleet.core.mirrored import Said
from proxyfleet.ports.sheet import Claiming, OpenWrite, SheetNote


class MemorySheetMemory:
    """`ports.SheetMemory` of one process."""

    def __init__(self) -> None:
        self._agreed: dict[str, Said] = {}
        self._open: dict[str, OpenWrite] = {}
        self._claiming: dict[Claiming, None] = {}

    async def agreed(self, keys: Collection[str] | None = None) -> dict[str, Said]:
        """The rows that both sides agreed on last."""
        wanted = self._agreed if keys is None else keys
        return {key: dict(self._agreed[key]) for key in wanted if key in self._agreed}

    async def open_writes(self) -> list[OpenWrite]:
        """Writes that were not seen on the sheet yet, oldest first."""
        return list(self._open.values())

    async def claiming(self) -> list[Claiming]:
        """Pairs whose taking was not finished."""
        return list(self._claiming)

    async def note(self, note: SheetNote) -> None:
        """Remember at once."""
        for key, said in note.agreed.items():
            if said is None:
                self._agreed.pop(key, None)
            else:
                self._agreed[key] = dict(said)
        self._open.update((write.id, write) for write in note.opened)
        for write_id in note.closed:
            self._open.pop(write_id, None)
        self._claiming.update(dict.fromkeys(note.claiming))
        for pair in note.settled:
            self._claiming.pop(pair, None)
