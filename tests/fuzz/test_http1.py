"""Differential fuzzing: whatever we would forward, h11, httptools and both parsers of aiohttp read alike, to the last
byte (R10).

Most messages are refused; those that pass are compared. The number of cases per direction is PROXYFLEET_FUZZ_CASES, a
million with PROXYFLEET_SOAK, and then from other seeds each time. A failure names its seed; PROXYFLEET_SEED=n repeats it.
"""

import os
import random
import secrets

import httptools
import pytest
from tests.fuzz import messages
from tests.integration.gatewaykit import Kit
from tests.strict import readers, sockets
from tests.strict.verdicts import Reading, of_answer

SOAK = bool(os.environ.get("PROXYFLEET_SOAK"))
CASES = int(os.environ.get("PROXYFLEET_FUZZ_CASES") or (1_000_000 if SOAK else 50_000))
SEED = os.environ.get("PROXYFLEET_SEED")
FIRST = int(SEED) if SEED else secrets.randbelow(1 << 40) if SOAK else 0
SEEDS = range(FIRST, FIRST + (1 if SEED else CASES))
SHARE = 8
"""At least one message in so many has to pass, or nothing is compared."""


def enough(passed: int) -> bool:
    return bool(SEED) or passed > CASES // SHARE


def test_no_forwarded_request_is_read_in_two_ways():
    passed = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        wire = messages.requests(rng)
        try:
            reading = Reading(wire)
            read = [readers.agree_on_request(forwarded) for forwarded in reading.forwarded]
            if len(read) > 1:
                one_after_another(reading.forwarded)
            for direct in reading.direct if seed % 2 else ():
                readers.agree_on_request(direct)
            if seed % 4 == 0:
                pieces = Reading(wire, messages.cutter(rng))
                assert pieces.verdicts.count("accept") == len(read), (str(reading), str(pieces))
                assert [readers.agree_on_request(forwarded) for forwarded in pieces.forwarded] == read
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {wire!r}") from problem
        passed += len(read)
        assert not [line for line in read if b"evil" in repr(line[1:3]).encode()], f"seed {seed}: {wire!r}"
    assert enough(passed)


def one_after_another(forwarded: list[bytes]) -> None:
    """On one connection they are still as many messages, for a reader that keeps state between them."""
    if any(wire.partition(b" ")[0] not in readers.LLHTTP_METHODS for wire in forwarded):
        return
    heard = readers.Heard()
    parser = httptools.HttpRequestParser(heard)
    try:
        parser.feed_data(b"".join(forwarded))
    except httptools.HttpParserUpgrade:
        assert forwarded[-1].startswith(b"CONNECT ")
    assert heard.messages == len(forwarded)


def test_no_forwarded_answer_is_read_in_two_ways():
    passed = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        method = rng.choice((b"GET", b"GET", b"GET", b"HEAD"))
        wire = messages.answer(rng)
        try:
            verdict, sent = of_answer(wire, method)
            read = readers.agree_on_answer(sent, method) if verdict == "accept" else None
            if seed % 4 == 0:
                again, pieces = of_answer(wire, method, messages.cutter(rng))
                assert (again == "accept") == (read is not None), (verdict, again)
                assert read is None or readers.agree_on_answer(pieces, method) == read
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {wire!r}") from problem
        passed += read is not None
    assert enough(passed)


async def test_a_running_gateway_passes_on_what_the_parser_says_and_nothing_else():
    """The same messages over sockets: what the upstream proxy got is, request by request, what was to be forwarded."""
    recorder = sockets.Recorder()
    async with Kit(recorder, users=None) as kit:
        for seed in SEEDS[:: 100 if SOAK else 50]:
            wire = messages.requests(random.Random(seed))
            reading, before = Reading(wire), len(recorder.requests)
            wanted = sockets.as_a_gateway_says(str(reading))
            said = await sockets.of_requests(kit, recorder, wire, wanted)
            got = [readers.by_h11(readers.h11.SERVER, request) for request in recorder.requests[before:]]
            told = [readers.by_h11(readers.h11.SERVER, forwarded) for forwarded in reading.forwarded]
            assert said == wanted, f"seed {seed}: {wire!r}"
            assert [without_via(one) for one in got] == [without_via(one) for one in told], f"seed {seed}: {wire!r}"


def without_via(reading):
    """The gateway adds its own Via and its credentials for the upstream proxy behind what the parser wrote."""
    method, target, fields, body = reading
    own = [(b"via", b"proxy-authorization")[number] for number in range(2)]
    kept = [(name, value) for name, value in fields if name not in own]
    return method, target, kept, body


@pytest.mark.parametrize("direction", ["request", "answer"])
def test_random_bytes_never_do_more_than_a_refusal(direction):
    for seed in SEEDS[::4]:
        rng = random.Random(seed)
        wire = rng.randbytes(rng.randrange(60)) + rng.choice((b"", b"\r\n\r\n"))
        _ = str(Reading(wire)) if direction == "request" else of_answer(wire, b"GET")
