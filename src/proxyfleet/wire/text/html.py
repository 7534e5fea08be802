"""Tables of HTML pages: the header names the columns, each row of cells is a row; else raw lists in the page's text.

The only module that imports selectolax, and only when a page is read, because importing it is slow.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.columns import header
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.line import judge
from proxyfleet.wire.text.lines import Guessed, decoded
from proxyfleet.wire.text.rows import judge_row, trusted

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode


def read_html(document: bytes | str, rules: Rules) -> Iterator[Verdict]:
    """Verdicts on the rows of every table that names address and port, numbered through; without such a table, on the
    lines of textareas and preformatted text, else of the whole page."""
    from selectolax.lexbor import LexborHTMLParser

    text = document if isinstance(document, str) else decoded(document)
    page = LexborHTMLParser(text)
    number = 0
    for fields, cells in _table_rows(page):
        number += 1
        for verdict in _judge(fields, cells, number, rules):
            yield trusted(verdict, Guessed("")) if isinstance(text, Guessed) else verdict
    if number == 0:
        yield from _raw_lists(page, rules)


def _table_rows(page: "LexborHTMLParser") -> Iterator[tuple[list[str | None], list[str]]]:
    for table in page.css("table"):
        fields: list[str | None] | None = None
        for row in table.css("tr"):
            cells = [cell.text(strip=True) for cell in row.css("th, td")]
            if fields is None:
                fields = header(cells)
            elif row.css_first("td") is not None:
                yield fields, cells


def _judge(fields: list[str | None], cells: list[str], number: int, rules: Rules) -> list[Verdict]:
    if len(cells) < len(fields) // 2:
        return [Verdict(number, None, "no_proxy")]  # an advertisement across the table
    return judge_row({field: cell for field, cell in zip(fields, cells, strict=False) if field}, number, rules)


def _raw_lists(page: "LexborHTMLParser", rules: Rules) -> Iterator[Verdict]:
    page.strip_tags(["script", "style", "head"])
    holders: list[LexborNode] = page.css("textarea, pre") or ([page.body] if page.body else [])
    lines = [line.strip() for holder in holders for line in holder.text(separator="\n").splitlines()]
    found = False
    for number, line in enumerate(lines, 1):
        if line:
            found = True
            yield judge(line, number, rules)
    if not found:
        yield Verdict(1, None, "no_proxy")
