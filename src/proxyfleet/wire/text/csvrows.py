"""CSV, with or without a header, split by `,`, `;`, tab or `|`. One physical line is one row.

Cells do not span lines: a quote that is never closed then costs its own line and not the rest of the file.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from proxyfleet.wire.text.checks import Rules, entry_of
from proxyfleet.wire.text.columns import header
from proxyfleet.wire.text.entry import Verdict, masked
from proxyfleet.wire.text.fields import from_fields
from proxyfleet.wire.text.lines import Line, text_or_refuse
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.rows import judge_row, trusted

DELIMITERS: Final = ",;\t|"


class Quoted(str):
    """A cell that stood in quotes: kept to the letter, and given even when it is empty."""

    __slots__ = ()


def delimiter_of(line: str) -> str:
    """The delimiter that a line uses most; a comma when it uses none."""
    return max(DELIMITERS, key=line.count)


def header_of(line: str) -> list[str | None] | None:
    """The fields of a line if it is a header that names address and port."""
    return header(cells_of(line, delimiter_of(line)))


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, quotes removed."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    strictly, cell = _grammar(delimiter)
    if strictly.fullmatch(line) is not None:
        return [_unquoted(match) for match in cell.finditer(line)]
    try:
        return [cell.strip() for cell in next(csv.reader((line,), delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration) as error:
        raise Refused("bad_row") from error


@lru_cache(maxsize=len(DELIMITERS))
def _grammar(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Of a line whose quotes are all in their places, and of one cell with the mark before it."""
    mark = re.escape(delimiter)
    cell = rf'[^\S\t]*"(?:[^"]|"")*"[^\S\t]*|[^"{mark}]*'
    inside = rf'[^\S\t]*"((?:[^"]|"")*)"[^\S\t]*|([^"{mark}]*)'
    return re.compile(rf"(?:{cell})(?:{mark}(?:{cell}))*"), re.compile(rf"(?:^|{mark})(?:{inside})")


def _unquoted(match: re.Match[str]) -> str:
    return match[2].strip() if match[1] is None else Quoted(match[1].replace('""', '"'))


def read_csv(lines: Iterable[Line], rules: Rules) -> Iterator[Verdict]:
    """A verdict for each row; line numbers count the header and blank lines, which get none."""
    delimiter = ""
    fields: list[str | None] | None = None
    for number, line in enumerate(lines, 1):
        try:
            text = text_or_refuse(line)
            if not text.strip():
                continue
            if not delimiter:
                delimiter = delimiter_of(text)
                fields = header_of(text)
                if fields is not None:
                    continue
            cells = cells_of(text, delimiter)
            yield from (trusted(verdict, text) for verdict in _judge(cells, fields, delimiter, number, rules))
        except Refused as refused:
            yield Verdict(number, None, refused.code, False, masked(line or ""))


def _judge(
    cells: list[str], fields: list[str | None] | None, delimiter: str, number: int, rules: Rules
) -> list[Verdict]:
    if fields is None:
        found = from_fields(cells, delimiter)
        return [Verdict(number, entry_of(found.draft, rules, found.extras), None, found.ambiguous)]
    if any(cells[len(fields) :]):
        raise Refused("bad_row")
    told = zip(fields, cells, strict=False)
    row = {field: cell for field, cell in told if field and (cell or isinstance(cell, Quoted))}
    return judge_row(row, number, rules)
