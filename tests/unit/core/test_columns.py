"""Columns in rows: every quantity has its own place, survives growth, and is forgotten where it was learnt."""

import struct

from proxyfleet.core.columns import BOOKED, INFINITY, LAYOUT, NAMES, ROW, SCORED, UNKNOWN, WIDTH, Columns


def test_a_row_has_the_documented_size() -> None:
    assert ROW.size == WIDTH == 160
    assert sum(struct.calcsize(code) * len(names) for code, *names in LAYOUT) == WIDTH, "no gaps by alignment"


def test_the_first_fields_of_a_row_can_be_read_and_written_at_once() -> None:
    columns = Columns()
    columns.grow(3)
    for number, name in enumerate(NAMES, start=1):
        getattr(columns, name)[1] = number
    booked, scored = BOOKED.unpack_from(columns.rows, WIDTH), SCORED.unpack_from(columns.rows, WIDTH)
    assert (booked, scored) == (tuple(range(1, len(booked) + 1)), tuple(range(1, len(scored) + 1)))
    assert (NAMES[len(booked) - 1], NAMES[len(scored) - 1]) == ("flags", "weight")
    BOOKED.pack_into(columns.rows, WIDTH, *(2 * value for value in booked))
    values = [getattr(columns, name)[1] for name in NAMES]
    assert values == [number * (1 + (number <= len(booked))) for number in range(1, len(NAMES) + 1)]
    assert columns.flags[0] == columns.flags[2] == 0


def test_no_two_columns_share_a_place() -> None:
    columns = Columns()
    columns.grow(3)
    for number, name in enumerate(NAMES, start=1):
        getattr(columns, name)[1] = number
    assert [getattr(columns, name)[1] for name in NAMES] == list(range(1, len(NAMES) + 1))
    assert columns.flags[0] == columns.flags[2] == 0


def test_growing_keeps_what_is_there_and_fills_with_unused_slots() -> None:
    columns = Columns()
    columns.grow(2)
    columns.health[1], columns.ids[1], columns.group[1] = 0.5, 77, 3
    columns.grow(5)
    columns.grow(3)
    assert columns.size == len(columns.health) == 5
    assert (columns.health[1], columns.ids[1], columns.group[1]) == (0.5, 77, 3)
    assert columns.group.tolist() == [0, 3, 0, 0, 0]
    assert (columns.due[4], columns.expires[4], columns.rest_until[4]) == (INFINITY,) * 3
    assert (columns.success_rate[4], columns.response_time[4], columns.last_success[4]) == (UNKNOWN,) * 3
    assert (columns.flags[4], columns.leases[4], columns.last_used[4]) == (0, 0, UNKNOWN)


def test_forgetting_clears_what_was_learnt_and_nothing_else() -> None:
    columns = Columns()
    columns.grow(2)
    fresh = {name: getattr(columns, name)[1] for name in NAMES}
    for name in NAMES:
        getattr(columns, name)[1] = 9
    columns.forget(1)
    kept = {name for name in NAMES if getattr(columns, name)[1] == 9}
    assert kept == {
        *("health", "due", "expires", "last_used", "turn", "ids", "capacity", "leases", "active", "group"),
        *("profile", "bins", "flags", "port", "standing", "reputation", "weight", "untold"),
    }
    assert all(getattr(columns, name)[1] == fresh[name] for name in set(NAMES) - kept)


def test_uses_are_attempts_and_load_is_what_it_carries() -> None:
    columns = Columns()
    columns.grow(1)
    columns.successes[0], columns.failures[0], columns.strangers[0] = 1, 20, 300
    columns.leases[0], columns.active[0] = 4, 50
    assert (columns.uses(0), columns.load(0)) == (321, 54)
