"""Ranges as text, read again by the lab."""

from proxyfleet.lab.sheets import a1 as lab
from proxyfleet.stores.sheets.a1 import block, letters, quoted


def test_columns_and_titles():
    assert [letters(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert quoted("it's") == "'it''s'"


def test_the_lab_reads_what_is_written():
    title, rest = lab.split(block("My 'tab'", 1, 2, 5, 30))
    assert (title, lab.area(rest)) == ("My 'tab'", lab.Area(1, 2, 5, 30))
