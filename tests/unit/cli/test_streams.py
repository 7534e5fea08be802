"""Streams that are missing or cannot show a letter are made fit for use."""

import io
import sys

from proxyfleet.cli.streams import fits, printable, settle_streams


def test_a_closed_stream_becomes_an_empty_one(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    settle_streams()
    assert sys.stdin.read() == ""
    print("nowhere")
    print("nowhere", file=sys.stderr)
    assert not sys.stdout.isatty()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()


def test_a_narrow_terminal_shows_numbers(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    settle_streams()
    assert fits("e")
    assert not fits("é")
    print("é", flush=True)
    assert raw.getvalue() == b"\\xe9\n"


def test_only_what_can_be_seen_is_shown():
    assert printable("a\x1b[2J\u202eb é") == "a?[2J?b é"
