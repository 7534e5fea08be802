"""Connections as the store wants them."""

from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.driver import columns, connect


async def test_a_connection_sees_the_tables_of_its_fleet_and_obeys_the_rules(address: Address) -> None:
    connection = await connect(address, {"statement_timeout": "1234ms"})
    told = [
        await connection.fetchval(f"SHOW {name}") for name in ("search_path", "statement_timeout", "application_name")
    ]
    assert told == [address.schema, "1234ms", "proxyfleet"]
    await connection.close(timeout=2.0)
    assert connection.is_closed()


def test_rows_become_columns() -> None:
    assert columns([(1, "a"), (2, "b")], 2) == [[1, 2], ["a", "b"]]
    assert columns([], 3) == [[], [], []]
