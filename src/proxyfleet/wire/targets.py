"""The host that a person means by `Example.com`, `example.com:443` or a whole URL; the core knows targets by that name only.

Looks at text; whether the host exists or may be reached is not decided here.
"""

from urllib.parse import urlsplit

from proxyfleet.wire.authority import parse_authority
from proxyfleet.wire.http1_head import HeadError

LONGEST = 2048
ANY_PORT = 443
"""Stands in where none is given; ports are not part of a target."""


def target_host(text: str) -> str:
    """Lower case, without port, brackets and root dot; names beyond ASCII as they go on the wire. ValueError for anything else."""
    try:
        written = _authority(text.strip()[:LONGEST])
        bare = f"[{written}]" if written.count(":") > 1 and not written.startswith("[") else written
        raw = bare.encode("ascii") if bare.isascii() else _international(bare)
        return parse_authority(raw, ANY_PORT).host
    except (HeadError, ValueError):
        raise ValueError(f"{text[:80]!r} names no host; write example.com or https://example.com/") from None


def _authority(text: str) -> str:
    """Without what stands around host and port in a URL; user names in it are nobody's business."""
    return urlsplit(text).netloc.rpartition("@")[2] if "://" in text else text


def _international(authority: str) -> bytes:
    host, colon, port = authority.partition(":")
    return host.encode("idna") + (colon + port).encode("ascii")
