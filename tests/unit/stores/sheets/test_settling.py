"""What became of a write, told from its log."""

from proxyfleet.ports.sheet import OpenWrite
from proxyfleet.stores.sheets.batch import CellEdit
from proxyfleet.stores.sheets.columns import layout_of
from proxyfleet.stores.sheets.settling import (
    Sent,
    Stray,
    cell_under,
    located,
    outcome_after_a_crash,
    outcome_of,
    value_of,
)
from proxyfleet.stores.sheets.snapshot import snapshot
from proxyfleet.stores.sheets.undo import Log, LoggedRow
from proxyfleet.wire.text.checks import Rules

HEAD = ["Host", "Port", "Used for", "City"]
A, B, C = (f"http://20.0.0.{n}:80" for n in (1, 2, 3))


def line(n, used="", city=""):
    return [f"20.0.0.{n}", 80, used, city]


def tab(*lines, head=HEAD):
    every = [head, *lines]
    return snapshot(every, layout_of(every), Rules(), 0.0)


def sent(*cells, before=None):
    return Sent("w", before or tab(line(1), line(2)), tuple(cells))


def log(*rows, head=HEAD):
    return Log("w", head, tuple(LoggedRow(row, fields, cells) for row, fields, cells in rows))


TO_A = (A, CellEdit(1, 2, "used_for", "shop"))


def test_a_write_that_went_where_it_was_meant():
    assert outcome_of(sent(TO_A), log((1, {2: "used_for"}, line(1)))) == (frozenset(), ())


def test_a_row_that_moved_away():
    outcome = outcome_of(sent(TO_A), log((1, {2: "used_for"}, line(2, "theirs"))))
    assert outcome == ({A}, (Stray(B, 1, "Used for", "shop", "theirs", A),))


def test_a_blank_row_that_came_in():
    outcome = outcome_of(sent(TO_A), log((1, {2: "used_for"}, [])))
    assert outcome.strays == (Stray("", 1, "Used for", "shop", None, A),)


def test_a_column_that_came_in():
    moved = ["Host", "Port", "New", "Used for", "City"]
    outcome = outcome_of(sent(TO_A), log((1, {2: "used_for"}, ["20.0.0.1", 80, "", "old"]), head=moved))
    assert outcome.strays == (Stray(A, 1, "New", "shop", "", A),)


def test_an_edit_that_was_covered():
    outcome = outcome_of(sent(TO_A), log((1, {2: "used_for"}, line(1, "just typed"))))
    assert outcome == ({A}, (Stray(A, 1, "Used for", "shop", "just typed", A),))


def test_a_mended_cell_is_judged_by_row_and_heading():
    mend = (A, CellEdit(1, 3, "", "", "Bonn", is_raw=True))
    before = tab(line(1, city="wrong"), line(2))
    assert outcome_of(sent(mend, before=before), log((1, {3: ""}, line(1, city="wrong")))).missed == frozenset()
    moved = ["Host", "Port", "Used for", "New", "City"]
    assert outcome_of(
        sent(mend, before=before), log((1, {3: ""}, ["20.0.0.1", 80, "", "wrong"]), head=moved)
    ).missed == {A}


def test_what_was_not_copied_counts_as_hit_and_is_restored_from_memory():
    bare = Log("w", HEAD, (LoggedRow(1, {2: "used_for"}, ["20.0.0.1", 80], frozenset({2})),))
    assert outcome_of(sent(TO_A), bare).missed == frozenset()
    moved = Log("w", HEAD, (LoggedRow(1, {2: "used_for"}, ["20.0.0.2", 80], frozenset({2})),))
    before = tab(line(1), line(2, "theirs"))
    assert outcome_of(sent(TO_A, before=before), moved).strays[0].before == "theirs"


def test_a_row_above_the_headings_moves_everything_by_one():
    outcome = outcome_of(sent(TO_A), log((1, {2: "used_for"}, HEAD), head=[]))
    assert outcome.strays == (Stray("", 1, "Used for", "shop", "Used for", A),)


def crash(*rows, agreed=None, head=HEAD):
    writes = [OpenWrite("w-0", A, 2, {"used_for": "shop"}, 0.0)]
    return outcome_after_a_crash(writes, log(*rows, head=head), layout_of([HEAD]), agreed or {}, "f")


def test_after_a_crash_what_was_agreed_on_says_what_was_believed():
    assert crash((1, {2: "used_for"}, line(1))) == (frozenset(), ())
    assert crash((1, {2: "used_for"}, line(1, "typed"))).strays == (Stray(A, 1, "Used for", None, "typed", A),)
    assert crash((1, {2: "used_for"}, line(1, "known")), agreed={A: {"used_for": "known"}}).missed == frozenset()
    assert crash((1, {2: "used_for"}, line(2, "x"))).strays == (Stray(B, 1, "Used for", None, "x", A),)
    assert crash((7, {3: ""}, line(3))).strays == ()


def test_strays_are_found_where_they_are_now():
    stray = Stray(B, 1, "Used for", "shop", "theirs", A)
    assert located(stray, tab(line(3), line(2, "shop"), line(1))) == (2, 2)
    assert located(stray, tab(line(2, "edited since"))) is None
    assert located(stray, tab(line(1))) is None
    assert located(stray, tab(["20.0.0.2", 80, "shop"], head=["Host", "Port", "Other"])) is None
    moved = tab(["20.0.0.2", 80, "new", "shop"], head=["Host", "Port", "New", "Used for"])
    assert located(stray, moved) == (1, 3)


def test_strays_of_nobody_are_looked_for_near_where_they_were():
    stray = Stray("", 3, "Used for", "shop", None, A)
    assert located(stray, tab(line(1, "shop"), line(2), ["", "", "shop"])) == (3, 2)
    assert located(stray, tab(["", "", "shop"], line(1), line(2))) == (1, 2)
    assert located(stray, tab(line(1, "shop"))) is None


def test_without_knowing_what_was_written_anything_new_counts():
    stray = Stray(A, 1, "Used for", None, "typed", A)
    assert located(stray, tab(line(1, "shop"))) == (1, 2)
    assert located(stray, tab(line(1, "typed"))) is None
    assert located(Stray("", 2, "Used for", None, "", A), tab(line(1), ["", "", "x"])) == (2, 2)


def test_values_and_cells():
    assert value_of(CellEdit(1, 1, "port", "80")) == 80
    assert value_of(CellEdit(1, 1, "city", "")) is None
    assert cell_under(tab(line(1, "a")), A, "Used for") == "a"
    assert cell_under(tab(line(1, "a")), C, "Used for") is None
