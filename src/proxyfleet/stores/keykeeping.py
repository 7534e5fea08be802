"""What stores with sealed secrets have in common about their keys: figures for people, limits, and what can be asked of them."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from proxyfleet.vault import KeyState, MasterKey

USES_BLOCK = 10_000
"""Uses of a key that a process books at once, before they happen."""
MOST_USES = 2**32
"""Beyond this many random nonces one key must not seal any more (NIST SP 800-38D)."""


class KeyStatus(NamedTuple):
    """One data key for people: `values` is how many secrets need it, `due` whether it should be rotated."""

    kid: str
    state: KeyState
    master: str
    created: float
    uses: int
    values: int
    due: bool


@runtime_checkable
class KeyKeeper(Protocol):
    """A store whose secrets are sealed. Every method may raise `stores.errors.StoreError`."""

    @property
    def master(self) -> MasterKey:
        """The key that locks all data keys."""
        ...

    async def key_status(self) -> list[KeyStatus]:
        """All data keys, oldest first."""
        ...

    async def rotate(self, progress: Callable[[int], None] | None = None) -> int:
        """Replace the data key and re-encrypt every secret, or finish what an earlier call began; how many there were.

        `progress` is told that number after each batch. Reading and writing go on meanwhile, in other processes too.
        """
        ...

    async def change_master(self, new: MasterKey) -> int:
        """Wrap the data keys with another master key, in one step; how many. From then on only the new one opens them."""
        ...
