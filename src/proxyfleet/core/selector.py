"""Which proxies are wanted: `country=US,DE tag=premium days_left>=3 min_score=0.5` (SPEC D3).

Reads and writes the text form and says where a text is wrong. It judges labels and facts but finds nothing: the index does.
A clause is FIELD OPERATOR VALUE[,VALUE]...; all clauses must hold; values with blanks are quoted; an empty value means
"not set". Besides the fields of `clause.FIELDS` there are `min_score`, `exclude`, `resource`, `target`
and `spread`, which is `country` (each country with the same chance) or `cheapest` (the cheapest price tier first).
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proxyfleet.core.clause import ALIASES, FIELDS, Clause, Op, Profile, Value
from proxyfleet.core.errors import BadSelector

_CLAUSE = re.compile(r"\s*(?P<field>[A-Za-z_]+)\s*(?P<op>!=|>=|<=|=|>|<)(?P<values>(?:\"[^\"]*\"|[^\s\"])*)")
_VALUE = re.compile(r"(?:\"([^\"]*)\"|([^,\"]*))(?=,|$)")
SPECIAL = ("min_score", "exclude", "resource", "target", "spread")
SPREADS = ("country", "cheapest")


class Written(NamedTuple):
    """The text of one of `SPECIAL`, and where it stands."""

    value: str
    at: int


ABSENT = Written("", 0)


class Selector:
    """An immutable question. `key` names the view that answers it: label clauses and the minimum score, in fixed order.

    `min_score` None means the fleet's own default. `exclude` are proxy ids, `resource` and `target` names. Equal
    selectors have equal text, hash and key.
    """

    __slots__ = (
        "clauses",
        "exclude",
        "facts",
        "key",
        "labels",
        "min_score",
        "plain",
        "resource",
        "spread",
        "target",
        "text",
    )

    def __init__(
        self,
        clauses: Iterable[Clause] = (),
        *,
        min_score: float | None = None,
        exclude: Iterable[int] = (),
        resource: str | None = None,
        target: str | None = None,
        spread: str | None = None,
    ) -> None:
        self.clauses = tuple(sorted(set(clauses), key=str))
        self.labels = tuple(c for c in self.clauses if FIELDS[c.field].label is not None)
        self.facts = tuple(c for c in self.clauses if FIELDS[c.field].label is None)
        self.min_score = min_score
        self.exclude = frozenset(exclude)
        self.resource = resource
        self.target = target
        self.spread = spread
        self.key = " ".join([*map(str, self.labels), *([] if min_score is None else [f"min_score={min_score}"])])
        self.text = " ".join(self._parts())
        self.plain = self.text == self.key
        """Nothing but what the view answers: no facts, exclusions, resource or target."""

    def _parts(self) -> list[str]:
        parts = [str(clause) for clause in self.clauses]
        if self.min_score is not None:
            parts.append(f"min_score={self.min_score}")
        if self.exclude:
            parts.append("exclude=" + ",".join(map(str, sorted(self.exclude))))
        return parts + [
            f'{name}="{value}"' for name in ("resource", "target", "spread") if (value := getattr(self, name))
        ]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Selector({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def matches(self, profile: Profile) -> bool:
        """True when the shared labels satisfy every label clause; facts, score and exclusions are judged elsewhere."""
        for clause in self.labels:
            label = FIELDS[clause.field].label
            if label is not None and not clause.accepts(label(profile)):
                return False
        return True

    def misfit(self, profile: Profile) -> Clause | None:
        """The first label clause that the labels do not satisfy, for explanations; None when they all hold."""
        return next((c for c in self.labels if not Selector((c,)).matches(profile)), None)

    def also(self, clause: Clause) -> "Selector":
        """The same question with one more clause, and without `spread`."""
        return Selector(
            (*self.clauses, clause),
            min_score=self.min_score,
            exclude=self.exclude,
            resource=self.resource,
            target=self.target,
        )

    def held_for(self, resource: str | None) -> "Selector":
        """The same question for that resource: who is held for it does not fit."""
        return self._with(resource=resource)

    def without(self, proxy_id: int) -> "Selector":
        """The same question without that proxy."""
        return self._with(exclude=self.exclude | {proxy_id})

    def _with(self, resource: str | None = None, exclude: Iterable[int] | None = None) -> "Selector":
        return Selector(
            self.clauses,
            min_score=self.min_score,
            exclude=self.exclude if exclude is None else exclude,
            resource=resource or self.resource,
            target=self.target,
            spread=self.spread,
        )

    def narrowed(self, other: "Selector") -> "Selector":
        """Both questions at once; what can be said only once is `other`'s where it says it."""
        if not self.text or not other.text:
            return other if not self.text else self
        floors = [one for one in (self.min_score, other.min_score) if one is not None]
        return Selector(
            (*self.clauses, *other.clauses),
            min_score=max(floors, default=None),
            exclude=self.exclude | other.exclude,
            resource=other.resource or self.resource,
            target=other.target or self.target,
            spread=other.spread or self.spread,
        )

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read the text form; raises `BadSelector` with the position and the remedy."""
        clauses: list[Clause] = []
        special: dict[str, Written] = {}
        at = 0
        while text[at:].strip():
            found = _CLAUSE.match(text, at)
            if found is None:
                at = _skip_blanks(text, at)
                unclosed = text[at] == '"'
                raise BadSelector(
                    text, at, "close this quotation mark" if unclosed else "expected FIELD=VALUE, such as country=US"
                )
            _take(text, found, clauses, special)
            at = found.end()
        return _build(text, clauses, special)

    @classmethod
    def of(cls, **wanted: object) -> "Selector":
        """Build from keywords: `Selector.of(country="US", tag=["a", "b"], min_score=0.5)`.

        A list of tags asks for all of them; a list of anything else for any. Raises `BadSelector` like `parse`.
        """
        parts = [part for name, value in wanted.items() for part in _keyword(name, value)]
        return cls.parse(" ".join(parts))


def _skip_blanks(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip())


def _take(text: str, found: re.Match[str], clauses: list[Clause], special: dict[str, Written]) -> None:
    name = ALIASES.get(found["field"].lower(), found["field"].lower())
    if name in SPECIAL:
        if found["op"] != "=" or name in special:
            raise BadSelector(text, found.start("field"), f"{name} is written once, with =")
        special[name] = Written(found["values"].strip('"'), found.start("field"))
        return
    if name not in FIELDS:
        known = ", ".join([*FIELDS, *SPECIAL])
        raise BadSelector(text, found.start("field"), f"unknown field {name!r}; use one of: {known}")
    clauses.append(_clause(text, found, name))


def _clause(text: str, found: re.Match[str], name: str) -> Clause:
    op, entry = Op(found["op"]), FIELDS[name]
    values: list[Value | None] = []
    try:
        values += [entry.read(value) if value else None for value in _split(found["values"])]
    except ValueError as problem:
        raise BadSelector(text, found.start("values"), f"{name}: {problem}") from None
    if op not in (Op.EQ, Op.NE) and (not entry.ordered or len(values) != 1 or values[0] is None):
        raise BadSelector(text, found.start("op"), f"{name} {op.value} needs a field that is a number and one value")
    return Clause(name, op, tuple(values))


def _split(values: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while True:
        found = _VALUE.match(values, at)
        if found is None:
            raise ValueError("a quoted value is quoted whole and followed by a comma or a blank")
        parts.append(found[1] if found[1] is not None else found[2])
        if found.end() >= len(values):
            return parts
        at = found.end() + 1


def _build(text: str, clauses: list[Clause], special: Mapping[str, Written]) -> Selector:
    exclude = special.get("exclude", ABSENT)
    return Selector(
        clauses,
        min_score=_score(text, *special["min_score"]) if "min_score" in special else None,
        exclude=[_id(text, part, exclude.at) for part in exclude.value.split(",") if part],
        resource=special.get("resource", ABSENT).value or None,
        target=_target(text, *special.get("target", ABSENT)),
        spread=_spread(text, *special.get("spread", ABSENT)),
    )


def _spread(text: str, value: str, at: int) -> str | None:
    if value not in ("", *SPREADS):
        raise BadSelector(text, at, f"spread {value!r} is unknown; use one of: {', '.join(SPREADS)}")
    return value or None


def _target(text: str, value: str, at: int) -> str | None:
    if "/" in value:
        raise BadSelector(text, at, f"target {value!r} is no host; write target=example.com")
    return value.lower() or None


def _score(text: str, value: str, at: int) -> float:
    try:
        score = float(value)
    except ValueError:
        score = -1.0
    if not 0.0 <= score <= 1.0:
        raise BadSelector(text, at, f"min_score {value!r} is not a number from 0.0 to 1.0")
    return score


def _id(text: str, value: str, at: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise BadSelector(text, at, f"exclude: {value!r} is not the id of a proxy")
    return int(value)


def _keyword(name: str, value: object) -> list[str]:
    many = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if not many or (value is None and name in SPECIAL):
        return []
    if any('"' in str(one) for one in many):
        raise BadSelector(name, 0, f"the value of {name} contains a quotation mark; leave it out")
    written = ["" if one is None else f'"{one}"' for one in many]
    if ALIASES.get(name, name) == "tag":
        return [f"{name}={one}" for one in written]
    if name == "exclude":
        return [f"exclude={','.join(str(one) for one in many)}"]
    return [f"{name}={','.join(written)}"]


ANY = Selector()
"""The selector that every proxy satisfies."""
