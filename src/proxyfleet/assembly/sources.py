"""Where an import reads from: a file, standard input, or a URL, as a stream of bytes with an end.

A URL is fetched through the checked transport of `net`, whole and within limits of size and time, before its first line
is read: a list that was cut off in the middle is no list.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

from proxyfleet.core.errors import FleetError

if TYPE_CHECKING:
    import httpx

CHUNK: Final = 1 << 16
LARGEST_ANSWER: Final = 64 << 20
"""Bytes of a download, unpacked; it is held in memory while it is read."""
LONGEST: Final = 120.0
"""Seconds for a whole download, whatever it waits for."""
PATIENCE: Final = 15.0
"""Seconds without a byte."""


class SourceError(FleetError):
    """A source that cannot be read. The text never shows credentials that are part of a URL."""

    code = "bad_source"


async def contents(source: str, *, allow_private: bool = False) -> Iterable[bytes]:
    """The bytes of `-`, an http(s) URL or a file; opening and downloading raise `SourceError`, and so does reading on."""
    if is_url(source):
        return await _download(source, allow_private)
    if source == "-":
        return _file(sys.stdin.buffer, "standard input")
    return _file(_opened(source), source)


def _opened(source: str) -> BinaryIO:
    try:
        with interruptible():
            return Path(source).open("rb")
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"cannot read {source} ({told}); check the path and who may read it") from None


def _file(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while data := _chunk(file):
            yield data
    except OSError as error:
        raise SourceError(f"cannot read {name} ({error.strerror}); give a file that holds a list") from None
    finally:
        if file is not sys.stdin.buffer:
            file.close()


def _chunk(file: BinaryIO) -> bytes:
    with interruptible():
        if is_cancelled():  # by a Ctrl-C of before
            raise asyncio.CancelledError
        return file.read(CHUNK)


def is_cancelled() -> bool:
    """Whether the task that runs this is to end, though it has not come to an await yet."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it Ctrl-C ends a call that blocks: a pipe may keep us waiting for ever, and the loop hears nothing meanwhile."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _download(url: str, allow_private: bool) -> list[bytes]:
    import httpx  # a tenth of a second that only downloads pay

    from proxyfleet.net.checked import AddressRefused, CheckedTransport
    from proxyfleet.net.fetching import TooLarge
    from proxyfleet.net.policy import DestinationPolicy

    transport = CheckedTransport(DestinationPolicy(allow_private=allow_private))
    try:
        async with (
            asyncio.timeout(LONGEST),
            httpx.AsyncClient(transport=transport, trust_env=False, timeout=PATIENCE) as client,
        ):
            return await _body(client, url)
    except TimeoutError:
        raise SourceError(f"the answer of {shown(url)} took over {LONGEST:g} s; {BY_HAND}") from None
    except TooLarge:
        raise SourceError(f"the answer of {shown(url)} is longer than {LARGEST_ANSWER >> 20} MiB; {BY_HAND}") from None
    except AddressRefused as error:
        raise SourceError(f"cannot fetch {shown(url)}: {error}; --allow-private fetches it nevertheless") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SourceError(f"cannot fetch {shown(url)} ({_cause(error)}); check the address and try again") from None


BY_HAND: Final = "download it yourself and import the file"


async def _body(client: "httpx.AsyncClient", url: str) -> list[bytes]:
    from proxyfleet.net.fetching import bounded, following

    async with following(client, url, {"User-Agent": "proxyfleet"}) as answer:
        if answer.status_code != 200:
            raise SourceError(f"cannot fetch {shown(url)} (status {answer.status_code}); check the address")
        return [piece async for piece in bounded(answer, LARGEST_ANSWER)]


def _cause(error: Exception) -> str:
    """httpx's texts may hold the URL with its secrets; those of `net` and of the address do not."""
    from httpx import ConnectError, TooManyRedirects

    return str(error) if isinstance(error, ConnectError | TooManyRedirects) else type(error).__name__


def is_url(source: str) -> bool:
    """Whether it is fetched rather than opened; schemes are written in any case."""
    return source.lower().startswith(("http://", "https://"))


def named(source: str) -> str:
    """A source as reports name it: a URL without its secrets, anything else as it is."""
    return shown(source) if is_url(source) else source


def shown(url: str) -> str:
    """Without user name, password and query, which may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "that address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
