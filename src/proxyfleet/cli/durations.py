"""Durations as people write them, `90`, `90s`, `10m`, `2h`, `7d`: the same everywhere on the command line. Reads, nothing else."""

import math
from typing import Final

import typer

FACTORS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
METAVAR: Final = "DURATION"


def duration(text: str | float) -> float:
    """`10m` as 600.0, a bare number as seconds. Raises `typer.BadParameter` for anything else."""
    word = str(text).strip().lower()
    factor = FACTORS.get(word[-1:])
    try:
        found = float(word if factor is None else word[:-1]) * (factor or 1.0)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or found < 0:
        raise typer.BadParameter(f"{text!r} is no duration; write seconds, or a number with s, m, h or d, such as 10m")
    return found
