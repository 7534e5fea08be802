"""What sits on a proxy's port and is none."""

import pytest

from proxyfleet.lab import Lab
from proxyfleet.lab.strangers import HTML, SSH_BANNER, SSH_LAST_WORDS

from .conftest import Talk

CONNECT = b"CONNECT a.lab:80 HTTP/1.1\r\nHost: a.lab\r\n\r\n"


async def test_an_ssh_server_speaks_first(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(speaks="ssh")
    assert await talk(lab["http-1"].port, quiet=0.05) == SSH_BANNER
    assert await talk(lab["http-1"].port, CONNECT) == SSH_BANNER + SSH_LAST_WORDS


async def test_a_web_server_answers_anything_with_a_page(lab: Lab, talk: Talk) -> None:
    lab["socks5-1"].behave(speaks="html")
    assert await talk(lab["socks5-1"].port, b"\x05\x01\x00") == HTML


async def test_garbage_is_garbage(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(speaks="garbage")
    first, second = await talk(lab["http-1"].port, CONNECT), await talk(lab["http-1"].port, CONNECT)
    assert (len(first), len(second), first == second) == (64, 64, False)


async def test_silence_accepts_and_says_nothing(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(stall=True)
    assert await talk(lab["http-1"].port, CONNECT, quiet=0.05) == b""
    assert lab["http-1"].connections == 1


@pytest.mark.parametrize("name", ["https-1", "http-1"])
async def test_another_proxy_protocol_is_spoken_without_tls(lab: Lab, talk: Talk, name: str) -> None:
    lab[name].behave(speaks="socks5")
    assert await talk(lab[name].port, b"\x05\x01\x00", quiet=0.05) == b"\x05\x00"
