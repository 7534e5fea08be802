"""One line of the table that `make bench` prints. Holds figures as text; measures nothing."""

from typing import NamedTuple


class Row(NamedTuple):
    """`holds` is None where a row has no bar or could not be judged here."""

    id: str
    what: str
    figure: str
    bar: str
    yardstick: str
    holds: bool | None
