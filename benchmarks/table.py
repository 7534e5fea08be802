"""`make bench`: runs every program of this folder and prints one table; `--write` puts it into benchmarks/README.md too."""

import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.row import Row

PROGRAMS = ("picking", "parse", "gateway", "startup", "store")
README = Path(__file__).parent / "README.md"
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


def lines(rows: list[Row]) -> list[str]:
    """The rows as a Markdown table."""
    held = {True: "yes", False: "**no**", None: ""}
    table = [
        "| id | what | figure | bar | yardstick in the same run | holds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return table + [f"| {r.id} | {r.what} | {r.figure} | {r.bar} | {r.yardstick} | {held[r.holds]} |" for r in rows]


def show(rows: list[Row]) -> None:
    """Print the table."""
    print("\n".join([machine(), "", *lines(rows)]), flush=True)


def write(rows: list[Row]) -> None:
    """Replace the table in the README."""
    text = README.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    README.write_text("\n".join([head + BEGIN, machine(), "", *lines(rows), END + tail]))


def main() -> None:
    """Run what is asked for (names of programs), or everything."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(PROGRAMS)
    rows: list[Row] = []
    for name in names:
        if not (Path(__file__).parent / f"{name}.py").exists():
            continue
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        run: Callable[[], list[Row]] = import_module(f"benchmarks.{name}").run
        rows += run()
    show(rows)
    if "--write" in sys.argv:
        write(rows)


if __name__ == "__main__":
    main()
