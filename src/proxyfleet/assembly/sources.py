"""Where an import reads from: a file, standard input, or a URL, as a stream of bytes with an end.

A URL is resolved here, each of its addresses is judged, and that very address is dialled (SPEC rule 17); redirects are
judged again. Size and time are limited; compressed answers are refused rather than unpacked.
"""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.wire.addresses import is_global

if TYPE_CHECKING:
    import httpx

CHUNK: Final = 1 << 16
LARGEST_ANSWER: Final = 256 << 20
LONGEST: Final = 120.0
"""Seconds for a whole download."""
PATIENCE: Final = 15.0
"""Seconds without a byte."""
MOST_REDIRECTS: Final = 5


class SourceError(FleetError):
    """A source that cannot be read. The text never shows credentials that are part of a URL."""

    code = "bad_source"


def chunks(source: str, *, allow_private: bool = False, clock: Clock = monotonic_clock) -> Iterator[bytes]:
    """The bytes of `-`, an http(s) URL or a file; opening and downloading raise `SourceError`."""
    if source == "-":
        return _file(sys.stdin.buffer, "standard input")
    if source.startswith(("http://", "https://")):
        return _download(source, allow_private, clock)
    try:
        return _file(Path(source).open("rb"), source)
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"cannot read {source} ({told}); check the path and who may read it") from None


def _file(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while data := file.read(CHUNK):
            yield data
    except OSError as error:
        raise SourceError(f"cannot read {name} ({error.strerror}); give a file that holds a list") from None
    finally:
        if file is not sys.stdin.buffer:
            file.close()


def _download(url: str, allow_private: bool, clock: Clock) -> Iterator[bytes]:
    import httpx  # a tenth of a second that only downloads pay

    deadline = clock() + LONGEST
    limits = httpx.Timeout(PATIENCE)
    try:
        with httpx.Client(timeout=limits, trust_env=False, follow_redirects=False) as client:
            answer = _follow(client, httpx.URL(url), allow_private)
            try:
                yield from _body(answer, clock, deadline)
            finally:
                answer.close()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(
            f"cannot fetch {shown(url)} ({type(error).__name__}); check the address and try again"
        ) from None


def _follow(client: "httpx.Client", url: "httpx.URL", allow_private: bool) -> "httpx.Response":
    for _ in range(MOST_REDIRECTS + 1):
        answer = client.send(_request(client, url, allow_private), stream=True)
        if answer.next_request is None:
            if answer.status_code == 200 and answer.headers.get("content-encoding", "identity") == "identity":
                return answer
            answer.close()
            told = f"status {answer.status_code}" if answer.status_code != 200 else "a compressed answer"
            raise SourceError(f"cannot fetch {shown(str(url))} ({told}); check the address, or download it yourself")
        url = url.join(answer.headers["location"])
        answer.close()
    raise SourceError(f"more than {MOST_REDIRECTS} redirects from {shown(str(url))}; give the final address")


def _request(client: "httpx.Client", url: "httpx.URL", allow_private: bool) -> "httpx.Request":
    """A request to the address that was judged; name and TLS server name stay those of the URL."""
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceError(f"{shown(str(url))} is no http or https address; correct it")
    host = url.host.strip("[]")
    address = _resolved(host, url.port or (443 if url.scheme == "https" else 80), allow_private)
    headers = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", "User-Agent": "proxyfleet"}
    return client.build_request("GET", url.copy_with(host=address), headers=headers, extensions={"sni_hostname": host})


def _resolved(host: str, port: int, allow_private: bool) -> str:
    """The address to dial; every address of the name has to be fine, or a second look-up could give another one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceError(f"the host {host!r} has no address; check the name") from None
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if not allow_private and not all(is_global(address) for address in addresses):
        raise SourceError(f"the host {host!r} is not a public address; --allow-private fetches from it nevertheless")
    return addresses[0]


def _body(answer: "httpx.Response", clock: Clock, deadline: float) -> Iterator[bytes]:
    size = 0
    for data in answer.iter_raw(CHUNK):
        size += len(data)
        if size > LARGEST_ANSWER or clock() > deadline:
            told = f"longer than {LARGEST_ANSWER >> 20} MiB" if size > LARGEST_ANSWER else f"took over {LONGEST:g} s"
            raise SourceError(
                f"the answer of {shown(str(answer.url))} {told}; download it yourself and import the file"
            )
        yield data


def named(source: str) -> str:
    """A source as reports name it: a URL without its secrets, anything else as it is."""
    return shown(source) if source.lower().startswith(("http://", "https://")) else source


def shown(url: str) -> str:
    """Without user name, password and query, which may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
