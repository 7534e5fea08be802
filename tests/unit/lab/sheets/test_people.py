"""People at work."""

from random import Random

import pytest

from proxyfleet.lab.sheets import People


@pytest.fixture
def people(book):
    return People(book, Random(3))


def rows(people):
    return sorted(tuple(line) for line in people.book.text()[1:] if line)


def test_they_find_see_and_type(people):
    row = people.find("host", "a")
    people.type(row, "port", "9")
    assert people.see(row, "port") == "9"
    people.type(row, "port", "")
    assert people.book.text()[row] == ["a"]
    people.add({"host": "c", "port": "3"})
    assert people.book.text()[-1] == ["c", "3"]
    with pytest.raises(LookupError):
        people.find("host", "z")
    with pytest.raises(LookupError):
        people.column("nothing")


def test_moving_rows_loses_none(people):
    before = rows(people)
    for _ in range(200):
        people.shuffle()
    assert rows(people) == before
    assert {"sorted", "dragged a row"} < set(people.done)


def test_structure(people):
    people.insert_column(0, "mine")
    assert people.column("host") == 1
    people.sort("host")
    people.duplicate(1)
    assert people.see(1, "host") == people.see(2, "host")
    people.delete(1)
    people.insert(1)
    assert len(rows(people)) == 2
