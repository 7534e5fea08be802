"""Why a gateway did not start. Each error is one line: the cause, then the remedy."""

from proxyfleet.core.errors import FleetError


class GatewayError(FleetError):
    """A gateway that cannot start. `cause` and `remedy` are the two halves of its text."""

    code = "gateway_error"

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}; {remedy}")
        self.cause = cause
        self.remedy = remedy


class CannotListen(GatewayError):
    """The address is taken, forbidden or not one of this machine."""

    code = "cannot_listen"


class OpenProxyRefused(GatewayError):
    """Listening beyond loopback without users or an allow-list would make an open proxy (R13)."""

    code = "open_proxy_refused"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"refusing to listen on {host} without users: anybody could use your proxies",
            "add a gateway user, name the clients' networks in allow_clients, or listen on 127.0.0.1",
        )
