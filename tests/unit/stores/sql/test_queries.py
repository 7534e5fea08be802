"""Statements by name; each of them is one that SQLite accepts."""

import re

import apsw

from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL


def test_every_statement_fits_the_schema() -> None:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    for sql in SQL.values():
        connection.execute(f"EXPLAIN {sql}", _nothing(sql)).fetchall()


def _nothing(sql: str) -> object:
    names = set(re.findall(r"(?<![\w:]):([a-z]+)", sql))
    numbers = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    return dict.fromkeys(names) if names else (None,) * (max(numbers) if numbers else sql.count("?"))


def test_finding_an_identity_uses_the_index() -> None:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    for name in ("known_by_identity", "id_by_identity"):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", ("h", 1, "http", None)).fetchall()
        assert "proxy_identity (host=? AND port=? AND family=? AND <expr>=?)" in str(plan)
