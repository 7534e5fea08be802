"""Figures of several runs of one measurement: their median, which is judged, and their spread, which is shown."""

import statistics
from typing import NamedTuple


class Runs(NamedTuple):
    """One figure for each run."""

    runs: list[float]
    unit: str = "us"

    @property
    def median(self) -> float:
        """Of all runs."""
        return statistics.median(self.runs)

    def over(self, other: "Runs") -> float:
        """The median of the ratios of each run: what disturbs a round of both disturbs their ratio less."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.runs, other.runs, strict=True) if theirs)

    def __str__(self) -> str:
        return f"{self.median:.4g} {self.unit} ({min(self.runs):.3g}-{max(self.runs):.3g})"
