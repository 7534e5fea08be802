"""`lab` as a command; the lab itself has tests of its own."""

import asyncio
import json
import os
import signal

from proxyfleet.cli.lab import KINDS, Counts


def test_every_kind_can_be_counted():
    assert all(isinstance(getattr(Counts(), kind), int) for kind in KINDS)


def test_it_prints_urls_and_ends_on_a_signal(run, monkeypatch):
    real = asyncio.Event.wait

    async def wait(event):
        os.kill(os.getpid(), signal.SIGTERM)
        return await real(event)

    monkeypatch.setattr(asyncio.Event, "wait", wait)
    done = run("lab", "--http", "2", "--socks5", "1")
    assert done.code == 0, done.err
    words = [line.split("  ")[0] for line in done.out.splitlines()]
    assert words == ["proxy"] * 3 + ["target", "tls_target", "ca_file", "control", "ready"]
    assert len(json.loads(run("lab", "--http", "1", "--open", "--json").out)["proxies"]) == 1
