"""CSV with and without a header; a broken row costs itself alone."""

import pytest

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.csvrows import cells_of, delimiter_of, header_of, read_csv
from proxyfleet.wire.text.entry import Entry, Extras, Verdict

PRIVATE = Rules(allow_private=True)


def read(text: str) -> list[Verdict]:
    return list(read_csv(text.split("\n"), PRIVATE))


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_header_names_the_columns(mark: str) -> None:
    text = "Host,Port,Login,Password,Country,Ignored\n192.0.2.1,80,alice,s3cret,Germany,x\n\n192.0.2.2,81".replace(
        ",", mark
    )
    assert read(text) == [
        Verdict(2, Entry("http", "192.0.2.1", 80, "alice", "s3cret", Extras(country="DE"))),
        Verdict(4, Entry("http", "192.0.2.2", 81)),
    ]


def test_quotes_hold_delimiters_and_quotes() -> None:
    (verdict,) = read('ip,port,username,password,notes\n192.0.2.1,80,alice,"a,""b","x, y"')
    assert verdict.entry == Entry("http", "192.0.2.1", 80, "alice", 'a,"b', Extras(notes="x, y"))


def test_without_a_header() -> None:
    assert [verdict.entry for verdict in read("socks5://192.0.2.1:80,US,Ashburn\n192.0.2.2,81,alice,s3cret")] == [
        Entry("socks5", "192.0.2.1", 80, extras=Extras(country="US", city="Ashburn")),
        Entry("http", "192.0.2.2", 81, "alice", "s3cret"),
    ]


def test_an_unclosed_quote_costs_one_row() -> None:
    verdicts = read('ip,port,notes\n192.0.2.1,80,"open\n192.0.2.2,81,fine')
    assert [verdict.line for verdict in verdicts] == [2, 3]
    assert verdicts[1].entry == Entry("http", "192.0.2.2", 81, extras=Extras(notes="fine"))


def test_bad_rows() -> None:
    verdicts = list(read_csv(["ip,port", "192.0.2.1,80,alice,s3cret", None, "1.2.3.256,80", "192.0.2.1,80,,"], PRIVATE))
    assert [(verdict.line, verdict.reason) for verdict in verdicts] == [
        (2, "bad_row"), (3, "too_long"), (4, "bad_octet"), (5, None),
    ]  # fmt: skip
    assert "s3cret" not in repr(verdicts)


def test_pieces() -> None:
    assert delimiter_of("a;b;c,d") == ";"
    assert header_of("ip,port") == ["ip", "port"]
    assert header_of("a,b") is None
    assert cells_of('a , "b"', ",") == ["a", "b"]
