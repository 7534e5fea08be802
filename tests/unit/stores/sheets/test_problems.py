"""Codes of what can be wrong."""

from proxyfleet.ports.sheet import CellProblem
from proxyfleet.stores.sheets.problems import HARMLESS, OWN, PROBLEMS, sentence
from proxyfleet.wire.text.reasons import REASONS


def test_the_table_holds_those_of_lists_too():
    assert PROBLEMS.keys() >= {*REASONS, *OWN}
    assert not OWN.keys() & REASONS.keys()
    assert PROBLEMS.keys() >= HARMLESS
    assert all(reason.meaning and reason.remedy for reason in PROBLEMS.values())


def test_a_sentence_names_place_meaning_and_remedy():
    told = sentence(CellProblem(7, "Expires", "bad_date"))
    assert told.startswith("row 7, column 'Expires': an expiry date that is illegal")
    assert told.endswith("write 2026-12-31")
    assert CellProblem(0, "", "bad_date").place == "the sheet"
