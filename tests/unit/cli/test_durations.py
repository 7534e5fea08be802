"""Durations on the command line."""

import pytest
import typer

from proxyfleet.cli.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("0.5", 0.5), ("90s", 90.0), ("10m", 600.0), ("1.5h", 5400.0), (" 7D ", 604800.0), (60.0, 60.0)],
)
def test_what_people_write(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10x", "-5", "nan", "inf", "1e999", "10 minutes"])
def test_what_is_none(text):
    with pytest.raises(typer.BadParameter, match="such as 10m"):
        duration(text)
