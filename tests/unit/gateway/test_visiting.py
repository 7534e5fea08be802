"""What a site's answer means for the pair: its rules, its statuses, the proxy's own refusals."""

import pytest

from proxyfleet.core.checks import Answer, Way
from proxyfleet.core.outcome import Category
from proxyfleet.gateway.asking import Answer as Words
from proxyfleet.gateway.visiting import not_there, welcome
from proxyfleet.ports.checks import Judge, Site
from proxyfleet.wire.http1_head import HeadLimits, HeadReader, parse_response, response_names

SHOP = Judge("shop.example", 80)


def words(status, body=b"", *fields):
    raw = b"HTTP/1.1 %b x\r\n%b\r\n" % (status.encode(), b"".join(one.encode() + b"\r\n" for one in fields))
    limits = HeadLimits()
    return Words(parse_response(HeadReader(limits).feed(raw), response_names(), limits), body, 0.0)


@pytest.mark.parametrize(
    ("site", "said", "answer"),
    [
        (Site(SHOP), words("200"), Answer.ACCEPTED),
        (Site(SHOP), words("404"), Answer.ACCEPTED),
        (Site(SHOP), words("403"), Answer.BANNED),
        (Site(SHOP), words("429"), Answer.RATE_LIMITED),
        (Site(SHOP), words("503"), Answer.FAILED),
        (Site(SHOP, statuses=frozenset({200})), words("302"), Answer.BANNED),
        (Site(SHOP, statuses=frozenset({403})), words("403"), Answer.ACCEPTED),
        (Site(SHOP, ('banned body="robot"',)), words("200", b"Are you a Robot?"), Answer.BANNED),
        (Site(SHOP, ('banned body="robot"',), frozenset({200})), words("200", b"welcome"), Answer.ACCEPTED),
        (Site(SHOP, ("rate_limit status=503",)), words("503"), Answer.RATE_LIMITED),
        (Site(SHOP, ("banned status=200 target=other.example",)), words("200"), Answer.ACCEPTED),
    ],
)
def test_what_an_answer_means(site, said, answer):
    assert welcome(site, said, Way.HTTP, 0.5).answer is answer


def test_health_learns_of_the_pair():
    good = welcome(Site(SHOP), words("200"), Way.HTTP, 0.5)
    assert (good.status, good.outcome.target, good.outcome.response_time) == (200, "shop.example", 0.5)
    slow = welcome(Site(SHOP), words("429", b"", "Retry-After: 90"), Way.CONNECT, 0.5)
    assert (slow.outcome.category, slow.outcome.target, slow.outcome.retry_after) == (
        Category.RATE_LIMIT,
        "shop.example",
        90.0,
    )


def test_what_the_proxy_says_itself_is_not_the_site_s():
    shut = welcome(Site(SHOP), words("407"), Way.HTTP, 0.5)
    assert (shut.answer, shut.status, shut.outcome) == (Answer.FAILED, 407, None)
    assert not_there(Site(SHOP)).outcome is None
