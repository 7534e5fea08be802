"""Bytes are cut, silenced, slowed and damaged exactly as ordered."""

import asyncio
from typing import cast

from proxyfleet.lab.behaviour import Behaviour
from proxyfleet.lab.gate import Gate, gate_for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


class Wire:
    """Both transports a gate stands between, recording what it does to them."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.closed = False
        self.ended = asyncio.Event()
        self.paused = False

    def write(self, data: bytes) -> None:
        self.out += data

    def close(self) -> None:
        self.closed = True
        self.ended.set()

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def a_gate(wire: Wire, *, head_first: bool = False, **behaviour: object) -> Gate:
    make = gate_for(Behaviour(**behaviour))
    assert make is not None
    return make(cast(asyncio.WriteTransport, wire), head_first)


def test_an_honest_proxy_has_no_gate() -> None:
    assert gate_for(Behaviour(latency=1.0, banned=frozenset({"a"}))) is None


def test_truncation_counts_the_body_and_closes() -> None:
    wire = Wire()
    gate = a_gate(wire, head_first=True, truncate_after=4)
    gate.pass_on(HEAD[:20], wire)
    gate.pass_on(HEAD[20:] + b"012", wire)
    assert not wire.closed
    gate.pass_on(b"3456789", wire)
    assert (bytes(wire.out), wire.closed) == (HEAD + b"0123", True)
    gate.pass_on(b"more", wire)
    assert wire.out.endswith(b"0123")


def test_an_interim_answer_is_not_the_body() -> None:
    wire, interim = Wire(), b"HTTP/1.1 100 Continue\r\n\r\n"
    a_gate(wire, head_first=True, truncate_after=2).pass_on(interim + HEAD + b"012", wire)
    assert bytes(wire.out) == interim + HEAD + b"01"


def test_silence_after_some_bytes_keeps_the_connection_even_when_the_target_closes() -> None:
    wire = Wire()
    gate = a_gate(wire, stall_after=2)
    gate.pass_on(b"01234", wire)
    gate.finish()
    assert (bytes(wire.out), wire.closed) == (b"01", False)


def test_nothing_passes_a_limit_of_zero() -> None:
    wire = Wire()
    gate = a_gate(wire, head_first=True, truncate_after=0)
    gate.pass_on(HEAD + b"0", wire)
    assert (bytes(wire.out), wire.closed) == (HEAD, True)


def test_damage_changes_the_body_and_not_the_head() -> None:
    wire = Wire()
    a_gate(wire, head_first=True, mangle=True).pass_on(HEAD + b"abc", wire)
    assert bytes(wire.out) == HEAD + b"Abc"


async def test_a_bandwidth_limit_portions_the_bytes_and_closes_after_the_last() -> None:
    wire = Wire()
    gate = a_gate(wire, bandwidth=5000)
    gate.pass_on(b"x" * 250, wire)
    gate.finish()
    assert (len(wire.out), wire.paused, wire.closed) == (100, True, False)
    await asyncio.wait_for(wire.ended.wait(), 5)
    assert len(wire.out) == 250


async def test_a_target_that_was_slowed_down_may_go_on() -> None:
    wire = Wire()
    gate = a_gate(wire, bandwidth=100_000)
    gate.pass_on(b"x" * 10, wire)
    assert (len(wire.out), wire.paused) == (10, False)


async def test_a_client_that_left_gets_nothing_more() -> None:
    wire = Wire()
    gate = a_gate(wire, bandwidth=5000)
    gate.pass_on(b"x" * 250, wire)
    gate.stop()
    gate.pass_on(b"y", wire)
    await asyncio.sleep(0.03)
    assert len(wire.out) == 100
