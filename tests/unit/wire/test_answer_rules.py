"""Rules on answers: read strictly, applied in order, and only as far as bytes have come."""

import pytest

from proxyfleet.wire.answer_rules import LOOKED_AT, AnswerRules, BadRule, parse_rule, ruling
from proxyfleet.wire.http1_head import HeadLimits, parse_response, response_names

NAMES = response_names()


def head(status=200, *lines):
    return parse_response(b"\r\n".join((b"HTTP/1.1 %d X" % status, *lines)), NAMES, HeadLimits())


@pytest.mark.parametrize(
    ("rule", "target", "answer", "fits"),
    [
        ("banned status=403", "a.test", head(403), True),
        ("banned status=403,429", "a.test", head(429), True),
        ("banned status=403", "a.test", head(404), False),
        ("banned status=4xx", "a.test", head(451), True),
        ("banned status=4xx", "a.test", head(503), False),
        ("banned status=403 target=a.test", "a.test", head(403), True),
        ("banned status=403 target=a.test", "b.a.test", head(403), False),
        ("banned status=403 target=*.a.test,c.test", "b.a.test", head(403), True),
        ("banned status=403 target=*.a.test", "a.test", head(403), False),
        ("banned status=403 target=*", "x", head(403), True),
        ("banned header=cf-mitigated", "x", head(200, b"CF-Mitigated: challenge"), True),
        ("banned header=CF-Mitigated:CHALL", "x", head(200, b"cf-mitigated: Challenge"), True),
        ("banned header=cf-mitigated:other", "x", head(200, b"cf-mitigated: challenge"), False),
        ("banned header=a header=b", "x", head(200, b"a: 1"), False),
        ("banned header=a header=b", "x", head(200, b"a: 1", b"b: 2"), True),
        ("banned header=connection:close", "x", head(200, b"Connection: close"), True),
        ('banned body="Are you a Robot"', "x", head(200), True),
    ],
)
def test_conditions(rule, target, answer, fits):
    assert bool(AnswerRules([parse_rule(rule)]).fitting(target, answer)) is fits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "banned",
        "forbidden status=403",
        "banned status=",
        "banned status",
        "banned status=42",
        "banned status=abc",
        "banned colour=red",
        "banned target=a.test",
        "banned status=403 target=http://a",
        'banned body="x',
        "banned body=a body=b",
        "banned header=:x",
        "banned header=a b",
    ],
)
def test_rules_that_cannot_be_read(text):
    with pytest.raises(BadRule) as problem:
        parse_rule(text)
    assert "\n" not in str(problem.value)


def test_the_first_rule_that_holds_rules():
    rules = [parse_rule("rate_limit body=slow"), parse_rule("banned body=down"), parse_rule("banned status=200")]
    assert ruling(rules, b"x Slow Down", whole=True) == (rules[0], True)
    assert ruling(rules, b"x down", whole=True) == (rules[1], True)
    assert ruling(rules, b"x", whole=True) == (rules[2], True)
    assert ruling(rules[:2], b"x", whole=True) == (None, True)
    assert ruling([], b"", whole=False) == (None, True)


def test_a_body_is_waited_for_as_far_as_it_is_looked_at():
    rules = [parse_rule("banned body=robot"), parse_rule("rate_limit status=200")]
    assert ruling(rules, b"are you a rob", whole=False) == (None, False)
    assert ruling(rules, b"are you a robot", whole=False) == (rules[0], True)
    assert ruling(rules, b"x" * LOOKED_AT + b"robot", whole=False) == (rules[1], True)
    assert ruling(rules[1:], b"", whole=False) == (rules[1], True), "without a body condition nothing is waited for"
