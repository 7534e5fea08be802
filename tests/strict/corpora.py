"""The messages of gunicorn's and llhttp's test suites and of our own files, each under a stable name."""

import re
from pathlib import Path
from typing import NamedTuple

from tests.strict.packages import texts

OWN = Path(__file__).parents[1] / "data" / "http"


class Case(NamedTuple):
    """`wire` is what one side sends. `method` is what a response answers; None makes it a request (or several)."""

    name: str
    wire: bytes
    method: bytes | None = None


def gunicorn(archive: Path) -> list[Case]:
    """`tests/requests/{valid,invalid}/*.http`: line ends are written out, those of the file mean nothing."""
    files = texts(archive, "/tests/requests/", ".http")
    return [Case(name.removesuffix(".http"), _unescaped(text.replace("\n", ""))) for name, text in files.items()]


def llhttp(archive: Path) -> list[Case]:
    """`test/{request,response}/*.md` and `test/url.md` of the llhttp that aiohttp carries: fenced blocks under headings."""
    cases: list[Case] = []
    for place, text in texts(archive, "/vendor/llhttp/test/", ".md").items():
        seen: dict[str, int] = {}
        for heading, kind, block in _blocks(text):
            name = f"{place.removesuffix('.md')}/{re.sub('[^a-z0-9]+', '-', heading.lower()).strip('-')}"
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name += f"-{seen[name]}"
            cases.append(_llhttp_case(name, kind, block))
    return cases


BLOCK = re.compile(r"^#+ (.+)$|^(.+)\n=+$|^```(http|url)\n([\s\S]*?)\n?^```$", re.MULTILINE)


def _blocks(text: str):
    """(last heading, word after the fence, what is fenced) of everything that is fenced as http or url."""
    heading = ""
    for found in BLOCK.finditer(text):
        if found[3]:
            yield heading, found[3], found[4]
        else:
            heading = found[1] or found[2]


def _llhttp_case(name: str, kind: str, block: str) -> Case:
    joined = re.sub(r"\\\n", "", block)
    wire = _unescaped(joined.replace("\n", "\r\n"))
    if kind == "url":
        method, version = (b"CONNECT", b"HTTP/1.1") if b"/" not in wire and b":" in wire else (b"GET", b"HTTP/1.1")
        return Case(name, b"%b %b %b\r\nHost: %b\r\n\r\n" % (method, wire, version, _host_in(wire)))
    return Case(name, wire, b"GET" if name.startswith("response/") else None)


def _host_in(url: bytes) -> bytes:
    return re.sub(rb"^[a-z]+://", b"", url).split(b"/")[0].split(b"?")[0]


ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))")
LETTERS = {"r": b"\r", "n": b"\n", "t": b"\t", "f": b"\f", "\\": b"\\"}


def _unescaped(text: str) -> bytes:
    def byte(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2]:
            return chr(int(found[2], 8) & 255)
        return LETTERS[found[3]].decode("latin-1") if found[3] in LETTERS else found[0]

    return ESCAPE.sub(byte, text).encode("latin-1")


REPEAT = re.compile(r"\{(.+?)\*(\d+)\}")


def own() -> list[Case]:
    """`tests/data/http/*.http`: blocks that begin with `== name`, or `== name < METHOD` for an answer to METHOD.

    Line ends are written out (`\\r\\n`), as are all other bytes that cannot be seen; `{x*900}` is 900 times x.
    """
    cases = []
    for file in sorted(OWN.glob("*.http")):
        for block in re.split(r"^== ", file.read_text(encoding="latin-1"), flags=re.MULTILINE)[1:]:
            title, _, text = block.partition("\n")
            name, _, method = title.partition(" < ")
            cases.append(Case(f"{file.stem}/{name}", spelt(text.replace("\n", "")), method.encode() or None))
    return cases


def spelt(text: str) -> bytes:
    """Bytes as our own files write them."""
    return _unescaped(REPEAT.sub(lambda found: found[1] * int(found[2]), text))


def to_a_proxy(wire: bytes) -> bytes:
    """The same request as a client sends it that knows it talks to a proxy: in absolute-form (RFC 9112 §3.2.2)."""
    found = HOST.search(wire)
    start = rb" http://%b/" % (found[1] if found and found[1] else b"a.test")
    return re.sub(rb"^(\r?\n)*([^ \r\n]+) /(?!/)", lambda first: first[0][:-2] + start, wire, count=1)


HOST = re.compile(rb"^host:[ \t]*([A-Za-z0-9.:\[\]-]*)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def with_host(wire: bytes) -> bytes:
    """As `to_a_proxy`, and with a Host field where there is none, so that what a case is about comes to be looked at."""
    there = to_a_proxy(wire)
    if re.search(rb"^host[ \t]*:", there, re.MULTILINE | re.IGNORECASE):
        return there
    named = re.match(rb"[^ \r\n]+ (?:[a-z]+://)?([^/? \r\n]+)", there)
    return there.replace(b"\r\n", b"\r\nHost: %b\r\n" % (named[1] if named else b"a.test"), 1)
