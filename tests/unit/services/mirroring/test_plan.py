"""What an exchange would do, row by row."""

from dataclasses import replace

import pytest

from proxyfleet.core.mirrored import PLACEHOLDER, REMOVED, key_of, remembered, said
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret
from proxyfleet.core.uses import Use, written
from proxyfleet.ports.sheet import CellProblem, Repair, SheetReading, SheetRow
from proxyfleet.services.mirroring.plan import MassRemoval, Sides, Ways, fits, lines_of, plan_of

FIELDS = frozenset({"host", "port", "scheme", "username", "password", "city", "status", "used_for", "days_left"})
USE = Use("shop", "", "ann", "t")
NOW = 1_800_000_000.0


def proxy(n, **fields):
    return Proxy(Scheme.HTTP, f"h{n}", 80, id=n, **fields)


def row(one, *uses, **texts):
    told = {name: text for name, text in said(one).items() if name in FIELDS}
    return SheetRow(one.identity, (one.id + 1,), {**told, **written(uses), **texts}, uses)


def sides(rows=(), proxies=(), uses=None, agreed=(), fields=FIELDS, vault=False):
    reading = SheetReading(1.0, {key_of(one.identity): one for one in rows}, fields)
    known = {key_of(one.identity): remembered(said(one), "f") for one in agreed}
    return Sides(reading, {key_of(one.identity): one for one in proxies}, uses or {}, known, "f", vault)


def plan(*args, ways=None, **more):
    return plan_of(sides(*args, **more), ways or Ways(), NOW)


K1 = key_of(proxy(1).identity)


def test_both_agree():
    found = plan([row(proxy(1))], [proxy(1)], agreed=[proxy(1)])
    assert (found.added, found.changed, found.removed, found.edits, found.rows, found.agreed) == (
        {},
        {},
        [],
        {},
        [],
        {},
    )


def test_people_have_added_changed_and_deleted():
    found = plan([row(proxy(1), city="Bonn"), row(proxy(2), USE)], [proxy(1), proxy(3)], agreed=[proxy(1), proxy(3)])
    assert found.changed == {K1: {"city": "Bonn"}}
    assert [one.host for one in found.added.values()] == ["h2"]
    assert found.uses[key_of(proxy(2).identity)].take == [USE]
    assert found.removed == [key_of(proxy(3).identity)]


def test_the_program_has_added_changed_and_removed():
    changed = proxy(1, labels=Labels(city="Bonn"))
    found = plan([row(proxy(1)), row(proxy(2), USE)], [changed, proxy(3)], agreed=[proxy(1), proxy(2)])
    assert found.edits == {
        K1: {"city": "Bonn"},
        key_of(proxy(2).identity): {"status": REMOVED, "used_for": "", "taken_by": "", "taken_at": ""},
    }
    assert [identity[1] for identity, _ in found.rows] == ["h3"]
    assert (found.added, found.changed, found.removed) == ({}, {}, [])


def test_a_removed_row_stays_out_until_people_change_its_status():
    gone = row(proxy(1), status=REMOVED)
    known = sides([gone], [])
    known.agreed[K1] = {"status": REMOVED}
    assert plan_of(known, Ways(), NOW).added == {}
    back = sides([row(proxy(1), status="")], [])
    back.agreed[K1] = {"status": REMOVED}
    assert list(plan_of(back, Ways(), NOW).added) == [K1]
    again = plan([gone], [proxy(1)])
    assert again.edits == {K1: {"status": ""}}


def test_without_a_status_column_nobody_adds_it_again():
    found = plan([row(proxy(1))], [], agreed=[proxy(1)], fields=FIELDS - {"status"})
    assert (found.added, found.edits) == ({}, {})
    assert "no column 'status'" in found.report.notes[0]


def test_a_row_that_was_deleted_while_it_is_taken_is_written_again():
    found = plan([], [proxy(1)], uses={1: [USE]}, agreed=[proxy(1)])
    assert found.removed == []
    assert found.rows[0][1]["used_for"] == "shop"
    assert "is taken for shop" in found.report.notes[0]


