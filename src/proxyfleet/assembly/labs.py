"""A lab for the command line: started, described, taken down."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypedDict

from proxyfleet.core.errors import FleetError
from proxyfleet.lab import Lab, Layout


class LabUnavailable(FleetError):
    """The lab cannot be started; the text says what is in the way."""

    code = "cannot_listen"


class LabUp(TypedDict):
    """What is up: URLs with credentials of the lab's own, which are worth nothing elsewhere.

    `sources` is where the stand-ins of free sources answer, empty without them.
    """

    proxies: list[str]
    target: str
    tls_target: str
    ca_file: str
    sources: str
    control: str


@asynccontextmanager
async def lab_running(
    counts: Mapping[str, int], first_port: int, *, credentials: bool, sources: bool = False
) -> AsyncIterator[LabUp]:
    """A lab with so many proxies of each kind. Raises `LabUnavailable` when ports or descriptors run out."""
    user = "lab" if credentials else None
    lab = Lab(username=user, password=user, layout=Layout(first_port))
    try:
        lab.start()
        lab.add_many(counts)
    except OSError as error:
        await lab.close()
        raise LabUnavailable(f"the lab cannot start ({error}); choose another --first-port or fewer proxies") from None
    try:
        yield LabUp(
            proxies=lab.lines(),
            target=lab.target.url,
            tls_target=lab.target.tls_url,
            ca_file=str(lab.ca_file),
            sources=lab.add_sources().url if sources else "",
            control=lab.control().url,
        )
    finally:
        await lab.close()
