"""What a cell makes of typed text."""

from datetime import datetime

import pytest

from proxyfleet.lab.sheets.entering import Entered, enter, serial


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8080", Entered(8080.0)),
        ("007", Entered(7.0)),
        ("1,080", Entered(1080.0)),
        ("1E5", Entered(100000.0)),
        ("+49", Entered(49.0)),
        ("50%", Entered(0.5, "PERCENT")),
        ("$4.5", Entered(4.5, "CURRENCY")),
        ("true", Entered(True)),
        ("'007", Entered("007")),
        ("2026-12-31", Entered(46387.0, "DATE")),
        ("12/31/2026", Entered(46387.0, "DATE")),
        ("2026-12-31 12:00", Entered(46387.5, "DATE_TIME")),
        ("3-4", Entered(serial(datetime(2026, 3, 4)), "DATE")),
        ("12:00", Entered(0.5, "TIME")),
        ("31.12.2026", Entered("31.12.2026")),
        ("2026-13-31", Entered("2026-13-31")),
        ("192.0.2.1", Entered("192.0.2.1")),
        ("192.0.2.1:80", Entered("192.0.2.1:80")),
        ("-", Entered("-")),
        ("proxy", Entered("proxy")),
    ],
)
def test_typed_text(text, found):
    assert enter(text, "en_US", 2026) == found


def test_where_the_day_comes_first():
    assert enter("03/04/2026", "en_GB", 2026).value == serial(datetime(2026, 4, 3))
    assert enter("31.12.2026", "de_DE", 2026) == Entered(46387.0, "DATE")


def test_serials_count_from_the_end_of_1899():
    assert serial(datetime(1900, 1, 1, 12)) == 2.5
