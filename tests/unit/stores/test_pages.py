"""From pages of rows to proxies: the same as row by row, with labels shared and secrets left locked."""

from decimal import Decimal

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import MAX_CAPACITY, Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.stores.pages import SELECTED, proxies_of
from proxyfleet.stores.sealing import Sealing
from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.vault import Keyring, KeyState, MasterKey, new_key

RING = Keyring(MasterKey(bytes(32), "test"))
KEY = new_key(RING.master, KeyState.PRIMARY, 0.0)
RING.load([KEY])
RING.primary = KEY.kid
SEALING = Sealing(RING)

words = st.one_of(st.none(), st.text(min_size=1, max_size=9).filter(lambda text: "\x00" not in text))
money = st.one_of(st.none(), st.decimals(0, 1000, places=3))
labels = st.builds(
    Labels,
    st.sampled_from(Kind),
    st.sampled_from(ProxyType),
    words,
    words,
    words,
    st.one_of(st.none(), st.integers(1, 2**32 - 1)),
    st.frozensets(st.text("aé\"'\\,\n☃ ", min_size=1, max_size=4).filter(lambda tag: '"' not in tag), max_size=3),
    words,
    words,
    words,
    money,
    money,
    words,
    words,
    words,
)
details = st.builds(
    Details,
    st.one_of(st.none(), st.integers(1, 9)),
    st.floats(0, 9),
    st.none(),
    st.one_of(st.none(), st.just(Secret("r"))),
)
proxies = st.builds(
    Proxy,
    st.sampled_from(Scheme),
    st.sampled_from(["a.example", "2001:db8::1"]),
    st.integers(1, 65535),
    words,
    st.one_of(st.none(), st.text(max_size=90).map(Secret)),
    capacity=st.one_of(st.none(), st.integers(1, MAX_CAPACITY)),
    expires_at=st.one_of(st.none(), st.floats(0, 1e10)),
    status=st.sampled_from(Status),
    require_check=st.booleans(),
    labels=labels,
    details=st.one_of(st.none(), details),
)


def table(records: list[Proxy]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    for nth, proxy in enumerate(records, start=1):
        connection.execute(SQL["insert_numbered"], (nth, *SEALING.written(proxy, nth.to_bytes(16, "big"))))
    return connection


def read(connection: apsw.Connection) -> tuple[list[Proxy], list[Proxy]]:
    """As a page, and row by row."""
    whole = SQL["proxy_by_id"].partition("WHERE")[0]
    slow = [SEALING.read(row) for row in connection.execute(f"{whole} ORDER BY id")]
    asked = []

    def rare(ids: list[int]) -> dict[int, Details]:
        asked.extend(ids)
        return {proxy.id: proxy.details for proxy in slow if proxy.id in ids and proxy.details}

    rows = connection.execute(f"SELECT {SELECTED} FROM proxies ORDER BY id").fetchall()
    quick = proxies_of(rows, SEALING.lock_many, rare)
    assert asked == [proxy.id for proxy in slow if proxy.details is not None]
    return quick, slow


@given(st.lists(proxies, max_size=6, unique_by=lambda proxy: proxy.identity))
def test_the_same_as_row_by_row(records: list[Proxy]) -> None:
    quick, slow = read(table(records))
    assert quick == slow
    assert [(one.host, one.labels, one.password) for one in quick] == [(r.host, r.labels, r.password) for r in records]


def test_equal_labels_are_one_object_and_money_stays_exact() -> None:
    shared = {"tags": frozenset({"a"}), "cost_per_gb": Decimal("0.10"), "country": "DE"}
    quick, _ = read(table([Proxy(Scheme.HTTP, host, 1, labels=Labels(**shared)) for host in "ab"]))
    assert quick[0].labels is quick[1].labels
    assert str(quick[0].labels.cost_per_gb) == "0.10"


def test_a_capacity_that_somebody_has_written_by_hand_is_refused() -> None:
    connection = table([Proxy(Scheme.HTTP, "a", 1)])
    connection.execute("UPDATE proxies SET capacity = 9999999999")
    with pytest.raises(BadProxy, match="use 1 to"):
        read(connection)
