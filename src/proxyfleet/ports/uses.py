"""What nodes tell each other about the limits of gateway users (SPEC rule 18), as Protocols; no code."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from proxyfleet.ports import UserLookup


class UserUse(NamedTuple):
    """What one user does at one node: requests and tunnels under way; those asked for lately, newer ones counting more;
    bytes since the user came, while the user stays; the most that were wanted at a time since this was last told.
    """

    active: int
    asked: float
    moved: int
    wanted: int = 0


class Elsewhere(NamedTuple):
    """The same at all other nodes together; `moved` since this was last told, `nodes` where something was asked for.

    `wanted` are those of each node, in an order that all nodes share; `place` is where in it we come ourselves.
    """

    active: int = 0
    asked: float = 0.0
    nodes: int = 0
    moved: int = 0
    wanted: tuple[int, ...] = ()
    place: int = 0


class Metered(Protocol):
    """Whoever counts what users do here, and judges by what they do elsewhere."""

    def uses(self) -> dict[str, UserUse]:
        """Every user with limits who was here in the last minute, by name; called once for each telling."""
        ...

    def hear(self, elsewhere: Mapping[str, Elsewhere], users: UserLookup) -> None:
        """What all other nodes told; whoever is not named does nothing elsewhere."""
        ...