def test_what_both_have_forgotten_is_forgotten():
    assert plan(agreed=[proxy(1)]).agreed == {K1: None}


def test_a_new_row_that_cannot_be_read_waits():
    found = plan([row(proxy(1))._replace(unread=frozenset({"expires_at"}))])
    assert found.added == {}
    assert "waits" in found.report.notes[0]
    assert "cannot be added" in plan([row(proxy(1), tags='a"')]).report.notes[0]


def test_unread_cells_change_nothing():
    unread = row(proxy(1))
    unread.said.pop("city")
    found = plan(
        [unread._replace(unread=frozenset({"city", "used_for"}))],
        [proxy(1, labels=Labels(city="x"))],
        {1: [USE]},
        [proxy(1)],
    )
    assert (found.changed, found.edits, found.uses) == ({}, {}, {})


def test_days_left_are_shown():
    one = proxy(1, expires_at=NOW + 5 * 86_400 + 1)
    assert plan([row(one, days_left="6")], [one], agreed=[one]).edits == {K1: {"days_left": "5"}}
    assert plan([row(one, days_left="5")], [one], agreed=[one]).edits == {}
    assert plan([row(one, days_left="", expires_at="2027-01-20")]).edits[K1] == {"days_left": "5"}


def test_secrets_of_new_rows_leave_the_sheet():
    found = plan([row(proxy(1), password="pw")], vault=True)
    assert found.edits[K1]["password"] == PLACEHOLDER
    assert found.added[K1].password == Secret("pw")


def test_what_the_columns_cannot_tell_apart_is_left_alone():
    socks, user = replace(proxy(1), scheme=Scheme.SOCKS5), proxy(2, username="u")
    bare = frozenset({"host", "port"})
    found = plan([], [socks, user], agreed=[socks, user], fields=bare)
    assert (found.removed, found.rows, len(found.report.notes)) == ([], [], 2)
    assert fits(proxy(1), bare)
    assert fits(socks, bare | {"scheme"})
    assert fits(user, bare | {"proxy"})
    assert not fits(user, bare | {"scheme"})


def test_an_accident_is_not_followed():
    many = [proxy(n) for n in range(1, 31)]
    with pytest.raises(MassRemoval, match="16 of 30 proxies are gone"):
        plan([row(one) for one in many[:14]], many, agreed=many)
    assert len(plan([row(one) for one in many[:14]], many, agreed=many, ways=Ways(removals=True)).removed) == 16
    assert len(plan([row(one) for one in many[:20]], many, agreed=many).removed) == 10
    few = many[:10]
    assert len(plan([], few, agreed=few).removed) == 10
    assert plan([], many, agreed=many, ways=Ways(into=False)).removed
    held = {one.id: [USE] for one in many}
    known = sides([row(one) for one in many], many, held, many)
    for said_before in known.agreed.values():
        said_before |= written([USE])
    with pytest.raises(MassRemoval, match="30 of 30 assignments"):
        plan_of(known, Ways(), NOW)


def test_what_the_reading_found_is_in_the_report():
    known = sides([row(proxy(1))], [proxy(1)])
    reading = known.reading._replace(problems=(CellProblem(2, "x", "bad_date"),), repairs=(Repair("a", "b", "c"),))
    report = plan_of(replace(known, reading=reading), Ways(), NOW).report
    assert (report.rows, report.read_at, len(report.problems), len(report.repairs)) == (1, 1.0, 1, 1)


def test_lines_for_people():
    one = proxy(1, labels=Labels(city="Bonn"))
    found = plan(
        [row(proxy(1), USE, city="Paris"), row(proxy(2))], [one, proxy(3), proxy(4)], agreed=[proxy(1), proxy(3)]
    )
    assert lines_of(found) == [
        ("fleet", key_of(proxy(2).identity), "added"),
        ("fleet", K1, "changed: city"),
        ("fleet", key_of(proxy(3).identity), "removed"),
        ("fleet", K1, "taken for shop"),
        ("sheet", key_of(proxy(4).identity), "gets a row"),
        ("both", K1, "conflict in city, sheet wins"),
    ]
