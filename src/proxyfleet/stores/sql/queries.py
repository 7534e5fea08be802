"""Reads `queries.sql` once and gives its statements by name. Holds no SQL of its own and runs none."""

from pathlib import Path

from proxyfleet.stores.records import COLUMNS


def statements(text: str) -> dict[str, str]:
    """Name to statement: a statement follows a line `-- its_name`; other comments hold more than one word."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        words = line.removeprefix("--").split() if line.startswith("--") else []
        if len(words) == 1:
            name = words[0]
        elif line and not words:
            found[name] = f"{found[name]}\n{line}" if name in found else line
    row, marks = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
    return {name: sql.replace("{row}", row).replace("{marks}", marks) for name, sql in found.items()}


SQL = statements(Path(__file__).with_name("queries.sql").read_text(encoding="utf-8"))
