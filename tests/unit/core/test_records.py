"""The cold half of a proxy: every field survives, strings are shared, flags and status agree."""

from decimal import Decimal

import pytest

from proxyfleet.core.clause import Profile
from proxyfleet.core.columns import Columns
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.core.records import Records, flags_of, status_of
from proxyfleet.lab.builders import a_proxy

FULL = Proxy(
    Scheme.SOCKS5H,
    "proxy.example",
    1080,
    "user",
    Secret("pass"),
    7,
    12,
    2_000_000.0,
    Status.ACTIVE,
    False,
    Labels(
        Kind.ROTATING,
        ProxyType.MOBILE,
        "US",
        "Texas",
        "Austin",
        64_500,
        frozenset({"a", "b"}),
        "webshare",
        "api",
        "elite",
        Decimal("3.50"),
        Decimal("0.7"),
        "EUR",
        "CA",
        "anonymous",
    ),
    Details(3, 1.5, 2, Secret("http://refresh"), "note", "198.51.100.1", ("http", "socks5"), Measured(asn=64_500)),
)


@pytest.fixture
def records(columns: Columns) -> Records:
    made = Records(columns, Profiles())
    made.grow(columns.size)
    return made


def stored(records: Records, slot: int, proxy: Proxy) -> Proxy:
    records.write(slot, proxy)
    records.columns.profile[slot] = records.profiles.take(Profile(proxy.scheme, proxy.labels))
    return records.read(slot)


def test_every_field_survives(records: Records) -> None:
    assert not [value for value in fields_of(FULL) if value in (None, "", (), frozenset())]
    assert stored(records, 3, FULL) == FULL
    assert records.endpoint(3) == FULL.endpoint
    assert records.rotating(3)


def fields_of(proxy: Proxy) -> list[object]:
    parts = (proxy, proxy.labels, proxy.details)
    return [getattr(part, name) for part in parts for name in part.__dataclass_fields__]


@pytest.mark.parametrize(
    "changes",
    [
        {"password": None},
        {"password": ""},
        {"username": "", "password": ""},
        {"status": Status.PENDING, "require_check": True},
        {"status": Status.PENDING},
        {"status": Status.FAILED},
        {"status": Status.DISABLED, "require_check": True},
        {"expires_at": None},
        {"details": Details(notes="n")},
    ],
    ids=str,
)
def test_optional_fields_survive_too(records: Records, changes: dict[str, object]) -> None:
    proxy = a_proxy(1, capacity=5, **changes)
    assert stored(records, 1, proxy) == proxy


def test_a_capacity_that_was_not_given_reads_as_the_default_of_its_kind(records: Records) -> None:
    assert stored(records, 1, a_proxy(1)).capacity == 5
    assert stored(records, 2, a_proxy(2, kind=Kind.ROTATING)).capacity == 1000


def test_writing_again_leaves_nothing_behind(records: Records) -> None:
    stored(records, 1, FULL)
    plain = a_proxy(7, capacity=1, details=Details())
    assert stored(records, 1, plain) == a_proxy(7, capacity=1)
    assert records.details == {}


def test_an_erased_slot_keeps_no_name_and_no_password(records: Records) -> None:
    stored(records, 1, FULL)
    records.erase(1)
    left = records.endpoint(1)
    assert (left.host, left.username, left.password, records.details) == ("", None, None, {})


def test_equal_credentials_are_stored_once(records: Records) -> None:
    one = stored(records, 1, a_proxy(1, username="user", password="pass"))
    two = stored(records, 2, a_proxy(2, username="".join(["us", "er"]), password="".join(["pa", "ss"])))
    assert one.username is two.username
    assert one.password is two.password


def test_the_facts_that_selectors_ask_for(records: Records) -> None:
    stored(records, 3, FULL)
    stored(records, 4, a_proxy(9))
    names = ("id", "host", "port", "username", "capacity", "max_connections", "min_interval", "target_capacity")
    full, plain = records.fact(3), records.fact(4)
    assert [full(name) for name in names] == [7, "proxy.example", 1080, "user", 12, 3, 1.5, 2]
    assert [full(name) for name in ("notes", "exit_address", "health")] == ["note", "198.51.100.1", None]
    assert [plain(name) for name in names] == [9, "198.18.0.9", 8080, None, 5, None, None, None]
    assert [plain(name) for name in ("notes", "exit_address")] == [None, None]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("check", [False, True])
def test_status_survives_as_flags(status: Status, check: bool) -> None:
    assert status_of(flags_of(a_proxy(1, status=status, require_check=check))) is status
