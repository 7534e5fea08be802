"""One GET, and what came of it: a value, never an exception, never a secret, within bounds of size and time."""

import gzip
from email.utils import formatdate

import httpx
import pytest

from proxyfleet.net.checked import CheckedTransport
from proxyfleet.net.download import IN_MEMORY, PER_HOST, Downloads, ListPolicy
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.ports import Fetched

URL = "http://u:canary@lists.example/canary?key=canary"
NOW = 1_700_000_000.0


def downloads(answer, **limits):
    """Over a transport that answers as told; `answer` is a response or what makes one of a request."""
    transport = httpx.MockTransport(answer if callable(answer) else lambda _: answer)
    return Downloads(httpx.AsyncClient(transport=transport), now=lambda: NOW, **limits)


async def got(answer, url=URL, *, limits=None, **asked) -> tuple[Fetched, bytes]:
    async with downloads(answer, **limits or {})(url, **asked) as fetched:
        return fetched, b"".join(fetched.body)


async def test_a_body_with_its_validators():
    headers = {"ETag": '"e"', "Last-Modified": "yesterday"}
    fetched, body = await got(httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"list")))
    assert (fetched.outcome, body, fetched.etag, fetched.modified) == ("ok", b"list", '"e"', "yesterday")


async def test_the_request_is_conditional_and_says_who_asks():
    seen = []

    def answer(request):
        seen.append(request.headers)
        return httpx.Response(304)

    fetched, body = await got(answer, etag='"e"', modified="yesterday")
    assert (fetched.outcome, body) == ("unchanged", b"")
    assert (seen[0]["if-none-match"], seen[0]["if-modified-since"]) == ('"e"', "yesterday")
    assert (seen[0]["user-agent"], seen[0]["accept-encoding"]) == ("proxyfleet", "gzip, deflate")


async def test_unchanged_without_having_asked_is_no_answer():
    fetched, _ = await got(httpx.Response(304))
    assert (fetched.outcome, fetched.problem) == ("failed", "answered 304")


async def test_large_bodies_lie_on_disk_and_are_gone_afterwards():
    content = b"x" * (IN_MEMORY + 5)
    assert (await got(httpx.Response(200, stream=httpx.ByteStream(content))))[1] == content
    async with downloads(httpx.Response(200, stream=httpx.ByteStream(content)))(URL) as fetched:
        assert content.startswith(next(fetched.body))
    with pytest.raises(ValueError, match="closed file"):
        next(fetched.body)


@pytest.mark.parametrize(
    ("status", "outcome", "again", "words"),
    [
        (404, "absent", False, "404"),
        (403, "failed", False, "not for us"),
        (429, "failed", True, "too often"),
        (500, "failed", True, "answered 500"),
        (503, "failed", True, "answered 503"),
        (400, "failed", False, "answered 400"),
        (204, "failed", False, "answered 204"),
    ],
)
async def test_statuses(status, outcome, again, words):
    fetched, body = await got(httpx.Response(status, content=b"1.1.1.1:80"))
    assert (fetched.outcome, fetched.again, body) == (outcome, again, b"")
    assert words in fetched.problem


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 400, 999_999_999.0),
    ],
)
async def test_retry_after(header, seconds):
    fetched, _ = await got(httpx.Response(429, headers={"Retry-After": header}))
    assert fetched.retry_after == seconds


@pytest.mark.parametrize(
    ("error", "words", "again"),
    [
        (httpx.ConnectError("canary"), "cannot be reached", True),
        (httpx.ReadTimeout("canary"), "nothing for too long", True),
        (httpx.RemoteProtocolError("canary"), "broke off", True),
        (httpx.UnsupportedProtocol("canary"), "not http or https", False),
        (httpx.WriteError("canary"), "WriteError", True),
    ],
)
async def test_mishaps(error, words, again):
    def answer(_):
        raise error

    fetched, _ = await got(answer)
    assert (fetched.outcome, fetched.again) == ("failed", again)
    assert words in fetched.problem
    assert "canary" not in repr(fetched)


async def test_too_much_and_too_small_a_bomb():
    fetched, body = await got(httpx.Response(200, stream=httpx.ByteStream(b"x" * 101)), limits={"largest": 100})
    assert (fetched.outcome, fetched.again, body) == ("failed", False, b"")
    assert "larger than 100 bytes" in fetched.problem
    bomb = httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(bytes(9_999)))
    )
    assert "larger than 1000 bytes" in (await got(bomb, limits={"largest": 1000}))[0].problem


async def test_a_loop_of_redirects_ends():
    fetched, _ = await got(lambda request: httpx.Response(302, headers={"Location": str(request.url)}))
    assert fetched.outcome == "failed"
    assert "redirects" in fetched.problem
    assert not fetched.again


@pytest.mark.parametrize("url", ["http://[canary", "canary", "ftp://canary/", "http:///canary"])
async def test_what_is_no_address(url):
    async with Downloads(httpx.AsyncClient(transport=CheckedTransport()))(url) as fetched:
        assert fetched.outcome == "failed"
        assert "canary" not in repr(fetched)


async def test_addresses_are_judged_by_the_transport():
    client = httpx.AsyncClient(transport=CheckedTransport(DestinationPolicy()), trust_env=False)
    async with Downloads(client)("http://127.0.0.1:1/?canary") as fetched:
        assert (fetched.outcome, fetched.again) == ("failed", False)
        assert "not a public address; allow private addresses" in fetched.problem


@pytest.mark.parametrize(
    ("host", "own", "remedy"),
    [
        ("169.254.169.254", [], "nothing is ever fetched from link-local ones"),
        ("127.0.0.1", [("127.0.0.1", 1)], "this node itself listens on"),
    ],
)
async def test_nobody_is_told_to_allow_what_is_never_allowed(host, own, remedy):
    policy = ListPolicy(allow_private=True, own=own)
    client = httpx.AsyncClient(transport=CheckedTransport(policy), trust_env=False)
    async with Downloads(client)(f"http://{host}:1/") as fetched:
        assert remedy in fetched.problem
        assert "allow private" not in fetched.problem


async def test_one_host_is_not_asked_by_everybody_at_once():
    asked = downloads(httpx.Response(200, content=b""))
    assert asked._turn("http://a/x") is asked._turn("http://a/y")
    assert asked._turn("http://b/") is not asked._turn("http://a/")
    assert asked._turn("http://a/")._value == PER_HOST


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "169.254.0.1", "fe80::1", "::ffff:169.254.169.254", "fe80::a%eth0"]
)
def test_link_local_addresses_are_refused_also_where_private_ones_are_allowed(host):
    assert ListPolicy(allow_private=True).judge(host, 80) is not None


def test_otherwise_lists_are_where_everything_may_be():
    assert ListPolicy(allow_private=True).judge("10.0.0.1", 80) is None
    assert ListPolicy().judge("10.0.0.1", 80) == "destination_private"
    assert ListPolicy().judge("8.8.8.8", 80) is None
    assert ListPolicy(allow_private=True, own=[("127.0.0.1", 80)]).judge("127.0.0.1", 80) == "own_address"
