"""What can be wrong with a seller's answer, by name. In `BEFORE` nothing has been carried out, in `AFTER` everything has.

A reply in, a reply out; who meets a fault, and when, is the site's business.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from proxyfleet.lab.httpd import Reply

HTML = b"<!DOCTYPE html><html><body><h1>Just a moment...</h1></body></html>"
PAGE = "text/html"

Spoil = Callable[[Reply], Reply]


def _always(reply: Reply) -> Spoil:
    return lambda _: reply


def _wrong(value: object) -> object:
    """The same names with values of other types."""
    if isinstance(value, dict):
        return {name: _wrong(one) for name, one in value.items()}
    if isinstance(value, list):
        return {"0": [_wrong(one) for one in value]}
    if isinstance(value, str):
        return [value]
    return {"value": value}


def _drifted(value: object) -> object:
    """The same values under the names of a new version; the envelope's status stays."""
    if isinstance(value, dict):
        return {name if name in ("status", "data") else f"{name}_v9": _drifted(one) for name, one in value.items()}
    return [_drifted(one) for one in value] if isinstance(value, list) else value


def _typed(value: object) -> object:
    """Wrong types, but the envelope still says yes: what a careless reader would take for success."""
    if isinstance(value, dict) and isinstance(value.get("status"), str):
        return {name: one if name == "status" else _wrong(one) for name, one in value.items()}
    return _wrong(value)


def _json(change: Callable[[object], object]) -> Spoil:
    return lambda reply: replace(reply, body=json.dumps(change(json.loads(reply.body))).encode())


BEFORE: Mapping[str, Reply] = {
    "429": Reply(429, b"<html>too many requests</html>", PAGE),
    "500": Reply(500, b"oops", "text/plain"),
    "503": Reply(503, HTML, PAGE),
    "403": Reply(403, HTML, PAGE),
    "html": Reply(200, HTML, PAGE),
    "hang": Reply(silent=True),
    "drop": Reply(drop=True),
    "away": Reply(302, headers=(("Location", "http://169.254.169.254/latest/meta-data/"),)),
    "huge": Reply(body=b'{"a": "' + b"9" * 65_536, endless=True),
}
AFTER: Mapping[str, Spoil] = {
    "lost": lambda reply: replace(reply, drop=True),
    "stall": lambda reply: replace(reply, silent=True),
    "cut": lambda reply: replace(reply, cut=len(reply.body) // 2),
    "short": lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2]),
    "empty": lambda reply: replace(reply, body=b""),
    "error after": _always(Reply(502, HTML, PAGE)),
    "html after": _always(Reply(200, HTML, PAGE)),
    "types": _json(_typed),
    "drift": _json(_drifted),
}
KINDS = (*BEFORE, *AFTER)
