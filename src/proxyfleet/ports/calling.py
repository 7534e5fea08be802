"""One HTTP call to somebody who may sell us something, as a Protocol. Its errors tell whether the other side may have heard it.

Implementations follow no redirect, repeat nothing, and go to https only, unless the host is loopback.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Answer(NamedTuple):
    """Whatever came back, whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """Certainly not a byte of the request has left. The text is one line without the address."""


class Lost(Exception):
    """The request was sent, or may have been, and there is no whole answer. The text is one line without the address."""


class Call(Protocol):
    """One attempt. Raises `NotSent` or `Lost`; any status is an answer."""

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,  # noqa: ASYNC109 - told by the caller, who knows what a call costs
    ) -> Answer:
        """`timeout` is seconds for the whole call, its answer included."""
        ...
