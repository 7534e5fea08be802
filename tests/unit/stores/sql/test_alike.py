"""What goes into one statement, and that a row of it is the row that a statement of its own would have written."""

from dataclasses import replace

import apsw
import pytest

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.stores.records import COLUMNS, to_rows
from proxyfleet.stores.sql.alike import FEW, apart, as_json, insert_alike
from proxyfleet.stores.sql.migrating import steps_in

LABELS = Labels(country="DE", tags=frozenset({"a", "ß"}), source="list")
ODD = ("h", "198.18.0.1", "2001:db8::1", 'q"\\', "nul\0", "ünï", "12", "null")


def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    for step in steps_in():
        made.execute(step.sql)
    return made


def group() -> list[Proxy]:
    return [
        Proxy(Scheme.SOCKS5H, host, port, user, None, port, 7, 9.5, Status.ACTIVE, True, LABELS)
        for port, (host, user) in enumerate(zip(ODD, (None, "", *ODD), strict=False), 1)
    ]


def test_a_row_is_what_it_would_have_been_by_itself() -> None:
    database, proxies = connection(), group()
    insert_alike(database, proxies)
    found = database.execute(f"SELECT id, {', '.join(COLUMNS)} FROM proxies ORDER BY id").fetchall()
    uuids = [row[1] for row in found]
    alone = to_rows(proxies, uuids, lambda *_: pytest.fail("has no secrets"))
    assert found == [(proxy.id, *row) for proxy, row in zip(proxies, alone, strict=True)]
    assert len(set(uuids)) == len(proxies)
    assert {len(uuid) for uuid in uuids} == {16}


def test_groups_differ_in_address_only_and_leave_nobody_out() -> None:
    alike = [Proxy(Scheme.HTTP, f"h{n}", 1, id=n, labels=LABELS) for n in range(FEW)]
    few = [replace(one, scheme=Scheme.SOCKS4) for one in alike[1:]]
    secret = replace(alike[0], password=Secret("x"))
    detailed = replace(alike[0], details=Details(notes="x"))
    groups, others = apart([secret, *alike, detailed, *few])
    assert groups == [alike]
    assert others == [secret, detailed, *few]


@pytest.mark.parametrize(
    "change", [{"capacity": 3}, {"expires_at": 1.0}, {"status": Status.ACTIVE}, {"require_check": True}]
)
def test_whatever_is_bound_once_keeps_groups_apart(change: dict[str, object]) -> None:
    alike = [Proxy(Scheme.HTTP, f"h{n}", 1, labels=LABELS) for n in range(FEW)]
    other = [replace(one, **change) for one in alike]  # type: ignore[arg-type]
    assert apart([*alike, *other]) == ([alike, other], [])


def test_a_text_that_is_none_is_refused_as_elsewhere() -> None:
    with pytest.raises(UnicodeEncodeError):
        connection().execute("SELECT * FROM json_each(?)", (as_json([("\ud800",)]),)).fetchall()
