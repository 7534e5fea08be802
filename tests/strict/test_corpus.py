"""R10: every message of three corpora gets the verdict of its checked-in table, from the parser and from a running
gateway alike, and what is passed on is one message for every reader.

The tables are `tests/data/http/{gunicorn,llhttp,own}.txt`. A package that cannot be fetched fails these tests.
"""

import re

import pytest
from tests.integration.gatewaykit import Kit
from tests.strict import corpora, readers, sockets, verdicts
from tests.strict.tables import rows

CORPORA = ("gunicorn", "llhttp", "own")
SIZES = {"gunicorn": 143, "llhttp": 272, "own": 360}
FORMS = {
    "as sent": lambda wire: wire,
    "verdict": lambda wire: wire,
    "to a proxy": corpora.to_a_proxy,
    "with Host": corpora.with_host,
}
FORGED = re.compile(rb"\r\nX-Proxyfleet-Proxy: (?!127\.0\.0\.1:)|\r\nProxy-Authenticate: |evil", re.I)
SOURCE = re.compile(r"RFC (9110|9112|9931|6585|3986)( §[\d.]+)?")


def wires(case, row):
    """(column, bytes, verdict) for each form of a request that differs from the one before."""
    before, verdict = None, ""
    for column, form in FORMS.items():
        if column not in row:
            continue
        wire = form(case.wire)
        same = row[column] == "="
        assert same == (wire == before), f"{case.name}, {column}: '=' stands for a form that changes nothing"
        if not same:
            before, verdict = wire, row[column]
            yield column, wire, verdict


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_table_names_every_case_and_its_rule(corpus, cases):
    table = rows(corpus)
    assert list(table) == [case.name for case in cases[corpus]]
    assert len(table) >= SIZES[corpus]
    assert not [name for name, row in table.items() if not SOURCE.fullmatch(row["source"])]


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_parser_gives_each_verdict(corpus, cases):
    table, wrong = rows(corpus), []
    for case in cases[corpus]:
        row = table[case.name]
        if case.method is not None:
            said, wanted = verdicts.of_answer(case.wire, case.method)[0], row.get("verdict", row.get("as sent"))
            wrong += [] if said == wanted else [(case.name, wanted, said)]
            continue
        for column, wire, wanted in wires(case, row):
            reading = verdicts.Reading(wire)
            wrong += [] if str(reading) == wanted else [(case.name, column, wanted, str(reading))]
            for forwarded in reading.forwarded + reading.direct:
                readers.agree_on_request(forwarded)
    assert not wrong


@pytest.mark.parametrize("corpus", CORPORA)
async def test_a_running_gateway_gives_each_verdict_and_passes_on_nothing_else(corpus, cases):
    table, wrong, recorder = rows(corpus), [], sockets.Recorder()
    async with Kit(recorder, users=None) as kit:
        for case in cases[corpus]:
            for column, wire, verdict in wires(case, table[case.name]) if case.method is None else ():
                seen, wanted = len(recorder.requests), sockets.as_a_gateway_says(verdict)
                said = await sockets.of_requests(kit, recorder, wire, wanted)
                passed = recorder.requests[seen:]
                if said != wanted or len(passed) != wanted.split("; ").count("accept"):
                    wrong.append((case.name, column, wanted, said, passed))
                for forwarded in passed:
                    readers.agree_on_request(forwarded)
    assert not wrong


@pytest.mark.parametrize("corpus", ["llhttp", "own"])
async def test_a_client_of_a_running_gateway_gets_each_answer_whole_or_not_at_all(corpus, cases):
    table, wrong = rows(corpus), []
    async with Kit(sockets.Recorder()) as kit:
        for case in cases[corpus]:
            if case.method is None:
                continue
            row = table[case.name]
            wanted = sockets.as_a_gateway_says(row.get("verdict") or row["as sent"])
            said, got = await sockets.of_answer(kit, case.wire, case.method)
            wrong += [] if said == wanted else [(case.name, wanted, said, got)]
            if said == "accept":
                readers.agree_on_answer(got, case.method)
                assert not FORGED.search(got), f"{case.name}: what only we may say, or what nobody asked for"
    assert not wrong
