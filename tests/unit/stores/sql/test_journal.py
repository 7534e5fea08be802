"""Users and settings on a connection."""

import apsw
import pytest

from proxyfleet.ports import GatewayUser
from proxyfleet.stores.sql import journal
from proxyfleet.stores.sql.migrating import steps_in


@pytest.fixture
def connection() -> apsw.Connection:
    opened = apsw.Connection(":memory:")
    for step in steps_in():
        opened.execute(step.sql)
    return opened


def test_users(connection: apsw.Connection) -> None:
    journal.put_user(connection, GatewayUser("b", "1"))
    journal.put_user(connection, GatewayUser("a", "2"))
    journal.put_user(connection, GatewayUser("b", "3"))
    assert journal.users(connection) == [GatewayUser("a", "2"), GatewayUser("b", "3")]
    assert [journal.remove_user(connection, "b"), journal.remove_user(connection, "b")] == [True, False]


def test_settings(connection: apsw.Connection) -> None:
    journal.put_setting(connection, "a", "1")
    journal.put_setting(connection, "a", "2")
    journal.put_setting(connection, "b", "")
    journal.put_setting(connection, "c", None)
    assert journal.settings(connection) == {"a": "2", "b": ""}
    journal.put_setting(connection, "a", None)
    assert journal.settings(connection) == {"b": ""}
