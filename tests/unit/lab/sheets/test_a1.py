"""Ranges as text."""

import pytest

from proxyfleet.lab.sheets.a1 import Area, area, letters, number, split, written


def test_columns_are_letters():
    assert [letters(n) for n in (0, 25, 26, 51, 701, 702)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA"]
    assert all(number(letters(n)) == n for n in range(1000))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A1", Area(0, 0, 1, 1)),
        ("$B$2:C3", Area(1, 1, 3, 3)),
        ("A2:C", Area(1, 0, None, 3)),
        ("B:B", Area(0, 1, None, 2)),
        ("1:1", Area(0, 0, 1, None)),
        ("2:5", Area(1, 0, 5, None)),
        ("A", None),
        ("A0", None),
        ("", None),
        ("A1:", None),
        ("Proxies", None),
    ],
)
def test_ranges(text, found):
    assert area(text) == found


def test_the_tab_of_a_range():
    assert split("'My ''tab'''!A1:B2") == ("My 'tab'", "A1:B2")
    assert split("Proxies!A1") == ("Proxies", "A1")
    assert split("A1") == (None, "A1")
    assert split("'Proxies'") == ("Proxies", "")


def test_ranges_as_google_writes_them():
    assert written("Proxies", Area(), 10, 3) == "Proxies!A1:C10"
    assert written("My 'tab'", Area(1, 1, 2, 2), 10, 3) == "'My ''tab'''!B2"


def test_areas_meet_where_they_share_a_cell():
    assert Area(0, 0, 2, 2).meets(Area(1, 1, None, None))
    assert not Area(0, 0, 2, 2).meets(Area(2, 0))
    assert not Area(0, 0, None, 1).meets(Area(0, 1))
    assert (list(Area(1).rows(3)), list(Area(0, 0, 9).rows(2)), list(Area(5).rows(3))) == ([1, 2], [0, 1], [])
