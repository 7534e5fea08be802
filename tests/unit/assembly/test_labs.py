"""A lab for the command line."""

import socket

import pytest

from proxyfleet.assembly.labs import LabUnavailable, lab_running


async def test_urls_of_what_is_up():
    async with lab_running({"http": 2, "socks5": 1}, 0, credentials=True) as up:
        assert len(up["proxies"]) == 3
        assert all("lab:lab@" in url for url in up["proxies"])
        assert up["target"].startswith("http://127.0.0.1:")
    async with lab_running({"http": 1}, 0, credentials=False) as up:
        assert "@" not in up["proxies"][0]


async def test_a_taken_port_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LabUnavailable, match="first-port"):
            async with lab_running({"http": 1}, taken.getsockname()[1], credentials=True):
                pass
