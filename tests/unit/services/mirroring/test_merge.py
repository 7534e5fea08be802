"""The rule of the mirror, case by case and over any three texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.mirrored import PLACEHOLDER, remembered
from proxyfleet.core.uses import Use
from proxyfleet.services.mirroring.merge import Conflict, merge_fields, merge_uses


def merged(sheet, ours, before, name="city", vault=False):
    agreed = {} if before is None else remembered({name: before}, "f")
    base = dict.fromkeys(("city", "password"), "")
    return merge_fields("k", {name: sheet}, {**base, name: ours}, agreed, "f", hidden={name} if vault else ())


@pytest.mark.parametrize("name", ["city", "password"])
@pytest.mark.parametrize(
    ("sheet", "ours", "before", "take", "give", "conflict"),
    [
        ("a", "a", "a", None, None, False),
        ("a", "a", None, None, None, False),
        ("b", "a", "a", "b", None, False),
        ("", "a", "a", "", None, False),
        ("a", "b", "a", None, "b", False),
        ("a", "", "a", None, "", False),
        ("b", "c", "a", "b", None, True),
        ("", "c", "a", "", None, True),
        ("a", "", None, "a", None, False),
        ("", "a", None, None, "a", False),
        ("b", "c", None, "b", None, True),
    ],
)
def test_who_has_changed_it_decides(name, sheet, ours, before, take, give, conflict):
    found = merged(sheet, ours, before, name)
    assert (found.take.get(name), found.give.get(name), bool(found.conflicts)) == (take, give, conflict)
    assert found.agreed == ({name: ours} if sheet == ours else {})


def test_conflicts_show_both_sides_and_no_secret():
    assert merged("b", "c", "a").conflicts == [Conflict("k", "city", "b", "c", "sheet")]
    assert merged("b", "", "a").conflicts == [Conflict("k", "city", "b", "", "sheet")]
    assert merged("canary", "canary2", "a", "password").conflicts == [Conflict("k", "password", "***", "***", "sheet")]


def test_fields_without_a_cell_are_left_alone():
    found = merge_fields("k", {}, {"city": "a"}, {}, "f", hidden=())
    assert (found.take, found.give, found.agreed) == ({}, {}, {})


texts = st.sampled_from(["", "a", "b", "c"])


@given(texts, texts, st.none() | texts)
def test_afterwards_both_sides_say_the_same(sheet, ours, before):
    found = merged(sheet, ours, before)
    after_sheet = found.give.get("city", sheet)
    after_ours = found.take.get("city", ours)
    assert after_sheet == after_ours
    assert not (found.take and found.give)
    if before is not None and sheet != before != ours != sheet:
        assert found.conflicts


@pytest.mark.parametrize(
    ("sheet", "ours", "before", "take", "give"),
    [
        (PLACEHOLDER, "pw", PLACEHOLDER, None, None),
        ("", "", "", None, None),
        ("pw", "pw", "pw", None, PLACEHOLDER),
        ("new", "pw", PLACEHOLDER, "new", PLACEHOLDER),
        ("", "pw", PLACEHOLDER, "", None),
        ("", "pw", None, None, PLACEHOLDER),
        ("", "pw", "", None, PLACEHOLDER),
        (PLACEHOLDER, "", PLACEHOLDER, None, ""),
        ("new", "", None, "new", PLACEHOLDER),
    ],
)
def test_secrets_that_are_kept_out_of_the_sheet(sheet, ours, before, take, give):
    found = merged(sheet, ours, before, "password", vault=True)
    assert (found.take.get("password"), found.give.get("password")) == (take, give)
    assert "pw" not in found.agreed.values()


def test_secrets_that_are_to_stand_there_again():
    found = merged(PLACEHOLDER, "pw", None, "password")
    assert (found.take, found.give) == ({}, {"password": "pw"})


A, B = Use("a", "", "ann", "t1"), Use("b", "", "bob", "t2")


@pytest.mark.parametrize(
    ("row", "held", "agreed", "take", "end", "show"),
    [
        ([A], [A], [A], [], [], [A]),
        ([A], [], [], [A], [], []),
        ([], [A], [A], [], [A], []),
        ([], [A], [], [], [], [A]),
        ([A], [], [A], [], [], []),
        ([A, B], [B], [B], [A], [], [B]),
        ([B], [A, B], [A, B], [], [A], [B]),
    ],
)
def test_who_has_added_or_wiped_out_a_use(row, held, agreed, take, end, show):
    found = merge_uses("k", row, held, agreed)
    assert (found.take, found.end, found.show, found.conflicts) == (take, end, show, [])
    assert found.wipe == [use for use in row if use not in held and use in agreed]


def test_the_store_knows_who_and_when():
    theirs = A._replace(by="Carol")
    found = merge_uses("k", [theirs], [A], [A])
    assert found.show == [A]
    assert found.conflicts == [Conflict("k", "taken_by", "a: ann t1", "a: Carol t1", "store")]
    assert merge_uses("k", [theirs], [A], []).conflicts == []
    assert merge_uses("k", [theirs], [A], [theirs]).conflicts == []
