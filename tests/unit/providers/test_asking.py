"""What costs nothing may be asked again; an order is one attempt, and whatever is unclear is called so."""

import pytest

from proxyfleet.core.proxy import Secret
from proxyfleet.ports.buying import Away, ProviderError, Refused, Unclear
from proxyfleet.ports.calling import Answer, Lost, NotSent
from proxyfleet.providers.answers import Unreadable
from proxyfleet.providers.asking import TRIES, Ask, Asking, checked_address, said
from proxyfleet.providers.kind import Account, BadProvider

OK = Answer(200, {}, b'{"a": 1}')


def asking(*answers, **options):
    """An account whose calls meet these one after the other, the last one for ever."""
    met, waits = [], []

    async def call(method, url, **told):
        met.append((method, url, told))
        answer = answers[min(len(met), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(seconds):
        waits.append(seconds)

    account = Account("main", Secret("canary"), call, {}, lambda: 0.0, sleep)
    return Asking(account, "https://a.example/api", **options), met, waits


def whole(value):
    return value["a"]


@pytest.mark.parametrize(
    "trouble",
    [
        NotSent("cannot be reached"),
        Lost("broke off"),
        Answer(500, {}, b""),
        Answer(429, {}, b""),
        Answer(503, {}, b"<"),
    ],
)
async def test_a_look_is_tried_again(trouble):
    way, met, waits = asking(trouble, OK)
    assert await way.look(Ask("x"), whole) == 1
    assert (len(met), waits) == (2, [1.0])
    way, met, _ = asking(trouble)
    with pytest.raises(Away, match="try again later"):
        await way.look(Ask("x"), whole)
    assert len(met) == TRIES


async def test_retry_after_is_obeyed_and_a_long_one_is_told():
    way, met, waits = asking(Answer(429, {"retry-after": "7"}, b""), OK)
    assert await way.look(Ask("x"), whole) == 1
    assert waits == [7]
    way, met, waits = asking(Answer(429, {"retry-after": "900"}, b""))
    with pytest.raises(Away) as caught:
        await way.look(Ask("x"), whole)
    assert (caught.value.retry_after, len(met), waits) == (900, 1, [])


@pytest.mark.parametrize(
    ("met", "kind"),
    [
        (NotSent("canary cannot be reached"), Away),
        (Answer(429, {}, b"<html>"), Away),
        (Lost("broke off"), Unclear),
        (RuntimeError("canary"), Unclear),
        (Answer(500, {}, b'{"a": 1}'), Unclear),
        (Answer(302, {}, b'{"a": 1}'), Unclear),
        (Answer(408, {}, b'{"a": 1}'), Unclear),
        (Answer(409, {}, b'{"a": 1}'), Unclear),
        (Answer(403, {}, b"<html>"), Unclear),
        (Answer(200, {}, b'{"b": 1}'), Unclear),
        (Answer(200, {}, b"[1]"), Unclear),
        (Answer(200, {}, b""), Unclear),
        (Answer(402, {}, b'{"detail": "pay canary"}'), Refused),
    ],
)
async def test_an_order_is_one_attempt(met, kind):
    way, calls, waits = asking(met, OK)
    with pytest.raises(ProviderError) as caught:
        await way.spend(Ask("x", {}, {}, "POST"), whole)
    assert type(caught.value) is kind
    assert (len(calls), waits) == (1, [])
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None
    assert str(caught.value).startswith("provider main: ")


async def test_a_refusal_of_its_own_comes_first_and_only_codes_that_are_known_are_used():
    way, _, _ = asking(OK, refusal=lambda _: Refused("no_stock", "none\nleft"))
    with pytest.raises(Refused, match="provider main: none left") as caught:
        await way.spend(Ask("x"), whole)
    assert caught.value.code == "no_stock"
    way, _, _ = asking(Answer(401, {}, b'{"detail": "Invalid token."}'))
    with pytest.raises(Refused, match="Invalid token") as caught:
        await way.look(Ask("x"), whole)
    assert caught.value.code == "bad_key"


@pytest.mark.parametrize("before", [190, 195, 380, 395])
async def test_no_part_of_the_key_is_left_where_a_long_text_is_cut(before):
    way, _, _ = asking(Answer(400, {}, b'{"detail": "' + b"x" * before + b'canary canary"}'))
    with pytest.raises(Refused) as caught:
        await way.look(Ask("x"), whole)
    assert "can" not in str(caught.value)
    assert len(str(caught.value)) < 450


async def test_where_it_asks():
    way, met, _ = asking(OK, headers={"X": "y"}, secrets=["other"])
    await way.look(Ask("a/b?c=d", {"e": "f g"}), whole)
    await way.look(Ask("/other", {}, {"n": 1}, "POST"), whole)
    assert [url for _, url, _ in met] == ["https://a.example/api/a/b?c=d&e=f+g", "https://a.example/other"]
    assert met[0][2]["headers"] == {"X": "y"}
    assert (met[1][0], met[1][2]["body"], met[1][2]["headers"]["Content-Type"]) == (
        "POST",
        b'{"n": 1}',
        "application/json",
    )
    assert repr(Ask("canary", {"a": "canary"})) == "Ask(GET)"


@pytest.mark.parametrize(
    "link",
    [
        "https://b.example/x",
        "http://a.example/x",
        "https://a.example@b.example/",
        "//b.example/x",
        "https://[",
        "https://a.example:1/",
    ],
)
def test_a_link_to_another_host_is_not_followed(link):
    with pytest.raises(Unreadable):
        asking(OK)[0].path_of(link)


def test_a_link_to_the_same_host():
    way = asking(OK)[0]
    assert way.path_of("https://a.example/api/x?page=2") == "/api/x?page=2"
    assert way.path_of("?page=2") == "/api/?page=2"
    assert way.path_of("") == ""


def test_what_an_error_says():
    assert said({"code": "E1", "error": {"message": "no"}}) == "no"
    assert said({"field": [{"code": "x", "message": "bad"}]}) == "bad"
    assert said({"a": 1}) == ""


@pytest.mark.parametrize(
    "address", ["", "a.example", "ftp://a.example", "https://u@a.example", "https://a.example/?k=1", "https://a:x/"]
)
def test_addresses_that_are_none(address):
    with pytest.raises(BadProvider):
        checked_address("main", address)
