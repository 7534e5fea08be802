"""XML that wraps a table of escaped HTML, as freeproxylists.com answers: unescaped once, then read as HTML.

No XML parser is involved, so no entity is ever expanded; a document type or entity declaration is refused.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.html import read_html
from proxyfleet.wire.text.lines import decoded

_DECLARATION: Final = re.compile(r"<!(?:DOCTYPE(?!\s+html)|ENTITY)", re.IGNORECASE)


def read_xml(document: bytes, rules: Rules) -> Iterator[Verdict]:
    """Verdicts on the rows of the tables inside."""
    text = decoded(document)
    if _DECLARATION.search(text):
        yield Verdict(1, None, "unsafe_xml")
        return
    yield from read_html(unescape(text), rules)
