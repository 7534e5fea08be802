"""Rules on plain-HTTP answers: which of them mean that this target does not want this proxy (SPEC G10).

    banned status=403,429 target=*.shop.example
    banned header=cf-mitigated:challenge
    banned status=200 body="are you a robot"
    rate_limit status=429

The first word is what it means, then conditions that must all hold. `header=NAME` is there at all, `header=NAME:TEXT`
contains the text; `body` looks at the first 4 KiB as they came, so a compressed body is not understood. Texts have no
case. Pure; what follows from a ruling is decided elsewhere.
"""

import re
import shlex
from collections.abc import Iterable
from typing import Final, NamedTuple

from proxyfleet.wire.http1_head import ResponseHead, is_token

MEANINGS: Final = ("banned", "rate_limit")
CONDITIONS: Final = ("status", "header", "body", "target")
LOOKED_AT: Final = 4096
"""Bytes of a body."""
_STATUS = re.compile(r"[1-9][0-9][0-9]|[1-5]xx")
_TARGET = re.compile(r"(\*\.)?[a-z0-9._-]+|\*")


class BadRule(ValueError):
    """A rule that cannot be read; the text says where and what would do."""


class Rule(NamedTuple):
    """Conditions that are empty hold always. `statuses` are numbers or `4xx`, `body` is in lower case."""

    meaning: str
    statuses: frozenset[str]
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    targets: tuple[str, ...]

    def fits(self, target: str, head: ResponseHead) -> bool:
        """Whether everything but the body speaks for it."""
        status = str(head.status)
        if self.statuses and status not in self.statuses and f"{status[0]}xx" not in self.statuses:
            return False
        if self.targets and not any(_is_of(target, pattern) for pattern in self.targets):
            return False
        return all(_has(head, name, text) for name, text in self.headers)


def parse_rule(text: str) -> Rule:
    """Raises `BadRule`."""
    try:
        meaning, *words = shlex.split(text)
    except ValueError:
        raise BadRule(f"{text!r}: a rule is `banned` or `rate_limit` and conditions, quotes in pairs") from None
    if meaning not in MEANINGS or not words:
        raise BadRule(f"{text!r}: begin with {' or '.join(MEANINGS)}, then conditions such as status=403")
    told: dict[str, list[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in CONDITIONS or not equals or not value:
            raise BadRule(f"{text!r}: {word!r} is no condition; there are {', '.join(f'{one}=' for one in CONDITIONS)}")
        told.setdefault(name, []).append(value)
    if set(told) == {"target"}:
        raise BadRule(f"{text!r}: every answer of a target cannot mean that; add status=, header= or body=")
    if len(told.get("body", ())) > 1:
        raise BadRule(f"{text!r}: one body= is enough")
    statuses = frozenset(one for value in told.get("status", ()) for one in value.lower().split(","))
    targets = tuple(one for value in told.get("target", ()) for one in value.lower().split(","))
    for one, shape, example in (
        *((s, _STATUS, "403 or 4xx") for s in statuses),
        *((t, _TARGET, "shop.example or *.shop.example") for t in targets),
    ):
        if shape.fullmatch(one) is None:
            raise BadRule(f"{text!r}: {one!r} does not fit; write {example}")
    return Rule(meaning, statuses, tuple(_header(text, one) for one in told.get("header", ())), _body(told), targets)


def _header(text: str, value: str) -> tuple[bytes, bytes]:
    name, _, wanted = value.partition(":")
    raw = name.strip().lower().encode("utf-8", "replace")
    if not is_token(raw):
        raise BadRule(f"{text!r}: {name!r} is no field name")
    return raw, wanted.strip().lower().encode()


def _body(told: dict[str, list[str]]) -> bytes:
    return told.get("body", [""])[0].lower().encode()


def _is_of(target: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    return target.endswith(pattern[1:]) if pattern.startswith("*.") else target == pattern


def _has(head: ResponseHead, name: bytes, text: bytes) -> bool:
    if name in head.special:
        return text in head.special[name].lower()
    for line in head.lines:
        field, _, value = line.partition(b":")
        if field.lower() == name and text in value.lower():
            return True
    return False


class AnswerRules:
    """All rules of a gateway; the first that holds rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)

    def fitting(self, target: str, head: ResponseHead) -> tuple[Rule, ...]:
        """The rules for which only the body may still speak against; most answers have none."""
        return tuple(rule for rule in self._rules if rule.fits(target, head))


def ruling(rules: Iterable[Rule], body: bytes, *, whole: bool) -> tuple[Rule | None, bool]:
    """(the rule that holds, whether that is the last word). `rules` as `fitting` gave them; `body` as far as it has come."""
    seen = body[:LOOKED_AT].lower()
    enough = whole or len(body) >= LOOKED_AT
    for rule in rules:
        if rule.body in seen:
            return rule, True
        if not enough:
            return None, False  # an earlier rule must not be overtaken by a later one
    return None, True
