"""Who uses a proxy: read as people write it, written so that it is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder
from proxyfleet.core.uses import (
    SHEET,
    Use,
    holder_of,
    items,
    shown_holder,
    to_write,
    use_of,
    used_before,
    uses_of,
    written,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("shop", [("shop", "")]),
        ("a, b;c\nd", [("a", ""), ("b", ""), ("c", ""), ("d", "")]),
        ("a,,b", [("a", ""), ("", ""), ("b", "")]),
        ('"a, b" [17x3f1], c', [("a, b", "17x3f1"), ("c", "")]),
        ('"say ""hi""", -', [('say "hi"', ""), ("", "")]),
        ('"-"', [("-", "")]),
        ('"odd', [('"odd', "")]),
        ('say "hi" now', [('say "hi" now', "")]),
        ("x [1], y", [("x", "1"), ("y", "")]),
    ],
)
def test_lists_as_people_write_them(text, found):
    assert items(text) == found


def test_who_and_when_go_with_the_uses():
    both = (Use("a", "", "ann", "2026-01-01"), Use("b", "", "bob", "2026-01-02"))
    assert uses_of("a, b", "ann, bob", "2026-01-01, 2026-01-02") == (both, True)
    assert uses_of("a, b", "ann", "")[0] == (Use("a", "", "ann"), Use("b", "", "ann"))
    assert uses_of("a", "", "3 Jan, noon")[0] == (Use("a", "", "", "3 Jan, noon"),)
    assert uses_of("a", "ann, bob", "") == ((Use("a"),), False)
    assert uses_of("a, a", "ann, bob", "")[0] == (Use("a", "", "ann"),)
    assert uses_of("", "ann", "")[0] == ()


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=8).filter(str.strip)
sessions = st.text("abc0123x", max_size=6)


@given(st.lists(st.builds(Use, names, sessions, names | st.just(""), st.just("2026-01-01 10:00:00")), max_size=4))
def test_what_is_written_is_read_again(uses):
    kept = list({use.pair: use for use in reversed(uses)}.values())[::-1]
    cells = written(kept)
    assert list(uses_of(*cells.values())[0]) == kept
    assert list(used_before(cells)) == kept


def test_only_what_differs_is_written():
    row = uses_of("a; b", "ann;bob", "")[0]
    cells = {"used_for": "a; b", "taken_by": "ann;bob", "taken_at": ""}
    assert to_write(row, row, cells) == {}
    assert to_write(row[:1], row, cells) == {"used_for": "a", "taken_by": "ann"}
    assert to_write([], row, cells) == {"used_for": "", "taken_by": ""}
    assert to_write([], (), {"used_for": "", "taken_by": "left over"}) == {"taken_by": ""}
    assert to_write([], (), {"used_for": "", "taken_by": ""}) == {}


def test_holders_by_name():
    hold = Hold(1, "shop", "", Held.ASSIGNMENT, Holder("ann", "laptop"), 1767225600.0, FOREVER, 1)
    assert use_of(hold) == Use("shop", "", "ann/laptop", "2026-01-01 00:00:00")
    assert shown_holder(holder_of("Carol")) == "Carol"
    assert holder_of("Carol") == Holder(SHEET, "Carol")
    assert shown_holder(Holder("bob")) == "bob"
    assert (shown_holder(Holder("local", "ann")), shown_holder(Holder("local"))) == ("ann", "local")
