"""The transport that httpx is lent for whatever we fetch: resolve once, judge every address, dial exactly one of them,
and look at who answered (SPEC rule 17). Host header and TLS server name stay the name of the URL.

Judges at each new connection, so redirects and pooled connections need no check of their own. Reads no bodies and sets
no deadline for a whole fetch: see `fetching`.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, cast

import httpcore
import httpx

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.net.resolve import Resolver, Unresolved

MOST_TRIED: Final = 3
"""Addresses of one name that are dialled, each within its share of the time to connect."""
POOL: Final = httpx.Limits(max_connections=50, max_keepalive_connections=20)

_NAMES: Final = (
    "TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "NetworkError", "ConnectError",
    "ReadError", "WriteError", "ProxyError", "UnsupportedProtocol", "ProtocolError", "LocalProtocolError",
    "RemoteProtocolError",
)  # fmt: skip
_MEANINGS: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    getattr(httpcore, name): getattr(httpx, name) for name in _NAMES
}


class AddressRefused(httpx.ConnectError):
    """The name leads, also or only, to an address that must not be dialled; nothing was sent. `code` is the policy's."""

    def __init__(self, told: str, code: str = "") -> None:
        super().__init__(told)
        self.code = code


class CheckedTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=..., trust_env=False)`; with the environment's proxies it would be passed by.

    `policy` says which addresses may be dialled: by default only globally routable ones. Raises `AddressRefused`, and
    httpx's own transport errors.
    """

    def __init__(
        self,
        policy: DestinationPolicy | None = None,
        *,
        limits: httpx.Limits = POOL,
        tls: ssl.SSLContext | None = None,
        timer: Clock = monotonic_clock,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=CheckedBackend(policy or DestinationPolicy(), Resolver(timer)),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it over a connection to a judged address; the body of the answer is still to be read."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=cast(httpx.AsyncByteStream, request.stream),
            extensions=request.extensions,
        )
        with _told_as_httpx():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens the connections of the pool. What is asked for is a name or a literal in any spelling; what is dialled is an
    address that `policy` has passed.
    """

    def __init__(self, policy: DestinationPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers."""
        addresses = (await self._judged(host, port))[:MOST_TRIED]
        share = None if timeout is None else timeout / len(addresses)
        problem: Exception = httpcore.ConnectError(f"the host {host!r} has no address")
        for address in addresses:
            try:
                stream = await self._plain.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
                continue
            await self._recognise(stream, address, port)
            return stream
        raise problem

    async def _judged(self, host: str, port: int) -> tuple[str, ...]:
        """Every address of the name has to be fine: one that is not shows what the name is for."""
        try:
            addresses = await self._resolver.addresses(host)
        except Unresolved:
            raise httpx.ConnectError(f"the host {host!r} has no address") from None
        for address in addresses:
            if (code := self._policy.judge(address, port)) is not None:
                raise AddressRefused(f"the host {host!r} is not a public address", code)
        return addresses

    async def _recognise(self, stream: httpcore.AsyncNetworkStream, address: str, port: int) -> None:
        """Before a byte is sent: the system says that the other end is the address that was judged."""
        peer = stream.get_extra_info("server_addr")
        if not peer or peer[0] != address or self._policy.judge(peer[0], port) is not None:
            await stream.aclose()
            raise AddressRefused("the connection leads to another address than was dialled")

    async def sleep(self, seconds: float) -> None:
        """Only retries of the pool would wait, and it has none."""
        await self._plain.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_as_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        """Give the connection back."""
        with _told_as_httpx():
            await self._answer.aclose()


@contextmanager
def _told_as_httpx() -> Iterator[None]:
    """What httpcore raises, as the exception of the same name that users of httpx know."""
    try:
        yield
    except tuple(_MEANINGS) as error:
        kind = next(_MEANINGS[base] for base in type(error).__mro__ if base in _MEANINGS)
        raise kind(str(error)) from error
