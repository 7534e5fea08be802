"""The counter: for a terminal only. Who stops the work, or whatever does, is told what stays of it."""

import asyncio
import io
import sys

import pytest

from proxyfleet.cli.progressing import counting, telling_how_far
from proxyfleet.cli.session import Common, Session
from proxyfleet.core.errors import FleetError


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


def kept(done):
    return f"{done} are kept" if done != 7 else ""


def stopped(error, *told, tell=None):
    """Work that has come so far when it is stopped."""
    with telling_how_far(Session(Common(quiet=True)), tell, kept) as count:
        for done in told:
            count(done)
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt])
def test_who_stops_the_work_is_told_what_stays(capsys, error):
    passed_on = []
    with pytest.raises(error):
        stopped(error(), 3, 5, tell=passed_on.append)
    assert capsys.readouterr() == ("", "interrupted: 5 are kept\n")
    assert passed_on == [3, 5]


def test_an_error_tells_it_in_its_own_line(capsys):
    with pytest.raises(FleetError) as told:
        stopped(FleetError("the store is away"), 5)
    assert told.value.__notes__ == ["5 are kept"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("done", [0, 7])
def test_where_nothing_stays_nothing_is_said(capsys, done):
    with pytest.raises(KeyboardInterrupt):
        stopped(KeyboardInterrupt(), done)
    assert capsys.readouterr() == ("", "")


def test_work_that_ends_by_itself_says_nothing(capsys):
    stopped(None, 5)
    assert capsys.readouterr() == ("", "")
