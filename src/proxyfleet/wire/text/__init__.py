"""Proxy lists as text, CSV, JSON, HTML and XML. One function decides a line; verdicts carry reasons and line numbers.

`decide` judges one line, `read` a stream of bytes. Nothing here fetches, stores, deduplicates or decompresses.
"""

from proxyfleet.wire.text.entry import Entry, Extras, Verdict
from proxyfleet.wire.text.line import decide
from proxyfleet.wire.text.reader import FORMATS, read
from proxyfleet.wire.text.reasons import REASONS

__all__ = ["FORMATS", "REASONS", "Entry", "Extras", "Verdict", "decide", "read"]
