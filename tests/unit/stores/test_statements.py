"""Statements by name."""

from pathlib import Path

from proxyfleet.stores.statements import read_statements, statements


def test_names_comments_and_lines() -> None:
    found = statements("-- a comment of words\n-- one\nSELECT\n  1;\n\n-- two\nSELECT 2;\n")
    assert found == {"one": "SELECT\n  1;", "two": "SELECT 2;"}


def test_words_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "queries.sql").write_text("-- one\nSELECT {row} FROM {place};\n")
    assert read_statements(str(tmp_path / "x.py"), row="a, b", place="t") == {"one": "SELECT a, b FROM t;"}
