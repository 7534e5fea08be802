"""The reference page of what can be wrong with the cells of a sheet, drawn from the table of codes; registered in `generate`."""

from proxyfleet.stores.sheets.problems import HARMLESS, OWN, PROBLEMS


def sheet_problems_page() -> str:
    """Every code of a problem: those that only sheets have first."""
    from docs.generate import page, table

    def rows(codes: list[str]) -> list[list[str]]:
        return [[f"`{code}`", PROBLEMS[code].meaning, PROBLEMS[code].remedy] for code in codes]

    head = ("code", "meaning", "remedy")
    harmless = ", ".join(f"`{code}`" for code in sorted(HARMLESS))
    return page(
        "Problems of a sheet",
        "`proxyfleet sheet status` lists what is wrong by row and column; `sheet pull` and `push` do so too. A problem costs its\n"
        f"own cell only, and changes nothing by itself. Nothing is left out because of {harmless}.",
        "## Of sheets",
        table(head, rows(list(OWN))),
        "## Of values",
        "The same as in [lists](text-formats.md).",
        table(head, rows([code for code in PROBLEMS if code not in OWN])),
    )
