"""Statements by name; each of them is one that SQLite accepts."""

import apsw

from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL, statements


def test_names_comments_and_lines() -> None:
    found = statements("-- a comment of words\n-- one\nSELECT\n  1;\n\n-- two\nSELECT 2;\n")
    assert found == {"one": "SELECT\n  1;", "two": "SELECT 2;"}


def test_every_statement_fits_the_schema() -> None:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    for sql in SQL.values():
        connection.execute(f"EXPLAIN {sql}", _nothing(sql)).fetchall()


def _nothing(sql: str) -> object:
    return {"after": 0, "prefix": "", "length": 0, "batch": 0} if ":after" in sql else (None,) * sql.count("?")


def test_finding_an_identity_uses_the_index() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(steps_in()[0].sql)
    for name in ("proxy_by_identity", "id_by_identity"):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", ("h", 1, "http", None)).fetchall()
        assert "proxy_identity (host=? AND port=? AND family=? AND <expr>=?)" in str(plan)
