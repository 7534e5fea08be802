"""What can be wrong with a sheet and its cells: a closed table of codes, each with its meaning and its remedy.

Codes never change meaning; docs/reference/sheet-problems.md lists every one. What is found here changes nothing by itself.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from proxyfleet.ports.sheet import CellProblem
from proxyfleet.wire.text.reasons import REASONS, Reason

OWN: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "duplicate_row": Reason(
            "several rows are the same proxy", "delete all but one; until then where they differ nothing is taken over"
        ),
        "unknown_heading": Reason("a heading that is nearly one of ours", "rename the column, or leave it as your own"),
        "duplicate_column": Reason("two columns for one field; the first one counts", "rename or delete one of them"),
        "missing_column": Reason(
            "a column that is needed is missing", "run `proxyfleet sheet connect` again: it adds it"
        ),
        "number_as_text": Reason(
            "a number that is stored as text; it is read all the same", "format the cell as a number"
        ),
        "text_as_number": Reason(
            "a user name or password that became a number: leading zeros and long digits are lost",
            "format the column as plain text and type it again",
        ),
        "formula_error": Reason("a formula that shows an error", "correct the formula"),
        "formula": Reason("a formula stands where a value would be written; it is left alone", "replace it by a value"),
        "in_address": Reason(
            "the password stands in the cell of the address, which is never rewritten",
            "give passwords a column of their own",
        ),
        "merged_cells": Reason("merged cells hide this one", "unmerge them: a row needs its cells for itself"),
        "protected_cells": Reason(
            "a protected range keeps us from writing here", "let the account of proxyfleet edit that range"
        ),
        "long_list": Reason("more names or dates than uses, so who and when cannot be told", "correct the three cells"),
    }
)
PROBLEMS: Final[Mapping[str, Reason]] = MappingProxyType({**REASONS, **OWN})
"""Every code of a `CellProblem`: those of lists, and those that only sheets have."""
HARMLESS: Final = frozenset({"number_as_text", "unknown_heading", "duplicate_column"})
"""Nothing is left out because of these."""


def sentence(problem: CellProblem) -> str:
    """A problem for people: place, meaning, remedy."""
    reason = PROBLEMS[problem.code]
    return f"{problem.place}: {reason.meaning}; {reason.remedy}"
