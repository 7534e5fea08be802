"""Tables of HTML pages: the header names the columns, each row of cells is a row; else raw lists in the page's text.

The only module that imports selectolax, and only when a page is read, because importing it is slow. A page is a
stranger's: everything but table markup is removed first, because HTML5's rules for nesting take quadratic time and
memory (100,000 `<div>` take 25 s), and rows are walked once.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.columns import header
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.line import judge
from proxyfleet.wire.text.lines import Guessed, decoded
from proxyfleet.wire.text.rows import judge_row, trusted

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_INLINE: Final = re.compile(r"</?(?:a|abbr|b|code|em|font|i|img|small|span|strong|time|u)\b[^<>]*>", re.IGNORECASE)
_OTHER: Final = re.compile(
    r"</?(?!/|(?:table|t[rdh]|thead|tbody|tfoot|textarea|script|style)\b)[a-z][^<>]*>", re.IGNORECASE
)


def read_html(document: bytes | str, rules: Rules) -> Iterator[Verdict]:
    """Verdicts on the rows of every table that names address and port, numbered through; without such a table, on the
    lines of textareas, else of the whole page."""
    from selectolax.lexbor import LexborHTMLParser

    text = document if isinstance(document, str) else decoded(document)
    page = LexborHTMLParser(_OTHER.sub("\n", _INLINE.sub("", text)))
    page.strip_tags(["script", "style"])
    number = 0
    for fields, cells in _table_rows(page):
        number += 1
        for verdict in _judge(fields, cells, number, rules):
            yield trusted(verdict, Guessed("")) if isinstance(text, Guessed) else verdict
    if number == 0:
        yield from _raw_lists(page, rules)


def _table_rows(page: "LexborHTMLParser") -> Iterator[tuple[list[str | None], list[str]]]:
    headers: dict[int, list[str | None]] = {}
    for row in page.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
        if any(cell.css_first("table") for cell in cells):
            continue  # layout; the tables inside have rows of their own
        texts = [" ".join(cell.text().split()) for cell in cells]
        table = _table_of(row)
        fields = headers.get(table)
        if fields is not None and any(cell.tag == "td" for cell in cells):
            yield fields, texts
        elif fields is None and (named := header(texts)) is not None:
            headers[table] = named


def _table_of(row: "LexborNode") -> int:
    section = row.parent
    table = section.parent if section is not None and section.tag != "table" else section
    return 0 if table is None else table.mem_id


def _judge(fields: list[str | None], cells: list[str], number: int, rules: Rules) -> list[Verdict]:
    if len(cells) < len(fields) // 2:
        return [Verdict(number, None, "no_proxy")]  # an advertisement across the table
    return judge_row({field: cell for field, cell in zip(fields, cells, strict=False) if field}, number, rules)


def _raw_lists(page: "LexborHTMLParser", rules: Rules) -> Iterator[Verdict]:
    holders: list[LexborNode] = page.css("textarea") or ([page.body] if page.body else [])
    lines = [line.strip() for holder in holders for line in holder.text(separator="\n").splitlines()]
    found = False
    for number, line in enumerate(lines, 1):
        if line:
            found = True
            yield judge(line, number, rules)
    if not found:
        yield Verdict(1, None, "no_proxy")
