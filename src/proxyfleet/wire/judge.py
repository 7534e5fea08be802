"""A judge's answer: what it sees of a request, as JSON, and how such an answer is read. Bytes only; who serves it, and what
is concluded from it, is decided elsewhere.

Judges of other makers are understood where they echo the header fields and name the client's address as `client`,
`origin` or `ip`.
"""

import json
from typing import Final

from proxyfleet.wire.http1_head import SECRET, RequestHead

CLIENT_NAMES: Final = ("client", "origin", "ip")
LONGEST: Final = 65_536
"""Bytes of an answer; more is none."""


def echo(head: RequestHead, client: str) -> bytes:
    """The answer to a request from `client`. Secrets are named, their values are not sent back."""
    headers: dict[str, str] = {}
    for line in head.lines:
        name, _, value = line.partition(b":")
        _note(headers, name, value.strip(b" \t"))
    for name, value in head.special.items():
        if name.decode("latin-1") not in headers:
            _note(headers, name, value)
    told = {
        "client": client,
        "method": head.method.decode("latin-1"),
        "path": head.target.decode("latin-1"),
        "headers": headers,
    }
    return json.dumps(told).encode() + b"\n"


def _note(headers: dict[str, str], name: bytes, value: bytes) -> None:
    key = name.decode("latin-1").lower()
    text = "***" if name.lower() in SECRET else value.decode("latin-1")
    headers[key] = f"{headers[key]}, {text}" if key in headers else text


def read_echo(body: bytes) -> tuple[str, dict[str, str]] | None:
    """(address, header fields with names in lower case); None for anything that is no such answer."""
    try:
        told = json.loads(body) if len(body) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    headers = told.get("headers") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(headers, dict):
        return None
    client = next((told[name] for name in CLIENT_NAMES if isinstance(told.get(name), str)), None)
    if client is None or len(client) > 256:
        return None
    return client.rpartition(",")[2].strip(), {str(name).lower(): str(value) for name, value in headers.items()}
