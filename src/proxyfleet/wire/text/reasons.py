"""Why a line was rejected: the closed table of reason codes, each with its meaning and its remedy.

Codes are part of the API and never change meaning; docs/reference/text-formats.md lists every one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Reason(NamedTuple):
    """What a code means and what a person can do about it, one sentence each."""

    meaning: str
    remedy: str


class Refused(Exception):
    """Raised inside the parser by whoever knows why a line cannot be read; `judge` turns it into a verdict.

    `detail` replaces the excerpt of the verdict; it must never hold a value, only names such as a column's.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "no_proxy": Reason("nothing on the line looks like a proxy", "remove headings, footers and web pages"),
        "no_port": Reason("an address without a port", "write host:port"),
        "bad_port": Reason("the port is not a number from 1 to 65535", "correct the port"),
        "bad_host": Reason("neither an address nor a legal host name", "use a dotted quad, [IPv6] or a DNS name"),
        "bad_octet": Reason(
            "an octet over 255 or padded with zeros, which some systems read as octal", "write it without padding"
        ),
        "bad_ipv6": Reason(
            "an IPv6 address without brackets, or not a legal one: where the port begins cannot be known",
            "write [2001:db8::1]:8080; zones only in URLs, as %25eth0",
        ),
        "glued": Reason("several entries run into each other", "put each entry on its own line"),
        "several": Reason("several entries on one line", "put each entry on its own line, or read it as a list"),
        "unsupported_scheme": Reason(
            "a protocol that is not spoken here (ss, vmess, vless, trojan, hysteria2, tuic, ...)",
            "use http, https, socks4, socks4a, socks5 or socks5h",
        ),
        "not_global": Reason(
            "a private, local, documentation or otherwise not public address or name", "allow private addresses"
        ),
        "bad_credentials": Reason(
            "user name and password cannot be told apart, are incomplete or too long",
            "write scheme://user:password@host:port with special characters percent-encoded",
        ),
        "bad_encoding": Reason("credentials that are not UTF-8", "save the file as UTF-8"),
        "control_characters": Reason("control characters in the line", "save the file as plain text"),
        "too_long": Reason("longer than 4096 bytes", "put each entry on its own line"),
        "too_large": Reason("a JSON, HTML or XML document over 64 MiB", "split it, or use NDJSON, CSV or text"),
        "binary": Reason("not a text file", "unpack it, or export it as text"),
        "bad_json": Reason("not legal JSON", "check the download; one object per line is NDJSON"),
        "unsafe_xml": Reason("XML with a document type or entities, which are never expanded", "remove the DOCTYPE"),
        "bad_row": Reason("a row that does not fit its header, or is no object", "check quoting and the header"),
        "bad_value": Reason("a column holds a value that cannot be read", "correct or empty that cell"),
        "bad_date": Reason(
            "an expiry date that is illegal or whose day and month cannot be told apart", "write 2026-12-31"
        ),
    }
)
