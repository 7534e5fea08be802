"""Our own answers: well-formed, documented, and without a byte of anybody else's."""

import re
from http import HTTPStatus
from pathlib import Path

import h11
import pytest

from proxyfleet.gateway.refusals import MALFORMED, REFUSALS, SOCKS_REPLIES, refused, refused_by, render
from proxyfleet.wire.http1_head import HeadError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("bodiless", [False, True])
def test_every_refusal_is_a_readable_answer(code, bodiless):
    wire = render(code, refused_by(code), extra=b"Retry-After: 1\r\n", close=True, bodiless=bodiless)
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="HEAD" if bodiless else "GET", target="/", headers=[("Host", "a")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(wire)
    answer = peer.next_event()
    assert answer.status_code == REFUSALS[code].status == HTTPStatus(answer.status_code)
    headers = dict(answer.headers)
    assert headers[b"connection"] == b"close"
    assert headers[b"retry-after"] == b"1"
    assert re.fullmatch(rb'proxyfleet; error=[a-z_]+; details="%b"' % code.encode(), headers[b"proxy-status"])
    if not bodiless:
        assert peer.next_event().data.startswith(f"proxyfleet: {code}: ".encode())
    assert isinstance(peer.next_event(), h11.EndOfMessage)


def test_an_answer_may_leave_the_connection_open():
    assert b"Connection" not in render("credentials_missing", REFUSALS["credentials_missing"], close=False)


@pytest.mark.parametrize("code", ["overloaded", "local_resources"])
def test_what_passes_by_itself_says_when_to_come_back(code):
    assert b"\r\nRetry-After: 1\r\n" in render(code, refused_by(code), close=True)


def test_malformed_heads_share_one_line():
    assert refused(HeadError(400, "bare_line_break")).text == MALFORMED
    assert refused(HeadError(431, "head_too_large")) == (431, "http_request_error", "the header fields are too large")
    assert refused(HeadError(403, "own_address")) is REFUSALS["own_address"]


@pytest.mark.parametrize("code", REFUSALS)
def test_every_code_is_documented(code):
    page = (ROOT / "docs/reference/gateway-errors.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith(f"| `{code}` |"))
    assert f"| {REFUSALS[code].status} |" in line
    assert f"`{REFUSALS[code].error}`" in line


def test_every_code_of_a_malformed_head_is_documented():
    page = (ROOT / "docs/reference/gateway-errors.md").read_text()
    sources = "".join(
        (ROOT / f"src/proxyfleet/wire/{name}.py").read_text()
        for name in ("http1_head", "http1_body", "authority", "forward")
    )
    codes = set(re.findall(r'HeadError\(\w+, "(\w+)"\)', sources))
    assert len(codes) > 15
    assert [code for code in codes if f"`{code}`" not in page] == []


def test_every_socks_reply_is_documented():
    page = (ROOT / "docs/reference/gateway-errors.md").read_text()
    for code, reply in SOCKS_REPLIES.items():
        assert code in REFUSALS
        line = next(line for line in page.splitlines() if line.startswith(f"| {reply.value} "))
        assert f"`{code}`" in line
