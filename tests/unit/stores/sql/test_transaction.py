"""Whole or not at all."""

import apsw
import pytest

from proxyfleet.stores.sql.transaction import transaction


def test_it_commits_or_rolls_back() -> None:
    connection = apsw.Connection(":memory:")
    with transaction(connection):
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(apsw.SQLError), transaction(connection):
        connection.execute("INSERT INTO t VALUES (1); SELECT nonsense FROM nowhere")
    assert connection.execute("SELECT count(*) FROM t").get == 0
    assert not connection.in_transaction
