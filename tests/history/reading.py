"""Histories of many processes as batches and changes; a last line that a killed process left unfinished is no line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Batch:
    """`now` and `answers` are None where no answer came: it may have been decided or not. `after`: the latest instant of the
    store that its process had been told before it asked. `wall` and `answered`: when it was sent and its answer was there.
    """

    wall: float
    orders: list[list[Any]]
    after: float
    answered: float = 0.0
    now: float | None = None
    answers: list[list[Any]] | None = None


@dataclass(slots=True)
class CapacityChange:
    """In force from some instant between `begun` and `done`; perhaps, when it was never done."""

    begun: float
    proxy_id: int
    capacity: int
    done: float | None = None


@dataclass(slots=True)
class Told:
    """Everything that all processes have written down.

    `exact`: all orders of a batch are decided at its instant `now`; else each at one of its own, before the answer was there.
    """

    exact: bool = True
    batches: list[Batch] = field(default_factory=list)
    changes: list[CapacityChange] = field(default_factory=list)


def lines_of(path: Path) -> Iterator[list[Any]]:
    """The finished lines of a file."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def read(files: Iterable[Iterable[list[Any]]], *, exact: bool = True) -> Told:
    """The histories of these processes, each the lines of one file."""
    told = Told(exact)
    for lines in files:
        _read(lines, told)
    return told


def _read(lines: Iterable[list[Any]], told: Told) -> None:
    batches: dict[int, Batch] = {}
    changes: dict[int, CapacityChange] = {}
    latest = 0.0
    for kind, number, *rest in lines:
        if kind == "I":
            batches[number] = Batch(rest[0], rest[1], latest)
        elif kind == "R":
            batches[number].answered, batches[number].now, batches[number].answers = rest
            latest = max(latest, rest[1])
        elif kind == "C":
            changes[number] = CapacityChange(*rest)
        elif kind == "D":
            changes[number].done = rest[0]
    told.batches += batches.values()
    told.changes += changes.values()
