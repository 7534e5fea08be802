"""A handful of spreadsheet formulas, enough for what people write beside a proxy list: `=INT(H2-TODAY())`, `=A2&":"&B2`.

References are kept relative to their cell, so they mean the same after a sort or an insertion. What is not known gives
`#NAME?`, as an unknown function does in Sheets; errors are values that start with `#`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import floor

from .a1 import letters, number
from .entering import Plain

_TOKEN = re.compile(r'\s*(?:(\d+(?:\.\d+)?)|"([^"]*)"|\$?([A-Za-z]{1,3})\$?(\d+)(?![\w(])|([A-Za-z]+)(?=\()|(.))')
Look = Callable[[int, int], Plain]
"""(rows down, columns right) of the formula's own cell -> the value there."""
Token = tuple[str, str | float | tuple[int, int]]


class Fault(Exception):
    """An error value such as #VALUE!."""


@dataclass(frozen=True, slots=True)
class Formula:
    """Tokens with relative references. `text` writes it for a cell, `value` computes it."""

    tokens: tuple[Token, ...]

    @classmethod
    def typed(cls, text: str, row: int, column: int) -> "Formula":
        """Read `=...` as typed into that cell."""
        tokens: list[Token] = []
        for digits, quoted, letter, line, name, mark in _TOKEN.findall(text[1:]):
            if letter:
                tokens.append(("ref", (int(line) - 1 - row, number(letter) - column)))
            elif digits:
                tokens.append(("number", float(digits)))
            elif name:
                tokens.append(("name", name.upper()))
            elif mark:
                tokens.append(("mark", mark))
            else:
                tokens.append(("text", quoted))
        return cls(tuple(tokens))

    def text(self, row: int, column: int) -> str:
        """As people see it in that cell."""
        return "=" + "".join(_written(kind, value, row, column) for kind, value in self.tokens)

    def value(self, look: Look, today: float) -> Plain:
        """What it computes; an error value instead of an exception."""
        try:
            reader = _Reader(self.tokens, look, today)
            found = reader.joined()
            return found if reader.done else "#ERROR!"
        except Fault as fault:
            return str(fault)


def _written(kind: str, value: object, row: int, column: int) -> str:
    if kind == "ref" and isinstance(value, tuple):
        down, right = value
        at = (row + down, column + right)
        return f"{letters(at[1])}{at[0] + 1}" if min(at) >= 0 else "#REF!"
    if kind == "number" and isinstance(value, float):
        return f"{value:g}"
    return f'"{value}"' if kind == "text" else str(value)


class _Reader:
    """Recursive descent: & binds least, then + -, then * /."""

    def __init__(self, tokens: tuple[Token, ...], look: Look, today: float) -> None:
        self._tokens, self._look, self._today, self._at = tokens, look, today, 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def joined(self) -> Plain:
        left = self._sum()
        while self._takes("&"):
            left = _shown(left) + _shown(self._sum())
        return left

    def _sum(self) -> Plain:
        left = self._product()
        while (mark := self._takes("+", "-")) is not None:
            right = self._product()
            left = _number(left) + _number(right) * (1 if mark == "+" else -1)
        return left

    def _product(self) -> Plain:
        left = self._atom()
        while (mark := self._takes("*", "/")) is not None:
            right = _number(self._atom())
            if mark == "/" and not right:
                raise Fault("#DIV/0!")
            left = _number(left) * right if mark == "*" else _number(left) / right
        return left

    def _atom(self) -> Plain:
        if self.done:
            raise Fault("#ERROR!")
        kind, value = self._tokens[self._at]
        self._at += 1
        if kind == "ref" and isinstance(value, tuple):
            return self._look(*value)
        if kind == "name":
            return self._call(str(value))
        if kind == "mark":
            if value != "(":
                raise Fault("#ERROR!")
            inner = self.joined()
            self._need(")")
            return inner
        return value if isinstance(value, float) else str(value)

    def _call(self, name: str) -> Plain:
        self._need("(")
        argument = None if self._takes(")") else self.joined()
        if argument is not None:
            self._need(")")
        if name in ("TODAY", "NOW"):
            return float(floor(self._today)) if name == "TODAY" else self._today
        if name == "INT":
            return float(floor(_number(argument)))
        raise Fault("#NAME?")

    def _takes(self, *marks: str) -> str | None:
        if not self.done and self._tokens[self._at][0] == "mark" and self._tokens[self._at][1] in marks:
            self._at += 1
            return str(self._tokens[self._at - 1][1])
        return None

    def _need(self, mark: str) -> None:
        if self._takes(mark) is None:
            raise Fault("#ERROR!")


def _number(value: Plain) -> float:
    if isinstance(value, str):
        raise Fault(value if value.startswith("#") else "#VALUE!")
    return float(value or 0)


def _shown(value: Plain) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value).upper() if isinstance(value, bool) else value
