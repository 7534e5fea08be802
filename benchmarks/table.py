"""`make bench`: runs every program of this folder and prints one table; `--write` puts it into benchmarks/README.md too.

Rows of programs that did not run stay if they are of this machine; `bench NAME ...` measures some again.
"""

import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from traceback import print_exception

from benchmarks.row import Row

PROGRAMS = (
    "picking",
    "parse",
    "gateway",
    "tunnel",
    "latency",
    "processes",
    "startup",
    "store",
    "leases",
    "leases_busy",
    "leases_shared",
    "sources",
    "checks",
    "sheets",
)
README = Path(__file__).parent / "README.md"
HEAD = (
    "| program | id | what | figure | bar | yardstick in the same run | holds | loop |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
TURNS = 20_000_000
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def machine() -> str:
    """What the figures were taken on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} x {model}, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"


def line(program: str, told: str, row: Row) -> str:
    """One row of the Markdown table."""
    held = {True: "yes", False: "**no**", None: ""}[row.holds]
    return f"| {program} | {row.id} | {row.what} | {row.figure} | {row.bar} | {row.yardstick} | {held} | {told} |"


def speed() -> float:
    """Turns of an empty loop, in millions a second: what this machine gives us just now."""
    began = perf_counter()
    for _ in range(TURNS):
        pass
    return TURNS / 1e6 / (perf_counter() - began)


def measured(program: str) -> list[str]:
    """The rows of one program; what keeps it from measuring is a row too, so that the others are not lost."""
    print(f"measuring: {program}", file=sys.stderr, flush=True)
    run: Callable[[], list[Row]] = import_module(f"benchmarks.{program}").run
    before = speed()
    try:
        rows = run()
    except Exception as problem:  # anything: the yardsticks are other people's programs
        print_exception(problem)
        rows = [Row("", "this program failed", type(problem).__name__, "", "", False)]
    told = f"{before:.0f} / {speed():.0f}"
    return [line(program, told, row) for row in rows]


def write(program: str, rows: list[str]) -> None:
    """Put the rows of one program into the README's table, in the order of the programs, in place of its earlier ones."""
    text = README.read_text()
    head, rest = text.split(BEGIN)
    table, tail = rest.split(END)
    same = table.lstrip().startswith(machine())
    kept = [found for found in table.splitlines() if same and found.startswith("| ") and program_of(found) != program]
    known = sorted((found for found in [*kept, *rows] if program_of(found) in PROGRAMS), key=place)
    README.write_text("\n".join([head + BEGIN, machine(), "", *HEAD, *known, END + tail]))


def program_of(row: str) -> str:
    """Its first cell."""
    return row.split("|")[1].strip()


def place(row: str) -> int:
    """Where the program of a row comes in the table."""
    return PROGRAMS.index(program_of(row))


def main() -> None:
    """Run what is asked for (names of programs), or everything."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process compiles everything anew
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(PROGRAMS)
    rows: list[str] = []
    for name in names:
        rows += (found := measured(name))
        if "--write" in sys.argv:
            write(name, found)
    print("\n".join([machine(), "", *HEAD, *rows]), flush=True)


if __name__ == "__main__":
    main()
