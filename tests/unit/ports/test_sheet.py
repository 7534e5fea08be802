"""What can be said of a sheet without showing what is in it."""

from proxyfleet.ports.sheet import CellProblem, SheetRow


def test_a_problem_names_its_place() -> None:
    assert CellProblem(3, "Port", "x").place == "row 3, column 'Port'"
    assert CellProblem(3, "", "x").place == "row 3"
    assert CellProblem(0, "", "x").place == "the sheet"


def test_a_row_does_not_show_its_cells() -> None:
    row = SheetRow(("http", "h.example", 80, None), (4,), {"password": "canary"})
    assert "canary" not in repr(row)
    assert "h.example" in repr(row)
