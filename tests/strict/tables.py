"""Tables of `tests/data/http/*.txt`: prose, then a line of column names, then one line per case; ` | ` between cells."""

from pathlib import Path

from tests.strict.corpora import OWN


def rows(name: str, folder: Path = OWN) -> dict[str, dict[str, str]]:
    """Cells by column name, by case name. A case that is there twice is an error of the table."""
    lines = iter((folder / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    columns: list[str] = []
    while not columns:
        line = next(lines)
        columns = line.split(" | ") if line.startswith("name | ") else []
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        cells = dict(zip(columns, (cell.strip() for cell in line.split("|")), strict=True))
        assert cells["name"] not in found, f"{name}.txt names {cells['name']} twice"
        found[cells["name"]] = cells
    return found
