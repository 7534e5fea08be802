"""Labelled text, as sellers send it: `IP: 192.0.2.1 Port: 8080 User: alice Password: secret`, in several languages.

On one line or spread over several: `Group` gathers the lines of one proxy. Which words are labels is columns.py.
"""

import re
from typing import Final

from proxyfleet.wire.text.checks import Rules, host_rank
from proxyfleet.wire.text.columns import ADDRESS, column
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.lines import Guessed
from proxyfleet.wire.text.rows import judge_row, trusted

_LABEL: Final = r"\s*([^\W\d_][^\W_]{0,15}(?:[ _-][^\W_]{1,15}){0,2})\s{0,4}"
_PAIR: Final = re.compile(_LABEL + r"(?:([:=])(\s*)|：\s*)([^\s，；]*)[\s，；]*")
_WHOLE_LINE: Final = re.compile(_LABEL + r"(?:[:=]\s+|：)(.*)", re.DOTALL)


def labelled(text: str) -> dict[str, str] | None:
    """The columns and values of a line made of nothing but `label: value` pairs, else None.

    A value ends at a blank, unless the line has one label only: `Country: United States`.
    """
    match = _PAIR.match(text)
    if match is None or column(match[1]) is None:
        return None
    found = _pairs(text)
    if found is None:
        whole = _WHOLE_LINE.fullmatch(text)
        return {column(whole[1]) or "": whole[2].strip()} if whole else None
    tight = match[2] is not None and not match[3]
    return None if len(found) == 1 and tight and not _is_tight_label(found) else found


def _pairs(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        name = column(match[1]) if match else None
        if match is None or name is None or name in found:
            return None
        position = match.end()
        found[name] = match[4] if position == len(text) else match[4].rstrip(",;|")
    return found


def _is_tight_label(found: dict[str, str]) -> bool:
    """Whether a lone `word:value` without a blank is a label rather than a host or a user name."""
    ((name, value),) = found.items()
    if name in ADDRESS:
        return host_rank(value) == 2
    return not (set(value) & set(":@")) and (name == "port" or not value.isdecimal())


class Group:
    """Consecutive labelled lines that describe one proxy; at most one line per label, so its size is bounded."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._fields: dict[str, str] = {}
        self._line = 0
        self._text = ""

    def __bool__(self) -> bool:
        return bool(self._fields)

    def add(self, fields: dict[str, str], line: int, text: str) -> list[Verdict]:
        """Take a labelled line; a label seen before begins the next proxy and ends this one, whose verdicts return."""
        ended = self.end() if fields.keys() & self._fields.keys() else []
        if not self._fields:
            self._line, self._text = line, ""
        self._text = text if isinstance(text, Guessed) else self._text
        self._fields.update(fields)
        return ended

    def end(self) -> list[Verdict]:
        """The verdicts of what was gathered, under the number of its first line; none when there is nothing."""
        if not self._fields:
            return []
        fields, self._fields = self._fields, {}
        return [trusted(verdict, self._text) for verdict in judge_row(fields, self._line, self._rules)]
