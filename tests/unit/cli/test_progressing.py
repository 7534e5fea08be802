"""The counter: for a terminal only."""

import io
import sys

import pytest

from proxyfleet.cli.progressing import counting
from proxyfleet.cli.session import Common, Session


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "counts"), [(Terminal(), False, True), (Terminal(), True, False), (io.StringIO(), False, False)]
)
def test_it_counts_only_where_somebody_looks(monkeypatch, stream, quiet, counts):
    monkeypatch.setattr(sys, "stderr", stream)
    with counting(Session(Common(quiet=quiet)), "secrets") as tell:
        assert (tell is not None) is counts
        if tell is not None:
            tell(1_234)
    assert ("1,234 secrets" in stream.getvalue()) is counts
